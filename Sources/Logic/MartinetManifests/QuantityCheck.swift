import MartinetSchema
import MartinetYAML

/// Quantities such as `500m` and `256Mi`, and what people write instead.
enum QuantityCheck {
    static func fault(_ node: YAMLNode) -> ScalarCheck.Fault? {
        switch node.value {
        case .int, .uint, .double: return nil
        case .string(let text):
            // The API takes blanks around an amount, and none in it.
            let bare = text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()
            guard Quantity(String(bare)) == nil else { return nil }
            if let meant = repaired(text) {
                return ScalarCheck.Fault(
                    code: .badValue, message: "\"\(text.prefix(60))\" is not a quantity; write \(meant)")
            }
            return ScalarCheck.Fault(
                code: .badValue,
                message: "\"\(text.prefix(60))\" is not a quantity; "
                    + "expected a number and perhaps one of m, k, M, G, T, Ki, Mi, Gi, Ti")
        default: return ScalarCheck.wrong("a quantity such as 500m or 256Mi", node)
        }
    }

    private static let suffixes = ["n", "u", "m", "k", "M", "G", "T", "P", "E", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"]
    /// Units that others write.
    private static let others = [
        "kb": "k", "mb": "M", "gb": "G", "tb": "T", "kib": "Ki", "mib": "Mi", "gib": "Gi", "tib": "Ti", "b": "",
        "cpu": "", "cpus": "", "core": "", "cores": "", "bytes": "", "millicores": "m", "mcpu": "m",
    ]

    /// The quantity that was probably meant.
    static func repaired(_ text: String) -> String? {
        let packed = text.filter { !$0.isWhitespace && $0 != "_" }.replacing(",", with: ".")
        if Quantity(packed) != nil { return packed }
        let number = packed.prefix { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "+" || $0 == "-") }
        let unit = packed.dropFirst(number.count).lowercased()
        guard !number.isEmpty else { return nil }
        let candidates = [others[unit]].compactMap { $0 } + suffixes.filter { $0.lowercased() == unit }
        return candidates.map { number + $0 }.first { Quantity($0) != nil }.map { String($0) }
    }
}
