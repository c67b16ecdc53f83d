/// How much one text may ask for.
package struct YAMLLimits: Sendable {
    /// Bytes of the text.
    package var bytes: Int
    /// Lists and maps inside one another.
    package var depth: Int
    /// Aliases in one text.
    package var aliases: Int
    /// Bytes that the aliases of one text may stand for, each value counted with 16 bytes and its text.
    package var aliasBytes: Int

    /// Whether a key that comes twice is kept twice instead of refused: for who reports such keys by their paths.
    package var keepsDuplicates: Bool

    package init(
        bytes: Int = 64 << 20, depth: Int = 256, aliases: Int = 10_000, aliasBytes: Int = 16 << 20,
        keepsDuplicates: Bool = false
    ) {
        self.keepsDuplicates = keepsDuplicates
        self.bytes = bytes
        self.depth = depth
        self.aliases = aliases
        self.aliasBytes = aliasBytes
    }

    func check(_ count: Int, _ file: String) throws(YAMLError) {
        guard count > bytes else { return }
        throw YAMLError(
            .limit, file: file, mark: Mark(line: 1, column: 1), message: "the text has \(count) bytes",
            expected: "at most \(bytes) are read")
    }
}
