package import MartinetAPI
import MartinetBase
import MartinetSchema

extension PodLifecycle {
    /// The pod's status as it is now. Conditions that others write stay as the object has them.
    package mutating func status(hostAddresses: [String], at now: Moment) -> PodStatus {
        var status = PodStatus()
        status.observedGeneration = pod.metadata.generation
        status.phase = phase
        if let failure, status.phase == "Failed" {
            status.reason = failure.reason
            status.message = failure.message
        }
        status.startTime = Timestamp(seconds: startTime.seconds)
        status.qosClass = pod.status.qosClass.isEmpty ? QOSClass(of: pod.spec).rawValue : pod.status.qosClass
        status.nominatedNodeName = pod.status.nominatedNodeName
        status.hostIP = hostAddresses.first ?? ""
        for address in hostAddresses { status.hostIPs.append(HostIP { $0.ip = address }) }
        let found = addresses.isEmpty ? pod.status.podIPs.map(\.ip) : addresses
        status.podIP = found.first ?? ""
        for address in found { status.podIPs.append(PodIP { $0.ip = address }) }
        for record in containers {
            let one = containerStatus(record)
            switch record.role {
            case .regular: status.containerStatuses.append(one)
            case .initial, .sidecar: status.initContainerStatuses.append(one)
            case .ephemeral: status.ephemeralContainerStatuses.append(one)
            }
        }
        setConditions(now)
        if failure?.isDisruption == true {
            set("DisruptionTarget", true, now, "TerminationByKubelet", failure?.message ?? "")
            if let condition = conditions["DisruptionTarget"] { status.conditions.append(condition) }
        }
        let taken = status.conditions.map(\.type)
        let foreign = pod.status.conditions.filter {
            !PodLifecycle.ownConditions.contains($0.type) && !taken.contains($0.type)
        }
        for type in PodLifecycle.ownConditions {
            if let condition = conditions[type] { status.conditions.append(condition) }
        }
        for condition in foreign { status.conditions.append(condition) }
        return status
    }

    static let ownConditions = [
        "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled",
    ]

    package var phase: String {
        // It is over when nothing of it runs any more: who waits for that must not begin in its place before.
        if failure != nil { return containers.contains(where: \.isAlive) ? "Running" : "Failed" }
        let regular = containers.filter { $0.role == .regular }
        if isFinished {
            // A container that still stops has not told its code yet.
            if regular.allSatisfy({ $0.termination?.exitCode == 0 }) { return "Succeeded" }
            return "Failed"
        }
        let waiting = regular.contains { $0.run == nil && $0.termination == nil && $0.lastTermination == nil }
        if !isInitialized || waiting { return "Pending" }
        return "Running"
    }

    private func containerStatus(_ record: ContainerRecord) -> ContainerStatus {
        var status = ContainerStatus()
        status.name = record.spec.name
        status.restartCount = record.restartCount
        status.image = record.lastRun?.image ?? record.spec.image
        status.imageID = record.lastRun?.imageID ?? ""
        let id = record.run?.id ?? record.termination?.id ?? record.lastRun?.id ?? ""
        status.containerID = id.isEmpty ? "" : PodLifecycle.idPrefix + id
        status.started = record.isStarted
        switch record.role {
        case .initial: status.ready = record.termination?.exitCode == 0
        case .regular, .sidecar: status.ready = record.isReady
        case .ephemeral: status.ready = false
        }
        switch record.state {
        case .running(let run):
            status.state.running = ContainerStateRunning { $0.startedAt = run.startedAt }
        case .exited(let end): status.state.terminated = PodLifecycle.view(end)
        case .starting:
            // A restart keeps telling why it was needed until the program runs again.
            let reason = record.lastTermination == nil || record.role == .initial ? creatingReason(record) : nil
            status.state.waiting = ContainerStateWaiting { $0.reason = reason ?? "ContainerCreating" }
        case .waiting(let reason, let message):
            status.state.waiting = ContainerStateWaiting {
                $0.reason = reason.isEmpty ? self.creatingReason(record) : reason
                $0.message = message
            }
        }
        if let last = record.lastTermination { status.lastState.terminated = PodLifecycle.view(last) }
        return status
    }

    private func creatingReason(_ record: ContainerRecord) -> String {
        if record.role == .ephemeral { return "ContainerCreating" }
        let hasInit = containers.contains { $0.role == .initial || $0.role == .sidecar }
        let isNext = firstUnfinished.map { containers[$0].spec.name == record.spec.name } ?? true
        return hasInit && !isNext || hasInit && record.role != .regular ? "PodInitializing" : "ContainerCreating"
    }

    private static func view(_ end: Termination) -> ContainerStateTerminated {
        ContainerStateTerminated {
            $0.exitCode = end.exitCode
            $0.signal = end.signal
            $0.reason = end.reason
            $0.message = end.message
            $0.startedAt = end.startedAt ?? Timestamp(seconds: 0)
            $0.finishedAt = end.finishedAt ?? Timestamp(seconds: 0)
            $0.containerID = end.id.isEmpty ? "" : idPrefix + end.id
        }
    }

    // MARK: - conditions

    private mutating func setConditions(_ now: Moment) {
        let phase = phase
        let isDone = phase == "Succeeded" || phase == "Failed"
        set("PodScheduled", true, now)
        set("PodReadyToStartContainers", sandbox == .ready, now)
        let unfinished = containers.filter { record in
            record.role == .initial && record.termination?.exitCode != 0
                || record.role == .sidecar && !record.isStarted
        }
        if phase == "Succeeded" {
            set("Initialized", true, now, "PodCompleted")
        } else if isInitialized {
            set("Initialized", true, now)
        } else {
            set(
                "Initialized", false, now, "ContainersNotInitialized",
                "containers with incomplete status: [\(names(unfinished))]")
        }
        let unready = containers.filter { [.regular, .sidecar].contains($0.role) && !$0.isReady }
        var reason = ""
        var message = ""
        if phase == "Succeeded" {
            reason = "PodCompleted"
        } else if phase == "Failed" {
            reason = "PodFailed"
        } else if !unready.isEmpty {
            reason = "ContainersNotReady"
            message = "containers with unready status: [\(names(unready))]"
        }
        set("ContainersReady", reason.isEmpty && !isDone, now, reason, message)
        let gates = pod.spec.readinessGates.filter { gate in
            pod.status.conditions.first { $0.type == gate.conditionType }?.status != "True"
        }
        if reason.isEmpty, !gates.isEmpty {
            reason = "ReadinessGatesNotReady"
            message = gates.map { gate in "the status of pod readiness gate \"\(gate.conditionType)\" is not \"True\"" }
                .joined(separator: ", ")
        }
        set("Ready", reason.isEmpty && !isDone, now, reason, message)
    }

    private func names(_ records: [ContainerRecord]) -> String { records.map(\.spec.name).joined(separator: " ") }

    private mutating func set(
        _ type: String, _ isTrue: Bool, _ now: Moment, _ reason: String = "", _ message: String = ""
    ) {
        let status = isTrue ? "True" : "False"
        let before = conditions[type]
        conditions[type] = PodCondition {
            $0.type = type
            $0.status = status
            $0.reason = reason
            $0.message = message
            $0.observedGeneration = pod.metadata.generation
            $0.lastTransitionTime =
                before?.status == status
                ? before?.lastTransitionTime ?? Timestamp(seconds: now.wall.seconds)
                : Timestamp(seconds: now.wall.seconds)
        }
    }
}
