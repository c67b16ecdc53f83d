import MartinetAPI
import MartinetBase

extension PodLifecycle {
    mutating func startProbes(_ now: Moment, _ actions: inout [PodAction]) {
        for index in containers.indices {
            guard let id = containers[index].run?.id, containers[index].stop == nil else { continue }
            for kind in ProbeKind.allCases {
                guard let probing = containers[index].probing[kind], !probing.isInFlight,
                    probing.next <= now.monotonic, let probe = containers[index].probe(kind)
                else { continue }
                containers[index].probing[kind]?.isInFlight = true
                containers[index].probing[kind]?.next =
                    now.monotonic + .seconds(Int64(max(1, probe.periodSeconds == 0 ? 10 : probe.periodSeconds)))
                actions.append(.probe(container: containers[index].spec.name, id: id, kind))
            }
        }
    }

    mutating func probed(
        _ index: Int, _ kind: ProbeKind, _ failure: String?, _ now: Moment, _ actions: inout [PodAction]
    ) {
        guard var probing = containers[index].probing[kind], probing.isInFlight,
            let probe = containers[index].probe(kind), containers[index].stop == nil
        else { return }
        probing.isInFlight = false
        let name = containers[index].spec.name
        if let failure {
            probing.failures += 1
            probing.successes = 0
            actions.append(
                .report(
                    isWarning: true, reason: "Unhealthy", message: "\(kind.rawValue) probe failed: \(failure)",
                    container: name))
        } else {
            probing.successes += 1
            probing.failures = 0
        }
        containers[index].probing[kind] = probing
        let succeeded = probing.successes >= max(1, probe.successThreshold)
        let failed = probing.failures >= (probe.failureThreshold == 0 ? 3 : probe.failureThreshold)
        switch kind {
        case .startup:
            if succeeded, !containers[index].hookPending { markStarted(index, at: now) }
        case .readiness:
            if succeeded { containers[index].isReady = true }
            if failed { containers[index].isReady = false }
        case .liveness: break
        }
        if failed, kind != .readiness {
            let own = probe.terminationGracePeriodSeconds.map { Duration.seconds(max(0, min($0, 1 << 31))) }
            beginStop(index, grace: own ?? grace, why: kind.rawValue, now, &actions)
        }
    }
}
