import MartinetBase

/// One line of a container's log file: `2026-01-02T03:04:05.000000006Z stdout F the text`.
///
/// Source: CRI's log format; `P` marks a piece of a line that goes on in the next one, `F` the end of a line. The text
/// is bytes: nothing asks it to be UTF-8.
struct CRILogLine: Sendable, Hashable {
    let time: ArraySlice<UInt8>
    let stream: LogOptions.Stream
    let isPartial: Bool
    /// Without the newline of the file; a full line's own is not in it either.
    let text: ArraySlice<UInt8>

    /// `line` without its newline. Nil where it has another form.
    init?(_ line: ArraySlice<UInt8>) {
        guard let afterTime = line.firstIndex(of: 32), afterTime - line.startIndex >= 20 else { return nil }
        time = line[..<afterTime]
        let rest = line[(afterTime + 1)...]
        let start = rest.startIndex
        guard rest.count >= 8, rest.starts(with: "std".utf8) else { return nil }
        switch (rest[start + 3], rest[start + 4], rest[start + 5], rest[start + 6]) {
        case (111, 117, 116, 32): stream = .stdout
        case (101, 114, 114, 32): stream = .stderr
        default: return nil
        }
        // Tags are separated by colons; the first says whether the line is whole.
        let tags = rest[(start + 7)...]
        switch tags.first {
        case 80: isPartial = true
        case 70: isPartial = false
        default: return nil
        }
        let afterTag = tags.index(after: tags.startIndex)
        guard afterTag < tags.endIndex else {
            text = []
            return
        }
        guard tags[afterTag] == 32 || tags[afterTag] == 58, let space = tags[afterTag...].firstIndex(of: 32) else {
            return nil
        }
        text = tags[(space + 1)...]
    }

    var timestamp: Timestamp? { Timestamp(rfc3339: String(decoding: time, as: UTF8.self)) }
}
