package import MartinetAuthorization
package import MartinetSchema

/// What is audited, and how much of it: the first rule that matches a request decides.
///
/// Source: audit.k8s.io/v1 Policy.
package struct AuditPolicy: Sendable, Equatable {
    package struct Decision: Sendable, Equatable {
        package var level: AuditLevel
        package var omittedStages: Set<AuditStage>
        package var omitsManagedFields: Bool

        package init(level: AuditLevel, omittedStages: Set<AuditStage> = [], omitsManagedFields: Bool = false) {
            self.level = level
            self.omittedStages = omittedStages
            self.omitsManagedFields = omitsManagedFields
        }
    }

    package struct PolicyError: Error, Sendable, CustomStringConvertible {
        /// Names the field, what was expected and what was found.
        package let message: String
        package init(message: String) { self.message = message }
        package var description: String { message }
    }

    var rules: [AuditRule] = []
    var omittedStages: Set<AuditStage> = []
    var omitsManagedFields = false

    /// - Parameter document: the tree of the policy's file.
    package init(_ document: Value) throws(PolicyError) {
        guard case .map(let root) = document, root.auditText("kind") == "Policy",
            root.auditText("apiVersion") == "audit.k8s.io/v1"
        else { throw PolicyError(message: "it must be a Policy of audit.k8s.io/v1") }
        let fields = AuditFields(root, path: "")
        try fields.allow(["apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields"])
        omittedStages = try fields.stages("omitStages")
        omitsManagedFields = try fields.flag("omitManagedFields") ?? false
        rules = try fields.parts("rules").map { fields throws(PolicyError) in try AuditRule(fields) }
        guard !rules.isEmpty else { throw PolicyError(message: "rules: at least one is needed") }
    }

    /// - Parameter request: as whom it came in, before any impersonation.
    package func decide(_ request: AccessRequest) -> Decision {
        for rule in rules where rule.matches(request) {
            return Decision(
                level: rule.level, omittedStages: omittedStages.union(rule.omittedStages),
                omitsManagedFields: rule.omitsManagedFields ?? omitsManagedFields)
        }
        return Decision(level: .none, omittedStages: omittedStages, omitsManagedFields: omitsManagedFields)
    }
}
