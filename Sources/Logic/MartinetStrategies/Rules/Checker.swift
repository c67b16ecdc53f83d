import MartinetAPI
import MartinetSchema

/// Collects what is wrong with an object, by field.
package struct Checker {
    package private(set) var errors: [FieldError] = []

    mutating func add(_ reason: FieldError.Reason, _ field: String, _ message: String, origin: String = "") {
        if !isFinal { errors.append(FieldError(reason, field, message, origin: origin)) }
    }

    /// Whether what was found is all that is to be said: later rules add nothing.
    private(set) var isFinal = false

    /// Forgets everything but these errors, and whatever comes after them.
    mutating func finish(with only: [FieldError]) {
        errors = only
        isFinal = true
    }

    mutating func invalid(_ field: String, _ message: String) { add(.invalid, field, message) }
    mutating func required(_ field: String, _ message: String = "must be set") { add(.required, field, message) }
    mutating func forbidden(_ field: String, _ message: String) { add(.forbidden, field, message) }
    mutating func duplicate(_ field: String, _ value: String) { add(.duplicate, field, "\(value) is there already") }
    mutating func notFound(_ field: String, _ value: String) { add(.notFound, field, "\(value) does not exist") }
    mutating func notSupported(_ field: String, _ value: String, _ known: [String]) {
        add(.notSupported, field, "\(value) is none of \(known.joined(separator: ", "))")
    }

    /// One error for each fault.
    mutating func invalid(_ field: String, _ faults: [String]) { for fault in faults { invalid(field, fault) } }

    mutating func nonNegative(_ number: Int64?, _ field: String) {
        if let number, number < 0 { invalid(field, "must not be negative") }
    }

    /// Whether something is wrong at this field or below it.
    func hasErrors(at path: String) -> Bool {
        errors.contains { $0.field == path || $0.field.hasPrefix(path + ".") || $0.field.hasPrefix(path + "[") }
    }

    mutating func append(_ other: [FieldError]) { errors += other }

    /// Drops what was found at the fields for which this holds: another rule says it better.
    mutating func drop(_ isSaid: (FieldError) -> Bool) { errors.removeAll(where: isSaid) }

    // MARK: - Shared parts

    mutating func labels(_ labels: StringMap, _ path: String) {
        for (key, value) in labels {
            invalid(path, Names.qualifiedName(key))
            invalid(path, Names.labelValue(value))
        }
    }

    mutating func annotations(_ annotations: StringMap, _ path: String) {
        var size = 0
        for (key, value) in annotations {
            invalid(path, Names.qualifiedName(key.lowercased()))
            size += key.utf8.count + value.utf8.count
        }
        if size > 256 * 1024 { add(.tooLong, path, "may not be more than 262144 bytes") }
    }

    mutating func selector(_ selector: LabelSelector, _ path: String) {
        let labelsPath = path + ".matchLabels"
        labels(selector.matchLabels, labelsPath)
        for (index, expression) in selector.matchExpressions.enumerated() {
            let place = "\(path).matchExpressions[\(index)]"
            switch expression.operator {
            case "In", "NotIn":
                if expression.values.isEmpty { required(place + ".values", "must be set with In and NotIn") }
            case "Exists", "DoesNotExist":
                if !expression.values.isEmpty { forbidden(place + ".values", "must not be set with this operator") }
            default: invalid(place + ".operator", "is no selector's operator")
            }
            invalid(place + ".key", Names.qualifiedName(expression.key))
            for (position, value) in expression.values.enumerated() {
                invalid("\(place).values[\(position)]", Names.labelValue(value))
            }
        }
    }
}
