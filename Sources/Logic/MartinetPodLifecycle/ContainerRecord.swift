package import MartinetAPI
import MartinetBase
import MartinetSchema

/// What is known of one of a pod's containers.
package struct ContainerRecord: Sendable {
    package enum Role: Hashable, Sendable {
        /// Runs to its end before the next begins.
        case initial
        /// An init container that stays (KEP-753).
        case sidecar
        case regular
        /// Added to a pod that runs, to look into it; runs once and counts for nothing (KEP-277).
        case ephemeral
    }

    package enum State: Hashable, Sendable {
        /// There is no process; the reason says why.
        case waiting(reason: String, message: String)
        case starting
        case running(ContainerRun)
        case exited(Termination)
    }

    /// How far ending a run has come.
    struct Stop: Sendable {
        enum Phase: Sendable { case hook, signalled, killed }
        var phase: Phase
        var deadline: Duration
    }

    struct Probing: Sendable {
        var next: Duration
        var isInFlight = false
        var successes: Int32 = 0
        var failures: Int32 = 0
    }

    package internal(set) var spec: Container
    package let role: Role
    /// Of an ephemeral one: the container whose processes it sees, empty for none; nil of all others.
    package let target: String?
    package internal(set) var state: State = .waiting(reason: "", message: "")
    package internal(set) var restartCount: Int32 = 0
    package internal(set) var lastTermination: Termination?
    /// The image of the last run, for the status of one that waits.
    package internal(set) var lastRun: ContainerRun?
    package internal(set) var isStarted = false
    package internal(set) var isReady = false
    /// The last run that `restartCount` counts.
    var countedRun: String?
    var hookPending = false
    /// What runs is not what the pod says any more: it is started again, whatever the policy.
    var isOutdated = false
    var runningSince: Duration = .zero
    /// The wait before the next start, once there has been a reason to wait.
    var backOff: Duration?
    var pullBackOff: Duration?
    /// No start before this.
    var notBefore: Duration?
    var stop: Stop?
    var probing: [ProbeKind: Probing] = [:]

    init(spec: Container, role: Role) {
        self.spec = spec
        self.role = role
        target = nil
    }

    /// An ephemeral container has a type of its own with the same fields, and one more.
    init(_ ephemeral: EphemeralContainer) {
        var spec = Container()
        for slot in 0..<ephemeral.object.type.fieldCount {
            guard let value = ephemeral.object[slot],
                let same = spec.object.type.field(named: ephemeral.object.type.field(slot).name)
            else { continue }
            spec.object[same.slot] = value
        }
        self.spec = spec
        role = .ephemeral
        target = ephemeral.targetContainerName
    }

    package var run: ContainerRun? { if case .running(let run) = state { run } else { nil } }
    package var termination: Termination? { if case .exited(let end) = state { end } else { nil } }
    func hasSeenEnd(of id: String) -> Bool { termination?.id == id || lastTermination?.id == id }
    var isAlive: Bool {
        switch state {
        case .running, .starting: true
        case .waiting, .exited: false
        }
    }

    func probe(_ kind: ProbeKind) -> Probe? {
        switch kind {
        case .startup: spec.startupProbe
        case .readiness: spec.readinessProbe
        case .liveness: spec.livenessProbe
        }
    }

    /// Whether an end with that code is followed by another start, under the pod's policy.
    func restarts(after code: Int32, policy: String) -> Bool {
        if role == .ephemeral { return false }
        if role == .sidecar || isOutdated { return true }
        for rule in spec.restartPolicyRules where rule.action == "Restart" {
            guard let codes = rule.exitCodes else { continue }
            let isIn = codes.values.contains(Int64(code))
            if codes.operator == "In" ? isIn : !isIn { return true }
        }
        switch spec.restartPolicy ?? policy {
        case "Never": return false
        case "OnFailure": return code != 0
        default: return role == .initial ? code != 0 : true
        }
    }
}
