package import MartinetAPI
import MartinetBase

/// A pod's life on its node: from what has been seen to what is to be done, without clock and without I/O.
///
/// Owned by exactly one worker, which feeds every event through `observed`, does what that returns, and calls again at
/// `nextDeadline`. Everything that it returns may fail; what became of it comes back as an event.
package struct PodLifecycle: Sendable {
    package enum Sandbox: Hashable, Sendable {
        case none
        case making
        case ready
        case removing
        case removed
    }

    /// Why the pod ends before its containers do.
    struct Ending: Sendable {
        /// `deadline` is when whatever still runs is killed.
        var deadline: Duration
        var isDeletion: Bool
        var isGone = false
    }

    /// A failure of the pod as a whole.
    struct Failure: Sendable {
        var reason: String
        var message: String
        /// What the containers get to end; nil: what the pod gives them.
        var grace: Duration?
        /// The node took it away: `DisruptionTarget` says so.
        var isDisruption = false
    }

    static let firstBackOff: Duration = .seconds(10)
    static let longestBackOff: Duration = .seconds(300)
    /// Who is evicted is not waited for longer.
    static let evictionGrace: Duration = .seconds(1)
    static let forgetBackOffAfter: Duration = .seconds(600)

    package private(set) var pod: Pod
    package internal(set) var sandbox: Sandbox = .none
    package internal(set) var addresses: [String] = []
    package internal(set) var containers: [ContainerRecord]
    var sandboxRetry: Duration?
    var sandboxBackOff: Duration = .seconds(1)
    var ending: Ending?
    var failure: Failure?
    var startTime: Timestamp
    var hasAskedForDeletion = false
    /// As they were last, so that times of transition move only with a change.
    var conditions: [String: PodCondition] = [:]

    /// - Parameter pod: with the status that it has now, which a restarted node goes on from.
    package init(pod: Pod, at now: Moment) {
        self.pod = pod
        startTime = pod.status.startTime ?? now.wall
        containers = []
        for spec in pod.spec.initContainers {
            containers.append(
                ContainerRecord(spec: spec, role: spec.restartPolicy == "Always" ? .sidecar : .initial))
        }
        for spec in pod.spec.containers { containers.append(ContainerRecord(spec: spec, role: .regular)) }
        for spec in pod.spec.ephemeralContainers { containers.append(ContainerRecord(spec)) }
        for condition in pod.status.conditions { conditions[condition.type] = condition }
        for index in containers.indices { adoptStatus(index) }
        // What has failed stays failed, whoever looks after it next.
        if pod.status.phase == "Failed", !pod.status.reason.isEmpty {
            failure = Failure(reason: pod.status.reason, message: pod.status.message)
        }
        if pod.metadata.deletionTimestamp != nil { noteDeletion(now) }
    }

    /// Whether the pod takes up room on its node: until it is finished and nothing of it runs, or nothing of it is left.
    package var holdsResources: Bool {
        sandbox != .removed && (!isFinished || containers.contains(where: \.isAlive))
    }

    package func record(_ name: String) -> ContainerRecord? { containers.first { $0.spec.name == name } }
    func index(_ name: String) -> Int? { containers.firstIndex { $0.spec.name == name } }

    /// A container that ended before this process began: what the object's status tells of it.
    private mutating func adoptStatus(_ index: Int) {
        let all =
            Array(pod.status.initContainerStatuses) + Array(pod.status.containerStatuses)
            + Array(pod.status.ephemeralContainerStatuses)
        guard let status = all.first(where: { $0.name == containers[index].spec.name }) else { return }
        containers[index].restartCount = status.restartCount
        containers[index].lastTermination = status.lastState.terminated.map(PodLifecycle.termination)
        if let ended = status.state.terminated {
            containers[index].state = .exited(PodLifecycle.termination(ended))
            containers[index].backOff = PodLifecycle.firstBackOff
        } else if status.state.waiting != nil, containers[index].lastTermination != nil {
            containers[index].backOff = PodLifecycle.firstBackOff
        }
        // One that waits for its restart has not been counted yet.
        if status.state.waiting == nil { containers[index].countedRun = containers[index].lastTermination?.id }
        if !status.imageID.isEmpty {
            containers[index].lastRun = ContainerRun(
                id: PodLifecycle.plainID(status.containerID), image: status.image, imageID: status.imageID,
                startedAt: startTime)
        }
    }

    package static let idPrefix = "martinet://"
    static func plainID(_ text: String) -> String {
        text.hasPrefix(idPrefix) ? String(text.dropFirst(idPrefix.count)) : text
    }

    private static func termination(_ view: ContainerStateTerminated) -> Termination {
        Termination(
            id: plainID(view.containerID), exitCode: view.exitCode, signal: view.signal, reason: view.reason,
            message: view.message, startedAt: view.startedAt, finishedAt: view.finishedAt)
    }

    // MARK: - what was found at start

    /// The sandbox of an earlier process is there, with these addresses.
    package mutating func recoverSandbox(addresses: [String]) {
        sandbox = .ready
        self.addresses = addresses
    }

    /// A container of an earlier process runs.
    package mutating func recoverRunning(_ name: String, _ run: ContainerRun, attempt: Int32, at now: Moment) {
        guard let index = index(name) else { return }
        let before = pod.status.containerStatuses.first { $0.name == name }
        containers[index].restartCount = attempt
        beginRun(index, run, at: now)
        // What its probes had found stays true until they find something else.
        if let before, PodLifecycle.plainID(before.containerID) == run.id {
            containers[index].hookPending = false
            if before.started == true { markStarted(index, at: now) }
            containers[index].isReady = before.ready
        }
        finishInitialization(before: index)
    }

    /// A container of an earlier process has ended.
    package mutating func recoverExited(_ name: String, _ end: Termination, run: ContainerRun, attempt: Int32) {
        guard let index = index(name) else { return }
        containers[index].restartCount = attempt
        containers[index].lastRun = run
        containers[index].state = .exited(end)
        containers[index].backOff = PodLifecycle.firstBackOff
        finishInitialization(before: index)
    }

    /// What came before a regular container must have completed, even where nothing tells of it any more.
    private mutating func finishInitialization(before index: Int) {
        guard containers[index].role == .regular else { return }
        for other in containers.indices where containers[other].role == .initial {
            if case .waiting = containers[other].state {
                containers[other].state = .exited(Termination(id: "", exitCode: 0))
            }
        }
    }

    // MARK: - events

    /// Takes in what has happened and returns what to do now, in order.
    package mutating func observed(_ event: PodEvent, at now: Moment) -> [PodAction] {
        var actions: [PodAction] = []
        switch event {
        case .podChanged(let changed):
            pod = changed
            takeImages(now, &actions)
            for spec in pod.spec.ephemeralContainers where index(spec.name) == nil {
                containers.append(ContainerRecord(spec))
            }
            if pod.metadata.deletionTimestamp != nil { noteDeletion(now) }
        case .podGone:
            ending = Ending(deadline: now.monotonic + .seconds(1), isDeletion: true, isGone: true)
        case .refused(let reason, let message):
            if failure == nil { failure = Failure(reason: reason, message: message) }
        case .evicted(let message, let isForNode):
            guard failure == nil, !isFinished else { break }
            failure = Failure(
                reason: "Evicted", message: message, grace: PodLifecycle.evictionGrace, isDisruption: isForNode)
            actions.append(.report(isWarning: true, reason: "Evicted", message: message, container: nil))
        case .sandboxReady(let found):
            sandbox = .ready
            addresses = found
            sandboxRetry = nil
        case .sandboxFailed:
            sandbox = .none
            sandboxRetry = now.monotonic + sandboxBackOff
            sandboxBackOff = min(sandboxBackOff * 2, .seconds(60))
        case .sandboxRemoved: sandbox = .removed
        case .started(let name, let run):
            if let index = index(name) { started(index, run, now, &actions) }
        case .startFailed(let name, let reason, let message):
            if let index = index(name) { startFailed(index, reason, message, now) }
        case .exited(let name, let end):
            if let index = index(name) { exited(index, end, now) }
        case .probed(let name, let id, let kind, let failure):
            if let index = index(name), containers[index].run?.id == id {
                probed(index, kind, failure, now, &actions)
            }
        case .hookFinished(let name, let id, let kind, let failure):
            if let index = index(name), containers[index].run?.id == id {
                hookFinished(index, kind, failure, now, &actions)
            }
        case .contentChanged:
            for index in containers.indices {
                if case .waiting("CreateContainerConfigError", _) = containers[index].state {
                    containers[index].notBefore = nil
                }
            }
            if sandbox == .none { sandboxRetry = nil }
        case .tick: break
        }
        plan(now, &actions)
        return actions
    }

    /// A container's image is all that may change of it: what runs an older one is replaced.
    private mutating func takeImages(_ now: Moment, _ actions: inout [PodAction]) {
        for spec in Array(pod.spec.initContainers) + Array(pod.spec.containers) {
            guard let index = index(spec.name), containers[index].spec.image != spec.image else { continue }
            containers[index].spec = spec
            containers[index].pullBackOff = nil
            containers[index].notBefore = nil
            guard containers[index].run != nil, containers[index].role != .initial else { continue }
            containers[index].isOutdated = true
            beginStop(index, grace: grace, why: "Definition", now, &actions)
        }
    }

    private mutating func noteDeletion(_ now: Moment) {
        let grace = pod.metadata.deletionGracePeriodSeconds ?? pod.spec.terminationGracePeriodSeconds ?? 30
        let deadline = now.monotonic + .seconds(max(0, min(grace, 1 << 31)))
        if let before = ending, before.isDeletion {
            // A deletion can only be hastened.
            ending?.deadline = min(before.deadline, deadline)
        } else {
            ending = Ending(deadline: deadline, isDeletion: true)
        }
    }

    private mutating func started(_ index: Int, _ run: ContainerRun, _ now: Moment, _ actions: inout [PodAction]) {
        // A short program's end may be told before its start.
        guard !containers[index].hasSeenEnd(of: run.id) else {
            containers[index].lastRun = run
            return
        }
        beginRun(index, run, at: now)
        if containers[index].spec.lifecycle?.postStart != nil {
            actions.append(.runHook(container: containers[index].spec.name, id: run.id, .postStart))
        }
    }

    private mutating func beginRun(_ index: Int, _ run: ContainerRun, at now: Moment) {
        containers[index].state = .running(run)
        containers[index].lastRun = run
        containers[index].runningSince = now.monotonic
        containers[index].stop = nil
        containers[index].isOutdated = false
        containers[index].pullBackOff = nil
        containers[index].isStarted = false
        containers[index].isReady = false
        containers[index].probing = [:]
        containers[index].hookPending = containers[index].spec.lifecycle?.postStart != nil
        if let probe = containers[index].probe(.startup) {
            containers[index].probing[.startup] = ContainerRecord.Probing(
                next: now.monotonic + .seconds(Int64(probe.initialDelaySeconds)))
        } else if !containers[index].hookPending {
            markStarted(index, at: now)
        }
    }

    /// Startup is over: the other probes begin.
    mutating func markStarted(_ index: Int, at now: Moment) {
        guard !containers[index].isStarted else { return }
        containers[index].isStarted = true
        containers[index].probing[.startup] = nil
        containers[index].isReady = containers[index].probe(.readiness) == nil
        for kind in [ProbeKind.readiness, .liveness] {
            guard let probe = containers[index].probe(kind) else { continue }
            let first = containers[index].runningSince + .seconds(Int64(probe.initialDelaySeconds))
            containers[index].probing[kind] = ContainerRecord.Probing(next: max(first, now.monotonic))
        }
    }

    private mutating func startFailed(_ index: Int, _ reason: String, _ message: String, _ now: Moment) {
        guard containers[index].state == .starting else { return }
        var reason = reason
        var delay: Duration = .seconds(10)
        if ["ErrImagePull", "ImageInspectError", "RegistryUnavailable"].contains(reason) {
            delay = containers[index].pullBackOff ?? PodLifecycle.firstBackOff
            if containers[index].pullBackOff != nil { reason = "ImagePullBackOff" }
            containers[index].pullBackOff = min(delay * 2, PodLifecycle.longestBackOff)
        }
        containers[index].state = .waiting(reason: reason, message: message)
        containers[index].notBefore = now.monotonic + delay
    }

    private mutating func exited(_ index: Int, _ end: Termination, _ now: Moment) {
        if let run = containers[index].run, run.id != end.id { return }
        if containers[index].hasSeenEnd(of: end.id) { return }
        let ranFor = containers[index].run == nil ? .zero : now.monotonic - containers[index].runningSince
        containers[index].state = .exited(end)
        containers[index].isStarted = false
        containers[index].isReady = false
        containers[index].probing = [:]
        containers[index].stop = nil
        containers[index].hookPending = false
        if ranFor >= PodLifecycle.forgetBackOffAfter { containers[index].backOff = nil }
        // The first end is followed by a start at once, each further one after a longer wait.
        containers[index].notBefore = containers[index].backOff.map { now.monotonic + $0 }
        if containers[index].isOutdated {
            containers[index].notBefore = nil
            return
        }
        containers[index].backOff =
            containers[index].backOff.map { min($0 * 2, PodLifecycle.longestBackOff) }
            ?? PodLifecycle.firstBackOff
    }

    private mutating func hookFinished(
        _ index: Int, _ kind: HookKind, _ failure: String?, _ now: Moment, _ actions: inout [PodAction]
    ) {
        let name = containers[index].spec.name
        if let failure {
            actions.append(
                .report(isWarning: true, reason: "Failed\(kind.rawValue)Hook", message: failure, container: name))
        }
        switch kind {
        case .postStart:
            containers[index].hookPending = false
            if failure != nil {
                beginStop(index, grace: grace, why: "FailedPostStartHook", now, &actions)
            } else if containers[index].probe(.startup) == nil {
                markStarted(index, at: now)
            }
        case .preStop:
            guard containers[index].stop?.phase == .hook, let id = containers[index].run?.id else { return }
            containers[index].stop?.phase = .signalled
            // The program gets two seconds even where the hook took all of the time.
            let deadline = containers[index].stop?.deadline ?? now.monotonic
            containers[index].stop?.deadline = max(deadline, now.monotonic + .seconds(2))
            actions.append(.signal(container: name, id: id, .stop))
        }
    }

    /// Seconds that a container gets to end, outside a deletion.
    var grace: Duration { .seconds(max(0, min(pod.spec.terminationGracePeriodSeconds ?? 30, 1 << 31))) }
}
