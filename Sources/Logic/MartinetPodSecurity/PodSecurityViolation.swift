/// One field that keeps a pod from a level.
package struct PodSecurityFinding: Sendable, Hashable, CustomStringConvertible {
    /// Such as `spec.containers[0].securityContext.privileged`.
    package let field: String
    /// The container or volume that the field belongs to; empty for the pod's own.
    package let owner: String
    /// As JSON would have it, or `unset`.
    package let value: String
    /// What satisfies the check, as the rest of a sentence that begins with the field.
    package let remedy: String

    package var description: String {
        "\(field)\(owner.isEmpty ? "" : " of \(owner)") is \(value): \(remedy)"
    }
}

/// A check that a pod does not pass.
package struct PodSecurityViolation: Sendable, Hashable, CustomStringConvertible {
    /// The check's short name, such as `hostPorts`.
    package let check: String
    /// What is wrong in a few words, as upstream names it.
    package let reason: String
    package let findings: [PodSecurityFinding]

    package var description: String {
        "\(reason) (\(findings.map(\.description).joined(separator: "; ")))"
    }
}
