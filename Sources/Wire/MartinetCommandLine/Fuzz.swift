/// The parser's entry point for a fuzzer: words separated by zero bytes, on a table with every kind of flag.
package func fuzzCommandLine(_ bytes: [UInt8]) {
    let words = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    let kinds: [Flag.Kind] = [
        .bool, .string, .int, .float, .duration, .count, .stringSlice, .stringArray, .stringToString,
    ]
    let letters = Array("abcdefgij")
    let flags = kinds.enumerated().map { Flag("flag-\(letters[$0.offset])", letters[$0.offset], $0.element, "") }
    let leaf = Command("leaf", aliases: ["l"], use: "NAME", short: "", flags: flags, arguments: .atMost(3))
    let root = Command(
        "root", short: "", persistentFlags: [Flag("value", "v", .string, "")], commands: [leaf], runnable: false)
    _ = Completion.answer(root, words)
    guard let invocation = try? CommandLineParser(root).parse(words) else { return }
    for flag in invocation.path.allFlags {
        _ = invocation.flags.int(flag.name)
        _ = invocation.flags.count(flag.name)
        _ = invocation.flags.duration(flag.name)
        _ = invocation.flags.strings(flag.name)
        _ = invocation.flags.pairs(flag.name)
    }
    _ = Help.text(invocation.path)
}
