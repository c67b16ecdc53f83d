import MartinetBase

/// Writes a tar archive: ustar where it fits, a pax header in front where it does not.
///
/// The same entries give the same bytes; nothing of the machine, the clock or the user gets in.
package final class TarWriter {
    private let sink: any ByteSink
    private var unwritten: Int64 = 0
    private var padding = 0

    package init(_ sink: any ByteSink) { self.sink = sink }

    /// Begins a member; `size` bytes of content must follow by `write`.
    package func begin(_ entry: TarEntry) throws {
        guard unwritten == 0 else {
            throw ArchiveError(.unwritable, "\(entry.pathText): \(unwritten) bytes of the member before it are missing")
        }
        try pad()
        guard !entry.path.isEmpty, !entry.path.contains(0), !entry.linkTarget.contains(0), entry.size >= 0,
            entry.kind == .file || entry.size == 0
        else { throw ArchiveError(.unwritable, "\(entry.pathText): is no valid member") }
        var entry = entry
        if entry.kind == .directory, entry.path.last != UInt8(ascii: "/") { entry.path.append(UInt8(ascii: "/")) }
        let (records, prefix, name) = extended(entry)
        if !records.isEmpty {
            var header = TarEntry("PaxHeaders.0/extended")
            header.size = Int64(records.count)
            try sink.write(block(header, type: UInt8(ascii: "x"), prefix: [], name: header.path))
            try sink.write(records)
            try sink.write([UInt8](repeating: 0, count: (512 - records.count % 512) % 512))
        }
        try sink.write(block(entry, type: type(of: entry.kind), prefix: prefix, name: name))
        unwritten = entry.size
        padding = Int((512 - entry.size % 512) % 512)
    }

    package func write(_ bytes: UnsafeRawBufferPointer) throws {
        guard Int64(bytes.count) <= unwritten else {
            throw ArchiveError(.unwritable, "tar member: \(bytes.count) bytes, expected at most \(unwritten) more")
        }
        try sink.write(bytes)
        unwritten -= Int64(bytes.count)
    }

    package func append(_ entry: TarEntry, content: [UInt8] = []) throws {
        var entry = entry
        if entry.kind == .file { entry.size = Int64(content.count) }
        try begin(entry)
        try content.withUnsafeBytes { try write($0) }
    }

    /// The two empty blocks at the end.
    package func finish() throws {
        guard unwritten == 0 else { throw ArchiveError(.unwritable, "tar archive: the last member is not complete") }
        try pad()
        try sink.write([UInt8](repeating: 0, count: 1024))
    }

    private func pad() throws {
        if padding > 0 { try sink.write([UInt8](repeating: 0, count: padding)) }
        padding = 0
    }

    private func type(of kind: TarEntry.Kind) -> UInt8 {
        switch kind {
        case .file: UInt8(ascii: "0")
        case .hardlink: UInt8(ascii: "1")
        case .symlink: UInt8(ascii: "2")
        case .characterDevice: UInt8(ascii: "3")
        case .blockDevice: UInt8(ascii: "4")
        case .directory: UInt8(ascii: "5")
        case .fifo: UInt8(ascii: "6")
        }
    }

    /// The pax records that the entry needs, and its name as ustar's two fields have it.
    private func extended(_ entry: TarEntry) -> (records: [UInt8], prefix: [UInt8], name: [UInt8]) {
        var records: [UInt8] = []
        func add(_ key: String, _ value: [UInt8]) {
            let rest = key.utf8.count + value.count + 3  // the blank, the equals sign, the line end
            var length = rest + 1
            while String(length).utf8.count + rest != length { length = String(length).utf8.count + rest }
            records += Array("\(length) \(key)=".utf8) + value + [UInt8(ascii: "\n")]
        }
        var prefix: [UInt8] = []
        var name = entry.path
        if name.count > 100 {
            if let slash = split(entry.path) {
                prefix = Array(entry.path[..<slash])
                name = Array(entry.path[(slash + 1)...])
            } else {
                add("path", entry.path)
                name = Array(entry.path.prefix(100))
            }
        }
        if entry.linkTarget.count > 100 { add("linkpath", entry.linkTarget) }
        if entry.size > 0o77_777_777_777 { add("size", Array(String(entry.size).utf8)) }
        if entry.uid > 0o7_777_777 { add("uid", Array(String(entry.uid).utf8)) }
        if entry.gid > 0o7_777_777 { add("gid", Array(String(entry.gid).utf8)) }
        if entry.modified.subsecond != 0 || entry.modified.seconds < 0 || entry.modified.seconds > 0o77_777_777_777 {
            add("mtime", Array(decimal(entry.modified).utf8))
        }
        for attribute in entry.attributes { add(PaxRecords.attributePrefix + attribute.name, attribute.value) }
        return (records, prefix, name)
    }

    private func decimal(_ time: Timestamp) -> String {
        let negative = time.nanoseconds < 0
        let magnitude = time.nanoseconds.magnitude
        let fraction = String(magnitude % 1_000_000_000)
        let zeros = String(repeating: "0", count: 9 - fraction.utf8.count)
        return "\(negative ? "-" : "")\(magnitude / 1_000_000_000).\(zeros)\(fraction)"
    }

    /// Where a long name can be cut into a prefix of at most 155 bytes and a name of at most 100.
    private func split(_ path: [UInt8]) -> Int? {
        guard path.count <= 256 else { return nil }
        let cuts = path.indices.dropLast().filter { path[$0] == UInt8(ascii: "/") }
        return cuts.first { $0 > 0 && $0 <= 155 && path.count - $0 - 1 <= 100 }
    }

    private func block(_ entry: TarEntry, type: UInt8, prefix: [UInt8], name: [UInt8]) -> [UInt8] {
        var block = [UInt8](repeating: 0, count: 512)
        func put(_ bytes: some Sequence<UInt8>, _ at: Int, _ room: Int) {
            for (index, byte) in bytes.prefix(room).enumerated() { block[at + index] = byte }
        }
        // What does not fit is in the pax header; its place here says zero.
        func octal(_ value: UInt64, _ at: Int, _ digits: Int) {
            let text = Array(String(value, radix: 8).utf8)
            let shown = text.count <= digits ? text : [48]
            put([UInt8](repeating: 48, count: digits - shown.count) + shown, at, digits)
        }
        put(name, 0, 100)
        octal(UInt64(entry.mode & 0o7777), 100, 7)
        octal(UInt64(entry.uid), 108, 7)
        octal(UInt64(entry.gid), 116, 7)
        octal(UInt64(max(0, entry.size)), 124, 11)
        octal(UInt64(max(0, entry.modified.seconds)), 136, 11)
        block[156] = type
        put(entry.linkTarget, 157, 100)
        put("ustar\0".utf8, 257, 6)
        put("00".utf8, 263, 2)
        octal(UInt64(entry.major), 329, 7)
        octal(UInt64(entry.minor), 337, 7)
        put(prefix, 345, 155)
        put([UInt8](repeating: 32, count: 8), 148, 8)
        octal(block.reduce(0) { $0 + UInt64($1) }, 148, 6)
        block[154] = 0
        return block
    }
}
