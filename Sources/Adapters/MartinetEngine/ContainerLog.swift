import Glibc
import MartinetBase
import MartinetContainers

/// A container's log on disk: lines of `time stream tag text`, as the CRI has them.
package enum ContainerLog {
    /// The end of a log as the program wrote it, at most so many lines and bytes.
    static func tail(_ path: String, lines: Int, bytes limit: Int) -> String {
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return "" }
        let size = lseek(file.number, 0, Int32(SEEK_END))
        // Stamps take room: read some more than what is wanted.
        let from = max(0, size - limit * 4 - 65536)
        lseek(file.number, from, Int32(SEEK_SET))
        guard let bytes = try? file.readAll(limit: 1 << 20) else { return "" }
        var found: [[UInt8]] = []
        for line in bytes.split(separator: 10).dropFirst(from > 0 ? 1 : 0) {
            if let parsed = parse(line) { found.append(Array(parsed.text) + (parsed.isPartial ? [] : [10])) }
        }
        let joined = found.suffix(lines).flatMap { $0 }
        return String(decoding: joined.suffix(limit), as: UTF8.self)
    }

    package struct Line {
        package let time: Substring
        package let isError: Bool
        package let isPartial: Bool
        package let text: ArraySlice<UInt8>
    }

    package static func parse(_ line: ArraySlice<UInt8>) -> Line? {
        let words = line.split(separator: 32, maxSplits: 3, omittingEmptySubsequences: false)
        guard words.count == 4 else { return nil }
        return Line(
            time: Substring(String(decoding: words[0], as: UTF8.self)), isError: words[1].elementsEqual("stderr".utf8),
            isPartial: words[2].first == 80, text: words[3])
    }
}
