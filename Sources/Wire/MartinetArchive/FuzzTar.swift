/// Reads any bytes as an archive, to its end or its first error: what a fuzzer calls.
///
/// Returns how many members there were. Must not trap, and must not use memory beyond the reader's limits.
@discardableResult
package func fuzzTar(_ bytes: [UInt8]) -> Int {
    var members = 0
    do {
        // A gzip bomb of a fuzzer's making would only cost time; 64 MiB are enough to find what there is.
        var budget = 64 << 20
        let plain = ObservedSource(try decompressed(MemorySource(bytes)).source) {
            budget -= $0.count
            if budget < 0 { throw ArchiveError(.tooLarge, "the fuzzer's budget is used up") }
        }
        let reader = TarReader(plain)
        while let entry = try reader.next() {
            members += 1
            if entry.size <= 1 << 20 { _ = try reader.contents(limit: 1 << 20) }
        }
    } catch {
        return members
    }
    return members
}
