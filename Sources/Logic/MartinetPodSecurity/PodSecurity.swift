package import MartinetSchema

/// Which checks a pod does not pass.
package enum PodSecurity {
    /// - Parameters:
    ///   - pod: a Pod or a PodTemplateSpec: an object with metadata and spec.
    ///   - path: where the pod is in what was sent, for the fields that findings name.
    package static func violations(
        of pod: Object, at path: String = "", against target: PodSecurityTarget
    ) -> [PodSecurityViolation] {
        guard target.level > .privileged else { return [] }
        let minor = target.version.minor
        let applicable = PodSecurityCheck.all.filter { $0.level <= target.level && $0.form(minor) != nil }
        let replaced = Set(applicable.compactMap(\.replaces))
        let view = PodView(pod, path: path)
        var violations: [PodSecurityViolation] = []
        for check in applicable where !replaced.contains(check.id) {
            guard let findings = check.form(minor)?.evaluate(view), !findings.isEmpty else { continue }
            violations.append(
                PodSecurityViolation(check: check.name, reason: check.reason, findings: findings))
        }
        return violations
    }

    /// Several violations as one text.
    package static func text(_ violations: [PodSecurityViolation]) -> String {
        violations.map(\.description).joined(separator: ", ")
    }

    /// The pods of a namespace that a newly enforced level would refuse, as warnings: pods with the same faults together.
    package static func warnings(
        pods: [Object], namespace: String, target: PodSecurityTarget, isExempt: (Object) -> Bool
    ) -> [String] {
        var byFault: [String: [String]] = [:]
        let checked = prioritized(pods.filter { !isExempt($0) })
        for pod in checked.prefix(podsCheckedMax) {
            let faults = violations(of: pod, against: target)
            guard !faults.isEmpty else { continue }
            let text = faults.map(\.reason).joined(separator: ", ")
            byFault[text, default: []].append(pod.part("metadata")?.text("name") ?? "")
        }
        var warnings: [String] = []
        if checked.count > podsCheckedMax {
            warnings.append(
                "only \(podsCheckedMax) of \(checked.count) existing pods were held against the new PodSecurity enforce level"
            )
        }
        guard !byFault.isEmpty else { return warnings }
        warnings.append(
            "existing pods in namespace \"\(namespace)\" violate the new PodSecurity enforce level \"\(target)\"")
        let lines = byFault.map { fault, names in
            let others =
                switch names.count {
                case 1: ""
                case 2: " (and 1 other pod)"
                default: " (and \(names.count - 1) other pods)"
                }
            return "\(names.min() ?? "")\(others): \(fault)"
        }
        return warnings + lines.sorted()
    }

    /// Source: the admission controller's default limit.
    private static let podsCheckedMax = 3000

    /// One pod of each owner comes first: its siblings look the same.
    private static func prioritized(_ pods: [Object]) -> [Object] {
        var (first, rest): ([Object], [Object]) = ([], [])
        var seen: Set<String> = []
        for pod in pods {
            let owners = pod.part("metadata")?.parts("ownerReferences") ?? []
            let owner = owners.first { $0[field: "controller"] == .bool(true) }
            if let owner, !seen.insert(owner.text("uid")).inserted { rest.append(pod) } else { first.append(pod) }
        }
        return first + rest
    }
}
