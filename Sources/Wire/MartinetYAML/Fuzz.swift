/// The reader's and the writer's entry point for a fuzzer: whatever is read is written, and reads back as the same.
///
/// Returns false where it does not, which is a defect; a text that is refused is none.
package func fuzzYAML(_ bytes: [UInt8]) -> Bool {
    let limits = YAMLLimits(bytes: 1 << 20, depth: 64, aliases: 100, aliasBytes: 1 << 16)
    guard let documents = try? YAML.read(bytes, file: "fuzz", limits: limits) else { return true }
    for document in documents {
        let text = YAML.write(document)
        guard let again = try? YAML.read(text, limits: YAMLLimits()), again.count == 1 else { return false }
        if YAML.write(again[0]) != text { return false }
    }
    return true
}
