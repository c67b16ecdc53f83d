package import MartinetSchema

/// What can be said of a policy's expressions beyond whether they compile.
package enum AdmissionPolicyRules {
    /// What is doubtful when the expressions meet objects of certain kinds: shown in the policy's status, refused never.
    package static func typeWarnings(
        _ spec: Object, kinds: [Kind], params: Kind?
    ) -> [(field: String, warning: String)] {
        var warnings: [(field: String, warning: String)] = []
        func check(_ field: String, _ text: String) {
            var texts: [String] = []
            for kind in kinds {
                var scope = PolicyScope(hasParams: spec.part("paramKind") != nil)
                scope.object = scope.types.add(kind.type)
                if let params { scope.params = scope.types.add(params.type) }
                _ = AdmissionPolicy.variables(spec, &scope)
                guard let failure = PolicyExpression(text, in: scope, results: nil).failure else { continue }
                texts.append("\(kind.apiVersion), Kind=\(kind.name): \(failure)\n")
            }
            if !texts.isEmpty { warnings.append((field, texts.joined(separator: "\n"))) }
        }
        for (index, rule) in spec.parts("validations").enumerated() {
            check("spec.validations[\(index)].expression", rule.text("expression"))
            let message = rule.text("messageExpression")
            if !message.isEmpty { check("spec.validations[\(index)].messageExpression", message) }
        }
        return warnings
    }

    private static let kindsMax = 10

    /// The resources that the rules of a policy name plainly: group, version and plural.
    package static func namedResources(_ spec: Object) -> [(group: String, version: String, plural: String)] {
        var found: [(group: String, version: String, plural: String)] = []
        for rule in spec.part("matchConstraints")?.parts("resourceRules") ?? [] {
            let groups = PolicyMatching.texts(rule, "apiGroups")
            let versions = PolicyMatching.texts(rule, "apiVersions")
            guard !groups.contains(where: { $0.contains("*") }), !versions.contains(where: { $0.contains("*") })
            else { continue }
            let plurals = PolicyMatching.texts(rule, "resources").filter { !$0.contains("*") && !$0.contains("/") }
            for group in groups.sorted() {
                for version in versions.sorted() {
                    for plural in plurals.sorted() { found.append((group, version, plural)) }
                }
            }
        }
        return Array(found.prefix(kindsMax))
    }
}
