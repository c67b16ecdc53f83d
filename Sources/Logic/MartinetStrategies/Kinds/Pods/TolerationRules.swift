import MartinetSchema

enum TolerationRules {
    static func validate(_ tolerations: Part, _ options: PodOptions) {
        for item in tolerations.items { toleration(item, options) }
    }

    private static func toleration(_ toleration: Part, _ options: PodOptions) {
        let (key, how, value) = (toleration.key, toleration.operator, toleration["value"])
        if !key.isEmpty {
            key.form(.qualifiedName)
        } else if how.text != "Exists" {
            how.invalid("must be Exists where key is empty")
        }
        if toleration.tolerationSeconds.isSet, toleration.effect.text != "NoExecute" {
            toleration.effect.invalid("must be NoExecute where tolerationSeconds is set")
        }
        switch how.text {
        case "", "Equal":
            if !Form.labelValue.faults(value.text).isEmpty { how.invalid("needs a value that a label can have") }
        case "Exists": if !value.isEmpty { how.invalid("needs an empty value") }
        case "Lt", "Gt":
            guard options.allowsComparingTolerations else {
                return how.unsupported(["Equal", "Exists", "Lt", "Gt"])
            }
            if !value.text.isDecimalInteger { value.invalid("must be a decimal integer") }
            if Int64(value.text) == nil { value.invalid("must be a 64-bit integer") }
        default: how.unsupported(["Equal", "Exists"])
        }
        if !toleration.effect.isEmpty { toleration.effect.oneOf("NoSchedule", "PreferNoSchedule", "NoExecute") }
    }

    /// What was tolerated stays so; only for how long may change.
    static func onlyAdded(_ new: Part, _ old: Part, _ options: PodOptions) {
        func identity(_ toleration: Part) -> [String] {
            ["key", "operator", "value", "effect"].map { toleration[$0].text }
        }
        let known = Set(new.items.map(identity))
        if old.items.contains(where: { !known.contains(identity($0)) }) {
            return new.forbidden("what is there may not change but for its tolerationSeconds")
        }
        // What may have been added is looked at once more.
        validate(new, options)
    }
}

extension String {
    /// `-?[1-9][0-9]*` or `0`.
    var isDecimalInteger: Bool {
        if self == "0" { return true }
        let digits = hasPrefix("-") ? dropFirst() : self[...]
        return digits.utf8.first.map { $0 >= 49 && $0 <= 57 } ?? false
            && digits.utf8.allSatisfy { $0 >= 48 && $0 <= 57 }
    }
}
