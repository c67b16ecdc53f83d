package import MartinetSchema

/// Checks what the schema declares of each field: `required`, `enum`, `min`, `max`, `minlen`, `maxlen`, `minitems`,
/// `maxitems`. Status and metadata have rules of their own.
package enum DeclaredLimits {
    private static let depthMax = 64

    /// Published as required, but checked by another rule with another verdict, or not at all.
    private static let unchecked: Set<String> = [
        "v1.ServicePort.port", "v1.Taint.key", "v1.Taint.effect", "v1.SleepAction.seconds", "v1.HTTPHeader.value",
        "v1.NodeAddress.address", "v1.LimitRangeSpec.limits", "v1.Event.involvedObject", "v1.EndpointPort.port",
        "v1.EndpointAddress.ip", "apps/v1.DeploymentSpec.selector", "apps/v1.ReplicaSetSpec.selector",
        "v1.ObjectFieldSelector.fieldPath", "v1.Binding.target", "v1.SecurityContext.procMount",
        "v1.HostAlias.ip", "v1.GRPCAction.port", "v1.HTTPGetAction.port", "v1.TCPSocketAction.port",
        "v1.PodReadinessGate.conditionType", "v1.ContainerPort.containerPort", "v1.PortStatus.port",
        "v1.TopologySpreadConstraint.maxSkew",
    ]

    package static func check(_ object: Object) -> [FieldError] {
        var checker = Checker()
        for field in object.type.fields where field.name != "metadata" && field.name != "status" {
            check(field, object[field.slot], of: object.type, at: field.name, &checker, depth: 0)
        }
        return checker.errors
    }

    private static func check(_ object: Object, at path: String, _ checker: inout Checker, depth: Int) {
        let type = object.type
        guard depth < depthMax, !type.name.hasPrefix("meta/v1.") else { return }
        for field in type.fields {
            check(field, object[field.slot], of: type, at: "\(path).\(field.name)", &checker, depth: depth + 1)
        }
    }

    private static func check(
        _ field: Field, _ value: Value?, of type: ObjectType, at path: String, _ checker: inout Checker, depth: Int
    ) {
        let isChecked = !unchecked.contains("\(type.name).\(field.name)") && type.kind == nil
        guard let value, value != .null else {
            if field.scalar == .object, field.container == .single,
                field.flags.isDisjoint(with: [.pointer, .outerPointer]),
                let inner = field.type, !inner.flags.contains(.root)
            {
                check(Object(type: inner), at: path, &checker, depth: depth)
            } else if field.flags.contains(.required), isChecked, isEmptyMissing(field) || !hasZero(field) {
                checker.add(.required, path, "must be set", origin: "declared")
            }
            return
        }
        switch value {
        case .object(let object): check(object, at: path, &checker, depth: depth)
        case .list(let values):
            limits(field, count: values.count, at: path, &checker)
            if values.isEmpty, field.flags.contains(.required), isChecked, hasZero(field) {
                checker.add(.required, path, "must be set", origin: "declared")
            }
            for (index, value) in values.enumerated() {
                let place = "\(path)[\(index)]"
                if case .object(let object) = value { check(object, at: place, &checker, depth: depth) }
                if case .string(let text) = value { enumeration(field, text, at: place, &checker) }
            }
        case .map(let map):
            for entry in map.entries {
                if case .object(let object) = entry.value {
                    check(object, at: "\(path)[\(entry.key)]", &checker, depth: depth)
                }
            }
        case .string(let text):
            if text.isEmpty, field.flags.contains(.required), isChecked, hasZero(field) {
                checker.add(.required, path, "must be set", origin: "declared")
            } else if !text.isEmpty || field.flags.contains(.pointer) {
                enumeration(field, text, at: path, &checker)
            }
            number("maxlen", field).map {
                if text.utf8.count > $0 { checker.add(.tooLong, path, "is longer than \($0)") }
            }
        case .int(let value):
            if let least = number("min", field), value < least { checker.invalid(path, "must be at least \(least)") }
            if let most = number("max", field), value > most { checker.invalid(path, "must be at most \(most)") }
        default: break
        }
    }

    /// Whether the zero value means absent. It does where there is a protobuf form; elsewhere presence is presence.
    private static func hasZero(_ field: Field) -> Bool { field.number != 0 }

    /// Numbers and flags cannot be told from their zero value, so they cannot be missing.
    private static func isEmptyMissing(_ field: Field) -> Bool {
        if field.container != .single { return true }
        switch field.scalar {
        case .string, .object, .bytes, .quantity: return true
        default: return field.flags.contains(.pointer)
        }
    }

    private static func enumeration(_ field: Field, _ text: String, at path: String, _ checker: inout Checker) {
        let known = field.enumeration
        guard !known.isEmpty, !known.contains(text) else { return }
        checker.add(.notSupported, path, "\(text) is none of \(known.joined(separator: ", "))", origin: "declared")
    }

    private static func limits(_ field: Field, count: Int, at path: String, _ checker: inout Checker) {
        if let most = number("maxitems", field), count > most {
            checker.add(.tooMany, path, "has \(count) items, which is more than \(most)")
        }
        if let least = number("minitems", field), count < least {
            checker.invalid(path, "needs at least \(least) items")
        }
    }

    private static func number(_ name: String, _ field: Field) -> Int? {
        for rule in field.rules where rule.hasPrefix(name + "=") { return Int(rule.dropFirst(name.count + 1)) }
        return nil
    }
}
