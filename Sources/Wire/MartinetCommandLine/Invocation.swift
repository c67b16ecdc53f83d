/// A command line that was understood.
package struct Invocation: Sendable {
    package let path: CommandPath
    /// The words that are no flags, without the commands' names.
    package let arguments: [String]
    /// How many of them stood before `--`; nil without one.
    package let argumentsBeforeDashes: Int?
    package let flags: FlagValues
    /// What to say on standard error: deprecated commands and flags that were used.
    package let notes: [String]
    /// `-h`, `--help`, `help`, or a command that only holds others.
    package let wantsHelp: Bool

    package var command: Command { path.command }
}

/// The values of a command's flags. Every value was checked when the line was parsed; asking for a flag that the
/// command does not have gives the empty value of the type.
package struct FlagValues: Sendable {
    private let defaults: [String: Flag]
    private var given: [String: [String]] = [:]

    init(_ flags: [Flag]) { defaults = Dictionary(flags.map { ($0.name, $0) }, uniquingKeysWith: { own, _ in own }) }

    mutating func add(_ value: String, to flag: Flag) { given[flag.name, default: []].append(value) }

    package func isSet(_ name: String) -> Bool { given[name] != nil }

    package func string(_ name: String) -> String { given[name]?.last ?? defaults[name]?.defaultValue ?? "" }

    package func bool(_ name: String) -> Bool { FlagSyntax.bool(string(name)) ?? false }

    package func int(_ name: String) -> Int { FlagSyntax.int(string(name)) ?? 0 }

    package func float(_ name: String) -> Double { Double(string(name)) ?? 0 }

    package func duration(_ name: String) -> Duration { GoDuration.parse(string(name)) ?? .zero }

    package func count(_ name: String) -> Int {
        var count = FlagSyntax.int(defaults[name]?.defaultValue ?? "0") ?? 0
        for value in given[name] ?? [] {
            count = value == "+1" ? count.addingReportingOverflow(1).partialValue : FlagSyntax.int(value) ?? count
        }
        return count
    }

    /// The values of a slice or an array.
    package func strings(_ name: String) -> [String] {
        guard let flag = defaults[name] else { return [] }
        let values = given[name] ?? (flag.defaultValue.isEmpty ? [] : [flag.defaultValue])
        return flag.kind == .stringSlice ? values.flatMap { FlagSyntax.fields($0) ?? [] } : values
    }

    /// The pairs of a `stringToString`, in the order of the line; of equal keys the last counts.
    package func pairs(_ name: String) -> [(key: String, value: String)] {
        var pairs: [(key: String, value: String)] = []
        for (key, value) in (given[name] ?? []).flatMap({ FlagSyntax.pairs($0) ?? [] }) {
            if let index = pairs.firstIndex(where: { $0.key == key }) {
                pairs[index].value = value
            } else {
                pairs.append((key, value))
            }
        }
        return pairs
    }
}
