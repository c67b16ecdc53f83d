import MartinetAPI
package import MartinetSchema
package import MartinetStrategies

/// What holds for every custom kind: its schema's value rules, and status apart where the definition says so.
package struct CustomResourceStrategy: Strategy {
    private let kind: Kind
    private let rule: SchemaRule
    private let expressions: ExpressionRules?
    private let statusSlot: Int?
    private let hasStatus: Bool

    init(kind: Kind, rule: SchemaRule, expressions: ExpressionRules?) {
        self.kind = kind
        self.rule = rule
        self.expressions = expressions
        hasStatus = kind.subresources.contains { $0.name == "status" }
        statusSlot = kind.type.field(named: "status")?.slot
    }

    package func setDefaults(_ object: inout Object) {}

    package func prepareForCreate(_ object: inout Object) { if hasStatus { setStatus(nil, of: &object) } }

    package func prepareForUpdate(_ object: inout Object, old: Object) {
        if hasStatus { setStatus(status(of: old), of: &object) }
    }

    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        guard hasStatus else { return }
        let status = status(of: object)
        var result = old
        setStatus(status, of: &result)
        object = result
    }

    /// Status may be declared, or be one of the unknown fields that are kept.
    private func status(of object: Object) -> Value? {
        statusSlot.map { object[$0] } ?? object.extra["status"]
    }

    private func setStatus(_ status: Value?, of object: inout Object) {
        if let statusSlot {
            object[statusSlot] = status
        } else if object.extra["status"] != status {
            var extra = object.extra
            extra["status"] = status
            object.extra = extra
        }
    }

    package func validate(_ object: Object) -> [FieldError] {
        let tree = PlainTree.root(object)
        var errors = MetadataFaults.ofNew(object, kind) + SchemaValidator.check(tree, against: rule)
        errors += scaleErrors(object, includingSpec: true)
        errors += EmbeddedResources.check(tree, rule)
        return withExpressions(errors + ListInvariants.check(tree, rule), tree, old: nil)
    }

    /// Rules in expressions rely on the form of the object: where that is wrong they are not evaluated, which is an
    /// error of its own.
    private func withExpressions(_ errors: [FieldError], _ tree: Value, old: Value?) -> [FieldError] {
        guard let expressions else { return errors }
        guard !errors.contains(where: { $0.reason.blocksExpressions }) else {
            let skipped = FieldError(
                .invalid, SchemaValidator.noField,
                "some validation rules were not checked because the object was invalid; correct the existing errors "
                    + "to complete validation", origin: "x-kubernetes-validations")
            return errors + [skipped]
        }
        return errors + expressions.check(tree, old: old)
    }

    package func validateUpdate(_ object: Object, old: Object) -> [FieldError] {
        let (tree, before) = (PlainTree.root(object), PlainTree.root(old))
        var errors = MetadataFaults.ofChange(object, since: old, kind)
        errors += SchemaValidator.check(tree, against: rule, old: before)
        errors += scaleErrors(object, includingSpec: true)
        errors += EmbeddedResources.check(tree, rule)
        // What was stored with duplicates may stay so.
        if ListInvariants.check(before, rule).isEmpty { errors += ListInvariants.check(tree, rule) }
        return withExpressions(errors, tree, old: before)
    }

    package func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError] {
        let (tree, before) = (PlainTree.root(object), PlainTree.root(old))
        var errors = MetadataFaults.ofChange(object, since: old, kind)
        if let status = tree.member("status"), let rule = rule.property("status") {
            errors += SchemaValidator.check(status, against: rule, old: before.member("status"), at: "status")
        }
        errors += scaleErrors(object, includingSpec: false)
        errors += EmbeddedResources.check(tree, rule)
        if ListInvariants.check(before, rule).isEmpty { errors += ListInvariants.check(tree, rule) }
        return withExpressions(errors, tree, old: before)
    }

    package var hasGeneration: Bool { true }
    package var allowsCreateOnUpdate: Bool { false }
    package var requiresResourceVersionOnUpdate: Bool { true }

    package func selectableFields(_ object: Object) -> [(path: String, value: String)] {
        kind.selectable.map { path in
            switch object.value(at: path) {
            case .string(let text)?: (path, text)
            case .int(let number)?: (path, String(number))
            case .bool(let flag)?: (path, String(flag))
            default: (path, "")
            }
        }
    }

    /// Replicas must be numbers that a Scale can carry.
    private func scaleErrors(_ object: Object, includingSpec: Bool) -> [FieldError] {
        guard let paths = kind.scalePaths else { return [] }
        var errors: [FieldError] = []
        for path in (includingSpec ? [paths.specReplicas] : []) + [paths.statusReplicas] {
            switch object.value(at: path) {
            case nil: continue
            case .int(let number)? where number >= 0 && number <= Int64(Int32.max): continue
            default:
                errors.append(
                    FieldError(
                        .invalid, path, "Invalid value: must be a whole number from 0 to \(Int32.max)", origin: "scale")
                )
            }
        }
        if let path = paths.labelSelector, let value = object.value(at: path) {
            if case .string = value { return errors }
            errors.append(FieldError(.invalid, path, "Invalid value: must be a string", origin: "scale"))
        }
        return errors
    }
}
