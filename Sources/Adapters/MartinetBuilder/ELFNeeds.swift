/// What a program needs to start: its interpreter and its shared libraries (ELF-64, little-endian; elf(5)).
struct ELFNeeds: Equatable {
    var interpreter: String?
    var libraries: [String] = []

    /// Nil where the bytes are no such file. Total: offsets are the file's own claims, and may be anything.
    init?(_ bytes: [UInt8]) {
        func number(_ at: UInt64, _ size: UInt64) -> UInt64? {
            let (end, overflow) = at.addingReportingOverflow(size)
            guard !overflow, end <= UInt64(bytes.count) else { return nil }
            return (0..<size).reduce(0) { $0 | UInt64(bytes[Int(at + $1)]) << (8 * $1) }
        }
        func text(_ at: UInt64) -> String? {
            guard at < UInt64(bytes.count) else { return nil }
            let raw = bytes[Int(at)...].prefix(4096).prefix { $0 != 0 }
            return raw.isEmpty ? nil : String(validating: raw, as: UTF8.self)
        }
        guard bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]), let table = number(32, 8), let size = number(54, 2),
            let count = number(56, 2), size >= 56
        else { return nil }
        var loads: [(address: UInt64, offset: UInt64, size: UInt64)] = []
        var dynamic: (offset: UInt64, size: UInt64)?
        for index in 0..<count {
            let (at, overflow) = table.addingReportingOverflow(index * size)
            guard !overflow, let type = number(at, 4), let offset = number(at &+ 8, 8),
                let address = number(at &+ 16, 8),
                let fileSize = number(at &+ 32, 8)
            else { return nil }
            switch type {
            case 1: loads.append((address, offset, fileSize))
            case 2: dynamic = (offset, fileSize)
            case 3: interpreter = text(offset)
            default: continue
            }
        }
        guard let dynamic else { return }  // linked statically
        var names: [UInt64] = []
        var strings: UInt64?
        for index in 0..<min(dynamic.size / 16, 4096) {
            let (at, overflow) = dynamic.offset.addingReportingOverflow(index * 16)
            guard !overflow, let tag = number(at, 8), let value = number(at &+ 8, 8) else { return nil }
            if tag == 0 { break }
            if tag == 1 { names.append(value) }
            if tag == 5 { strings = value }
        }
        guard let strings, let load = loads.first(where: { $0.address <= strings && strings - $0.address < $0.size })
        else {
            if names.isEmpty { return }
            return nil
        }
        let (start, overflow) = load.offset.addingReportingOverflow(strings - load.address)
        guard !overflow else { return nil }
        for name in names {
            let (at, overflow) = start.addingReportingOverflow(name)
            guard !overflow, let library = text(at), !library.contains("/") else { return nil }
            libraries.append(library)
        }
    }
}
