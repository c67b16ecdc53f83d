/// A rule of a level, in the forms that it had from release to release. Source: the pod security standards.
struct PodSecurityCheck: Sendable {
    typealias Evaluate = @Sendable (PodView) -> [PodSecurityFinding]

    struct Form: Sendable {
        /// The minor version of the first release with this form.
        let since: Int
        let evaluate: Evaluate
        init(_ since: Int, _ evaluate: @escaping Evaluate) { (self.since, self.evaluate) = (since, evaluate) }
    }

    /// Orders the checks of a level, as upstream orders them.
    let id: String
    let name: String
    let reason: String
    let level: PodSecurityLevel
    /// The check of the lower level that this one says more strictly.
    var replaces: String?
    let forms: [Form]

    init(
        _ id: String, name: String? = nil, _ level: PodSecurityLevel, reason: String, replaces: String? = nil,
        _ forms: [Form]
    ) {
        self.id = id
        self.name = name ?? id
        self.level = level
        self.reason = reason
        self.replaces = replaces
        self.forms = forms
    }

    func form(_ minor: Int?) -> Form? { forms.last { $0.since <= minor ?? .max } }

    /// Every check, ordered: those of baseline, then those of restricted.
    static let all: [PodSecurityCheck] = [
        BaselineChecks.appArmor, BaselineChecks.capabilities, BaselineChecks.hostNamespaces,
        BaselineChecks.hostPaths, BaselineChecks.hostPorts, BaselineChecks.hosts, BaselineChecks.privileged,
        BaselineChecks.procMount, BaselineChecks.seLinux, BaselineChecks.seccomp, BaselineChecks.sysctls,
        BaselineChecks.windowsHostProcess,
        RestrictedChecks.privilegeEscalation, RestrictedChecks.capabilities, RestrictedChecks.procMount,
        RestrictedChecks.volumes, RestrictedChecks.runAsNonRoot, RestrictedChecks.runAsUser, RestrictedChecks.seccomp,
    ]
}
