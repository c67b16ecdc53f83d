import MartinetBase
import MartinetSchema

/// What a table says about a pod: one walk over its containers, of which each column shows a part.
struct PodCells {
    private(set) var ready = ""
    private(set) var status = ""
    private(set) var restarts = ""

    init(_ pod: Object, now: Timestamp) {
        let phase = pod.text("status.phase")
        var reason = pod.text("status.reason").isEmpty ? phase : pod.text("status.reason")
        if pod.objects("status.conditions").contains(where: {
            $0.text("type") == "PodScheduled" && $0.text("reason") == "SchedulingGated"
        }) {
            reason = "SchedulingGated"
        }
        let initContainers = pod.objects("spec.initContainers")
        let sidecars = Set(initContainers.filter { $0.text("restartPolicy") == "Always" }.map { $0.text("name") })
        let total = pod.objects("spec.containers").count + sidecars.count
        var readyCount = 0
        var (all, ofSidecars) = (Tally(), Tally())
        var initializing = false
        for (index, container) in pod.objects("status.initContainerStatuses").enumerated() {
            all.count(container)
            let isSidecar = sidecars.contains(container.text("name"))
            if isSidecar { ofSidecars.count(container) }
            let terminated = container.object("state.terminated")
            if let terminated, terminated.number("exitCode") == 0 { continue }
            if isSidecar, container.flag("started") {
                if container.flag("ready") { readyCount += 1 }
                continue
            }
            let waiting = container.text("state.waiting.reason")
            if let terminated {
                reason = "Init:" + PodCells.reason(terminated)
            } else if !waiting.isEmpty, waiting != "PodInitializing" {
                reason = "Init:" + waiting
            } else {
                reason = "Init:\(index)/\(initContainers.count)"
            }
            initializing = true
            break
        }
        if !initializing || pod.condition("Initialized")?.text("status") == "True" {
            all = ofSidecars
            PodCells.walk(pod, &all, &readyCount, &reason)
        }
        if pod.isBeingDeleted {
            if pod.text("status.reason") == "NodeLost" {
                reason = "Unknown"
            } else if phase != "Succeeded", phase != "Failed" {
                reason = "Terminating"
            }
        }
        ready = "\(readyCount)/\(total)"
        status = reason
        restarts = "\(all.restarts)"
        if all.restarts != 0, let last = all.last { restarts += " (\(CellText.age(last, now)) ago)" }
    }

    private struct Tally {
        var restarts: Int64 = 0
        var last: Timestamp?

        mutating func count(_ container: Object) {
            restarts = restarts &+ container.number("restartCount")
            guard let finished = container.time("lastState.terminated.finishedAt") else { return }
            if last.map({ $0 < finished }) ?? true { last = finished }
        }
    }

    private static func reason(_ terminated: Object) -> String {
        if !terminated.text("reason").isEmpty { return terminated.text("reason") }
        let signal = terminated.number("signal")
        return signal != 0 ? "Signal:\(signal)" : "ExitCode:\(terminated.number("exitCode"))"
    }

    private static func walk(_ pod: Object, _ tally: inout Tally, _ readyCount: inout Int, _ reason: inout String) {
        var hasRunning = false
        var failure = ""
        for container in pod.objects("status.containerStatuses").reversed() {
            tally.count(container)
            let waiting = container.text("state.waiting.reason")
            if !waiting.isEmpty {
                reason = waiting
            } else if let terminated = container.object("state.terminated") {
                reason = self.reason(terminated)
                if terminated.number("exitCode") != 0 { failure = reason }
            } else if container.flag("ready"), container.has("state.running") {
                hasRunning = true
                readyCount += 1
            }
        }
        guard reason == "Completed" else { return }
        if hasRunning, pod.condition("Ready")?.text("status") == "True" {
            reason = "Running"
        } else if !failure.isEmpty {
            reason = failure
        } else if hasRunning {
            reason = "NotReady"
        }
    }

    static func readinessGates(_ pod: Object) -> String {
        let gates = pod.objects("spec.readinessGates")
        if gates.isEmpty { return CellText.none }
        let met = gates.filter { pod.condition($0.text("conditionType"))?.text("status") == "True" }
        return "\(met.count)/\(gates.count)"
    }
}
