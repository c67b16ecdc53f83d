import MartinetSchema

/// What webhooks and policies share: what they apply to.
enum AdmissionRules {
    static func operationsAndRule(_ rule: Part) {
        rule.operations.mustBeSet()
        if rule.operations.count > 1, rule.operations.strings.contains("*") {
            rule.operations.invalid("may not have others beside *")
        }
        for operation in rule.operations.items { operation.oneOf("*", "CONNECT", "CREATE", "DELETE", "UPDATE") }
        for name in ["apiGroups", "apiVersions"] {
            rule[name].mustBeSet()
            if rule[name].count > 1, rule[name].strings.contains("*") {
                rule[name].invalid("may not have others beside *")
            }
        }
        for version in rule.apiVersions.items { version.mustBeSet() }
        resources(rule.resources)
        rule.scope.ifSet(oneOf: "*", "Cluster", "Namespaced")
    }

    private static func resources(_ resources: Part) {
        resources.mustBeSet()
        var (whole, everywhere): (Set<String>, Set<String>) = ([], [])
        var hasPlain = false
        for resource in resources.items {
            guard resource.mustBeSet() else { continue }
            let parts = resource.text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
                .map(String.init)
            guard parts.count == 2 else {
                hasPlain = resource.text != "*"
                continue
            }
            if whole.contains(parts[0]) { resource.invalid("must not be there beside \(parts[0])/*") }
            if everywhere.contains(parts[1]) { resource.invalid("must not be there beside */\(parts[1])") }
            if parts[1] == "*" { whole.insert(parts[0]) }
            if parts[0] == "*" { everywhere.insert(parts[1]) }
        }
        let texts = resources.strings
        if texts.count > 1, texts.contains("*/*") { resources.invalid("may not have others beside */*") }
        if texts.contains("*"), hasPlain { resources.invalid("may not have resources without subresource beside *") }
    }

    static func conditions(_ conditions: Part, _ compiler: (any ExpressionCompiler)?, hasParams: Bool) {
        conditions.atMost(items: 64)
        var names: Set<String> = []
        for condition in conditions.items {
            condition.expression.mustCompile(.condition, compiler, hasParams: hasParams)
            condition.name.mustBe(.qualifiedName)
            if !condition.name.isEmpty, !names.insert(condition.name.text).inserted { condition.name.duplicate() }
        }
    }

    static func matchResources(_ match: Part) {
        if match.matchPolicy.isSet {
            match.matchPolicy.oneOf("Equivalent", "Exact")
        } else {
            match.matchPolicy.required()
        }
        for name in ["namespaceSelector", "objectSelector"] {
            if match[name].isSet { match[name].mustBeSelector() } else { match[name].required() }
        }
        for rule in match.resourceRules.items + match.excludeResourceRules.items {
            var names: Set<String> = []
            for name in rule.resourceNames.items {
                name.form(.pathSegment)
                if !names.insert(name.text).inserted { name.duplicate() }
            }
            operationsAndRule(rule)
        }
    }

    /// A policy that changes objects cannot change what is deleted.
    static func noDeletion(_ match: Part, at place: Place) {
        let known = ["*", "CONNECT", "CREATE", "UPDATE"]
        for operation in match.resourceRules.items.flatMap({ $0.operations.items })
        where !known.contains(operation.text) {
            operation.at(place.member("resourceRules").member("operations")).unsupported(known)
        }
    }

    static func paramKind(_ kind: Part) {
        let version = kind.apiVersion
        if version.mustBeSet() {
            let (group, name) = version.text.groupVersion
            if version.text.filter({ $0 == "/" }).count > 1 {
                version.invalid("must be a group and a version")
            } else {
                if !group.isEmpty, !Form.dnsSubdomain.faults(group).isEmpty {
                    version.invalid("must have a domain as group")
                }
                if !Form.dns1035Label.faults(name).isEmpty { version.invalid("must have a version such as v1") }
            }
        }
        if kind.kind.mustBeSet(), !Form.dns1035Label.faults(kind.kind.text.lowercased()).isEmpty {
            kind.kind.invalid("must be the name of a kind")
        }
    }

    static func paramRef(_ reference: Part) {
        guard reference.isSet else { return }
        let (name, selector) = (reference.name, reference.selector)
        if !name.isEmpty { name.form(.pathSegment) }
        if selector.isSet { selector.mustBeSelector() }
        if !name.isEmpty, selector.isSet {
            for part in [name, selector] { part.forbidden("may not have both name and selector") }
        }
        if name.isEmpty, !selector.isSet { reference.required("must have name or selector") }
        reference.parameterNotFoundAction.mustBeOneOf("Deny", "Allow")
    }

    private static let reserved: Set<String> = [
        "true", "false", "null", "in", "as", "break", "const", "continue", "else", "for", "function", "if", "import",
        "let", "loop", "package", "namespace", "return", "var", "void", "while",
    ]

    /// The variables, in their order.
    static func variables(_ spec: Part, _ compiler: (any ExpressionCompiler)?) -> [Expression.Variable] {
        var known: [Expression.Variable] = []
        for variable in spec.variables.items {
            let name = variable.name
            if name.text.trimmingWhitespace.isEmpty {
                name.required()
            } else if !Form.identifier.faults(name.text).isEmpty || reserved.contains(name.text) {
                name.invalid("must be an identifier that CEL does not use itself")
            }
            variable.expression.mustCompile(
                .variable, compiler, hasParams: spec.paramKind.isSet, variables: known)
            known.append(Expression.Variable(name: name.text, text: variable.expression.text))
        }
        return known
    }

    static func policy(_ spec: Part, _ old: Part?, _ compiler: (any ExpressionCompiler)?) {
        if spec.failurePolicy.isSet {
            spec.failurePolicy.oneOf("Fail", "Ignore")
        } else {
            spec.failurePolicy.required()
        }
        if spec.paramKind.isSet { paramKind(spec.paramKind) }
        let match = spec.matchConstraints
        if match.isSet {
            matchResources(match)
            match.resourceRules.mustBeSet()
        } else {
            match.required()
        }
        let isSame = old.map { old in
            ["paramKind", "matchConditions"].allSatisfy { spec[$0].value == old[$0].value }
        }
        if isSame != true { conditions(spec.matchConditions, compiler, hasParams: spec.paramKind.isSet) }
    }
}

struct ValidatingPolicyRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }
    var namesFinalizersFreely: Bool { true }
    let compiler: (any ExpressionCompiler)?

    func prepareForStatusUpdate(_ object: inout Object, old: Object) { object.keepMetadata(of: old) }

    func validateCreate(_ new: Part) { validate(new, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new, old: old) }

    private func validate(_ new: Part, old: Part?) {
        let spec = new.spec
        AdmissionRules.policy(spec, old?.spec, compiler)
        let variables = AdmissionRules.variables(spec, compiler)
        let (validations, annotations) = (spec.validations, spec.auditAnnotations)
        if validations.count == 0, annotations.count == 0 {
            for part in [validations, annotations] { part.required("must have validations or auditAnnotations") }
            return
        }
        for validation in validations.items { self.validation(validation, spec, variables) }
        if annotations.count > 20 { annotations.invalid("may have at most 20 items") }
        var keys: Set<String> = []
        for annotation in annotations.items {
            annotation.key.invalid(Form.qualifiedName.faults("\(new.metadata.name.text)/\(annotation.key.text)"))
            let value = annotation.valueExpression
            if value.text.trimmingWhitespace.utf8.count > 5 << 10 {
                value.required("may be at most 5 KiB long")
            } else {
                value.mustCompile(.auditAnnotation, compiler, hasParams: spec.paramKind.isSet, variables: variables)
            }
            if !keys.insert(annotation.key.text).inserted { annotation.key.duplicate() }
        }
    }

    private func validation(_ validation: Part, _ spec: Part, _ variables: [Expression.Variable]) {
        let hasParams = spec.paramKind.isSet
        validation.expression.mustCompile(.validation, compiler, hasParams: hasParams, variables: variables)
        let (message, expression) = (validation["message"], validation.messageExpression)
        if !expression.isEmpty {
            if expression.text.trimmingWhitespace.isEmpty {
                expression.invalid("must not be blank")
            } else {
                expression.mustCompile(.message, compiler, hasParams: hasParams, variables: variables)
            }
        }
        if !message.isEmpty {
            let text = message.text.trimmingWhitespace
            if text.isEmpty { message.invalid("must not be blank") }
            if text.contains(where: \.isNewline) { message.invalid("must not hold line breaks") }
        }
        validation.reason.ifSet(oneOf: "Forbidden", "Invalid", "RequestEntityTooLarge")
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        for warning in new.status.typeChecking.expressionWarnings.items {
            warning["warning"].mustBeSet()
            if warning.fieldRef.text.trimmingWhitespace.isEmpty { warning.fieldRef.required() }
        }
        new.status.conditions.mustBeConditions()
    }
}

struct MutatingPolicyRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }
    var namesFinalizersFreely: Bool { true }
    let compiler: (any ExpressionCompiler)?

    func validateCreate(_ new: Part) { validate(new.spec, old: nil) }
    func validateUpdate(_ new: Part, _ old: Part) { validate(new.spec, old: old.spec) }

    private func validate(_ spec: Part, old: Part?) {
        AdmissionRules.policy(spec, old, compiler)
        AdmissionRules.noDeletion(spec.matchConstraints, at: spec.matchConstraints.place)
        let variables = AdmissionRules.variables(spec, compiler)
        spec.mutations.mustBeSet()
        for mutation in spec.mutations.items { self.mutation(mutation, spec, variables) }
        spec.reinvocationPolicy.mustBeOneOf("IfNeeded", "Never")
    }

    private func mutation(_ mutation: Part, _ spec: Part, _ variables: [Expression.Variable]) {
        let kinds: [(String, String, Expression.Use)] = [
            ("JSONPatch", "jsonPatch", .jsonPatch), ("ApplyConfiguration", "applyConfiguration", .applyConfiguration),
        ]
        guard mutation.patchType.mustBeSet() else { return }
        mutation.patchType.oneOf("ApplyConfiguration", "JSONPatch")
        guard let kind = kinds.first(where: { $0.0 == mutation.patchType.text }) else { return }
        let patch = mutation[kind.1]
        if patch.isSet {
            patch.expression.mustCompile(kind.2, compiler, hasParams: spec.paramKind.isSet, variables: variables)
        } else {
            patch.required("must be set for this patchType")
        }
        for other in kinds where other.1 != kind.1 && mutation[other.1].isSet {
            mutation[other.1].invalid("may not be set for this patchType")
        }
    }
}

struct PolicyBindingRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .form }
    var namesFinalizersFreely: Bool { true }
    let isMutating: Bool

    func validate(_ new: Part) {
        let spec = new.spec
        spec.policyName.mustBe(.dnsSubdomain)
        AdmissionRules.paramRef(spec.paramRef)
        if spec.matchResources.isSet { AdmissionRules.matchResources(spec.matchResources) }
        if isMutating {
            AdmissionRules.noDeletion(spec.matchResources, at: spec.matchResources.place)
        } else {
            actions(spec.validationActions)
        }
    }

    private func actions(_ actions: Part) {
        for action in actions.items { action.oneOf("Audit", "Deny", "Warn") }
        actions.unique()
        if actions.strings.contains("Deny"), actions.strings.contains("Warn") {
            actions.invalid("may not have both Deny and Warn")
        }
        actions.mustBeSet()
    }
}
