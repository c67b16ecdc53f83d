import MartinetAPI
package import MartinetBase

// What to do, from the whole state: the same state asks for the same, whatever event led to it.
extension PodLifecycle {
    var policy: String { pod.spec.restartPolicy.isEmpty ? "Always" : pod.spec.restartPolicy }

    /// Whether every init container has done its part.
    var isInitialized: Bool { firstUnfinished == nil }

    /// The init container that the next ones wait for.
    var firstUnfinished: Int? {
        containers.firstIndex { record in
            switch record.role {
            case .regular, .ephemeral: false
            case .initial: record.termination?.exitCode != 0
            case .sidecar: !record.isStarted && !containers.contains { $0.role == .regular && $0.hasEverRun }
            }
        }
    }

    /// Whether the pod's work is over, well or badly.
    package var isFinished: Bool {
        if failure != nil { return true }
        if containers.contains(where: { record in
            record.role == .initial && record.termination.map { $0.exitCode != 0 } == true
                && !record.restarts(after: record.termination?.exitCode ?? 1, policy: policy)
        }) {
            return true
        }
        let regular = containers.filter { $0.role == .regular }
        return !regular.isEmpty
            && regular.allSatisfy { record in
                record.termination.map { !record.restarts(after: $0.exitCode, policy: policy) } ?? false
            }
    }

    /// Whether nothing may be started any more.
    package var isEnding: Bool { ending != nil || isFinished }

    mutating func plan(_ now: Moment, _ actions: inout [PodAction]) {
        if let limit = pod.spec.activeDeadlineSeconds, failure == nil, !isFinished,
            now.wall.duration(since: startTime) >= .seconds(limit)
        {
            failure = Failure(
                reason: "DeadlineExceeded", message: "Pod was active on the node longer than the specified deadline")
            actions.append(
                .report(
                    isWarning: false, reason: "DeadlineExceeded",
                    message: "Pod was active on the node longer than the specified deadline", container: nil))
        }
        hasten(now, &actions)
        if isEnding {
            end(now, &actions)
            return
        }
        switch sandbox {
        case .none:
            if sandboxRetry.map({ $0 <= now.monotonic }) ?? true {
                sandbox = .making
                sandboxRetry = nil
                actions.append(.makeSandbox)
            }
        case .ready:
            startContainers(now, &actions)
            startProbes(now, &actions)
        case .making, .removing, .removed: break
        }
    }

    private mutating func startContainers(_ now: Moment, _ actions: inout [PodAction]) {
        let unfinished = firstUnfinished
        for index in containers.indices {
            let record = containers[index]
            if let unfinished, index > unfinished, record.role != .ephemeral { continue }
            switch record.state {
            case .starting, .running: continue
            case .waiting:
                if let time = record.notBefore, time > now.monotonic { continue }
            case .exited(let end):
                guard record.restarts(after: end.exitCode, policy: policy) else { continue }
                if record.role == .initial, unfinished == nil { continue }
                if let time = record.notBefore, time > now.monotonic {
                    waitForRestart(index, end, until: time, now, &actions)
                    continue
                }
            }
            start(index, &actions)
        }
    }

    private mutating func waitForRestart(
        _ index: Int, _ end: Termination, until time: Duration, _ now: Moment, _ actions: inout [PodAction]
    ) {
        let name = containers[index].spec.name
        let wait = (time - now.monotonic).components.seconds
        let message =
            "back-off \(wait)s restarting failed container=\(name) pod=\(pod.metadata.name)_"
            + "\(pod.metadata.namespace)(\(pod.metadata.uid))"
        containers[index].lastTermination = end
        containers[index].state = .waiting(reason: "CrashLoopBackOff", message: message)
        actions.append(
            .report(
                isWarning: true, reason: "BackOff",
                message: "Back-off restarting failed container \(name) in pod \(pod.metadata.name)_"
                    + "\(pod.metadata.namespace)(\(pod.metadata.uid))", container: name))
    }

    private mutating func start(_ index: Int, _ actions: inout [PodAction]) {
        if case .exited(let end) = containers[index].state { containers[index].lastTermination = end }
        // A try that never had a process counts as none; a run, or one whose program could not be executed, does.
        if let last = containers[index].lastTermination, containers[index].countedRun != last.id {
            containers[index].countedRun = last.id
            containers[index].restartCount += 1
        }
        containers[index].state = .starting
        containers[index].notBefore = nil
        actions.append(
            .start(container: containers[index].spec.name, attempt: containers[index].restartCount))
    }

    // MARK: - ending

    private mutating func end(_ now: Moment, _ actions: inout [PodAction]) {
        let deadline = ending?.deadline
        for index in containers.indices.reversed() where mayStop(index) {
            let left = deadline.map { max(.zero, $0 - now.monotonic) }
            let reason = ending != nil ? "Killing" : failure?.reason ?? "Killing"
            beginStop(index, grace: left ?? failure?.grace ?? grace, why: reason, now, &actions)
        }
        for index in containers.indices {
            if case .waiting(let reason, _) = containers[index].state, !reason.isEmpty {
                containers[index].notBefore = nil
            }
        }
        guard !containers.contains(where: \.isAlive) else { return }
        switch sandbox {
        case .ready:
            sandbox = .removing
            actions.append(.removeSandbox)
        case .none where sandboxRetry != nil || isRecovered:
            sandbox = .removing
            actions.append(.removeSandbox)
        case .none, .removed:
            sandbox = .removed
            if let ending, ending.isDeletion, !ending.isGone, !hasAskedForDeletion {
                hasAskedForDeletion = true
                actions.append(.deleteObject)
            }
        case .making, .removing: break
        }
    }

    private var isRecovered: Bool { containers.contains { $0.lastRun != nil } }

    /// Whether everything is over and the worker may go.
    package var isOver: Bool { sandbox == .removed && ending?.isGone == true && !containers.contains(where: \.isAlive) }

    /// Sidecars end after the containers that they serve, the last one first.
    private func mayStop(_ index: Int) -> Bool {
        guard containers[index].run != nil, containers[index].stop == nil else { return false }
        guard containers[index].role == .sidecar else { return true }
        return !containers.indices.contains { other in
            containers[other].isAlive && (containers[other].role != .sidecar || other > index)
        }
    }

    mutating func beginStop(
        _ index: Int, grace: Duration, why: String, _ now: Moment, _ actions: inout [PodAction]
    ) {
        guard let id = containers[index].run?.id, containers[index].stop == nil else { return }
        let name = containers[index].spec.name
        let message: String
        switch why {
        case "Liveness", "Startup": message = "Container \(name) failed \(why.lowercased()) probe, will be restarted"
        case "Definition": message = "Container \(name) definition changed, will be restarted"
        case "FailedPostStartHook": message = "FailedPostStartHook"
        default: message = "Stopping container \(name)"
        }
        actions.append(.report(isWarning: false, reason: "Killing", message: message, container: name))
        containers[index].isReady = false
        containers[index].probing[.readiness] = nil
        containers[index].probing[.liveness] = nil
        containers[index].probing[.startup] = nil
        let deadline = now.monotonic + grace
        if grace <= .zero {
            containers[index].stop = ContainerRecord.Stop(phase: .killed, deadline: deadline)
            actions.append(.signal(container: name, id: id, .kill))
        } else if containers[index].spec.lifecycle?.preStop != nil {
            containers[index].stop = ContainerRecord.Stop(phase: .hook, deadline: deadline)
            actions.append(.runHook(container: name, id: id, .preStop))
        } else {
            containers[index].stop = ContainerRecord.Stop(phase: .signalled, deadline: deadline)
            actions.append(.signal(container: name, id: id, .stop))
        }
    }

    /// Kills what had its time; a deletion that became more urgent shortens it.
    private mutating func hasten(_ now: Moment, _ actions: inout [PodAction]) {
        for index in containers.indices {
            guard let stop = containers[index].stop, stop.phase != .killed, let id = containers[index].run?.id else {
                continue
            }
            if let ending, stop.phase != .signalled || ending.deadline < stop.deadline {
                containers[index].stop?.deadline = min(stop.deadline, max(ending.deadline, now.monotonic))
            }
            guard let deadline = containers[index].stop?.deadline, deadline <= now.monotonic else { continue }
            containers[index].stop?.phase = .killed
            actions.append(.signal(container: containers[index].spec.name, id: id, .kill))
        }
    }

    // MARK: - when to look again

    /// When `.tick` is due; nil while only an event can change anything.
    package var nextDeadline: Duration? {
        var times: [Duration] = []
        if sandbox == .none, !isEnding, let time = sandboxRetry { times.append(time) }
        for record in containers {
            if let stop = record.stop, stop.phase != .killed { times.append(stop.deadline) }
            guard !isEnding else { continue }
            if let time = record.notBefore, !record.isAlive { times.append(time) }
            for probing in record.probing.values where !probing.isInFlight { times.append(probing.next) }
        }
        return times.min()
    }

    /// When the pod has been active for as long as it may.
    package var activeDeadline: Timestamp? {
        guard let limit = pod.spec.activeDeadlineSeconds, !isEnding else { return nil }
        return startTime.advanced(by: .seconds(limit))
    }
}

extension ContainerRecord {
    var hasEverRun: Bool { lastRun != nil }
}
