/// How much a pod may do to its node. Source: the pod security standards.
package enum PodSecurityLevel: String, Sendable, CaseIterable, Comparable {
    case privileged, baseline, restricted

    private var strictness: Int {
        switch self {
        case .privileged: 0
        case .baseline: 1
        case .restricted: 2
        }
    }

    package static func < (a: Self, b: Self) -> Bool { a.strictness < b.strictness }
}

/// The release whose checks are meant: `latest` or `v1.MINOR`.
package struct PodSecurityVersion: Sendable, Hashable, CustomStringConvertible {
    /// nil for the newest there is.
    package let minor: Int?

    package static let latest = PodSecurityVersion(minor: nil)

    package init(minor: Int?) { self.minor = minor }

    /// - Returns: nil where the text is none.
    package init?(_ text: String) {
        if text == "latest" {
            minor = nil
            return
        }
        let digits = text.utf8.dropFirst(3)
        guard text.hasPrefix("v1."), !digits.isEmpty, digits.allSatisfy({ (48...57).contains($0) }),
            digits.count == 1 || digits.first != 48, let number = Int(text.dropFirst(3))
        else { return nil }
        minor = number
    }

    package var description: String { minor.map { "v1.\($0)" } ?? "latest" }
}

/// A level as of a release, such as `restricted:v1.30`.
package struct PodSecurityTarget: Sendable, Hashable, CustomStringConvertible {
    package var level: PodSecurityLevel
    package var version: PodSecurityVersion

    package init(_ level: PodSecurityLevel = .privileged, _ version: PodSecurityVersion = .latest) {
        (self.level, self.version) = (level, version)
    }

    package var description: String { "\(level.rawValue):\(version)" }

    package func isEquivalent(to other: PodSecurityTarget) -> Bool {
        self == other || (level == .privileged && other.level == .privileged)
    }
}

/// What a namespace asks of its pods: what is refused, what is written into the audit log, what is warned about.
package struct PodSecurityPolicy: Sendable, Hashable {
    package var enforce = PodSecurityTarget()
    package var audit = PodSecurityTarget()
    package var warn = PodSecurityTarget()

    package init() {}

    /// A label that says nothing that is known.
    package struct Fault: Sendable, Hashable {
        package let label: String
        package let value: String
        package let message: String
    }

    package enum Mode: String, Sendable, CaseIterable {
        case enforce, audit, warn
        package var levelLabel: String { "pod-security.kubernetes.io/\(rawValue)" }
        package var versionLabel: String { "pod-security.kubernetes.io/\(rawValue)-version" }
    }

    package subscript(mode: Mode) -> PodSecurityTarget {
        get {
            switch mode {
            case .enforce: enforce
            case .audit: audit
            case .warn: warn
            }
        }
        set {
            switch mode {
            case .enforce: enforce = newValue
            case .audit: audit = newValue
            case .warn: warn = newValue
            }
        }
    }

    package var isFullyPrivileged: Bool { Mode.allCases.allSatisfy { self[$0].level == .privileged } }

    package func isEquivalent(to other: PodSecurityPolicy) -> Bool {
        Mode.allCases.allSatisfy { self[$0].isEquivalent(to: other[$0]) }
    }

    /// What the labels of a namespace say. An unknown level to enforce is the strictest, of the other modes the laxest; the
    /// faults say what was not understood.
    package static func read(
        _ label: (String) -> String?, defaults: PodSecurityPolicy
    ) -> (policy: PodSecurityPolicy, faults: [Fault]) {
        var policy = defaults
        var faults: [Fault] = []
        var enforcesKnownLevel = false
        for mode in Mode.allCases {
            if let text = label(mode.levelLabel) {
                if let level = PodSecurityLevel(rawValue: text) {
                    policy[mode].level = level
                    if mode == .enforce { enforcesKnownLevel = true }
                } else {
                    policy[mode].level = mode == .enforce ? .restricted : .privileged
                    let known = PodSecurityLevel.allCases.map(\.rawValue).joined(separator: ", ")
                    faults.append(.init(label: mode.levelLabel, value: text, message: "must be one of \(known)"))
                }
            }
            if let text = label(mode.versionLabel) {
                let version = PodSecurityVersion(text)
                policy[mode].version = version ?? .latest
                if version == nil {
                    faults.append(
                        .init(label: mode.versionLabel, value: text, message: "must be \"latest\" or \"v1.x\""))
                }
            }
        }
        // Who enforces a level means to hear of it for what makes pods too.
        if label(Mode.warn.levelLabel) == nil, enforcesKnownLevel, policy.warn.level < policy.enforce.level {
            policy.warn.level = policy.enforce.level
            if label(Mode.warn.versionLabel) == nil { policy.warn.version = policy.enforce.version }
        }
        return (policy, faults)
    }
}
