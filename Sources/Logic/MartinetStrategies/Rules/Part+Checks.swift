import MartinetSchema

// The checks that most fields need. Each says at most what is in its name, and most let through what is not set.
extension Part {
    /// Whether it is: for rules that go on only then.
    @discardableResult
    func mustBeSet(_ why: String = "must be set") -> Bool {
        if isEmpty { required(why) }
        return !isEmpty
    }

    /// One of these, or nothing where the field has a meaning without.
    func oneOf(_ known: String...) { if !known.contains(text) { unsupported(known) } }
    func oneOf(_ known: [String]) { if !known.contains(text) { unsupported(known) } }
    /// Set, and one of these.
    func mustBeOneOf(_ known: String...) { mustBeOneOf(known) }
    func mustBeOneOf(_ known: [String]) { if mustBeSet() { oneOf(known) } }
    /// Checked only where it is set.
    func ifSet(oneOf known: String...) { if isSet, !known.contains(text) { unsupported(known) } }

    func nonNegative() { if int < 0 { invalid("must not be negative") } }
    func positive() { if int <= 0 { invalid("must be greater than zero") } }
    /// Positive where it is set.
    func ifSetPositive() { if isSet { positive() } }
    func range(_ range: ClosedRange<Int64>) {
        if !range.contains(int) { invalid("must be between \(range.lowerBound) and \(range.upperBound)") }
    }
    func ifSet(range: ClosedRange<Int64>) { if isSet { self.range(range) } }

    func form(_ form: Form) {
        let faults = form.faults(text)
        if !faults.isEmpty { invalid(faults, meant: form.nearest(text)) }
    }
    func ifSet(form: Form) { if isSet { self.form(form) } }
    /// Checked only where there is some text.
    func ifText(form: Form) { if !text.isEmpty { self.form(form) } }
    /// Set, and of this form.
    func mustBe(_ form: Form) { if mustBeSet() { self.form(form) } }

    func atMost(bytes most: Int) { if text.utf8.count > most { tooLong(most) } }
    func atMost(items most: Int) { if count > most { tooMany(most) } }

    /// Unchanged since this.
    @discardableResult
    func mustNotChange(since old: Part) -> Bool {
        if value.means(old.value) || (isEmpty && old.isEmpty && value.isObject == old.value.isObject) { return true }
        invalid("may not change")
        return false
    }

    /// Says each text that is there more than once, at its later places.
    func unique(_ keyed: ((Part) -> Part)? = nil) {
        var seen: Set<String> = []
        for item in items {
            let key = keyed?(item) ?? item
            if !seen.insert(key.text).inserted { key.duplicate() }
        }
    }

    // MARK: - Shared parts of the API

    func mustBeLabels() {
        for (key, value) in pairs {
            for fault in Form.qualifiedName.faults(key) { add(.invalid, "\(fault), not \"\(key)\"") }
            let faults = Form.labelValue.faults(value.text)
            if !faults.isEmpty { invalid(faults, of: value, meant: Form.labelValue.nearest(value.text)) }
        }
    }

    func mustBeAnnotations() {
        var size = 0
        for (key, value) in pairs {
            for fault in Form.qualifiedName.faults(key.lowercased()) { add(.invalid, "\(fault), not \"\(key)\"") }
            size += key.utf8.count + value.text.utf8.count
        }
        if size > 256 * 1024 { tooLong(256 * 1024) }
    }

    /// A label selector.
    func mustBeSelector(allowInvalidValues: Bool = false) {
        self.matchLabels.mustBeLabels()
        for expression in self.matchExpressions.items {
            let values = expression["values"]
            switch expression.operator.text {
            case "In", "NotIn": if values.count == 0 { values.required("must be set with In and NotIn") }
            case "Exists", "DoesNotExist":
                if values.count > 0 { values.forbidden("may not be set with \(expression.operator.text)") }
            default: expression.operator.invalid("must be one of In, NotIn, Exists, DoesNotExist")
            }
            expression.key.form(.qualifiedName)
            if !allowInvalidValues { for value in values.items { value.form(.labelValue) } }
        }
    }

    func nonNegativeQuantity() { if quantity < Quantity(0) { invalid("must not be negative") } }
    func positiveQuantity() { if quantity <= Quantity(0) { invalid("must be greater than zero") } }

    func mustBePort() { range(1...65535) }

    /// `metav1.Condition`s.
    func mustBeConditions() {
        unique { $0["type"] }
        for condition in items {
            condition["type"].form(.qualifiedName)
            condition.status.oneOf("False", "True", "Unknown")
            condition.observedGeneration.nonNegative()
            if !condition.lastTransitionTime.isSet { condition.lastTransitionTime.required() }
            let reason = condition.reason
            if reason.mustBeSet() {
                reason.form(.conditionReason)
                reason.atMost(bytes: 1024)
            }
            condition.message.atMost(bytes: 32 * 1024)
        }
    }
}

extension Value? {
    fileprivate var isObject: Bool { if case .object = self { true } else { false } }
}
