import CMartinetTables

/// What the built-in types and their fields mean, for `kubectl explain` and OpenAPI.
///
/// It lies apart from the tables: no request but those two touches its pages. `ObjectType.documentation` and
/// `ObjectType.documentation(of:)` are the way to it, which also know the texts of custom resources.
package struct Documentation: @unchecked Sendable {
    private let base: UnsafeRawPointer
    private let size: Int

    package static let builtin: Documentation = {
        guard
            let found = Documentation(
                UnsafeRawBufferPointer(
                    start: martinet_documentation_begin(), count: Int(martinet_documentation_size())))
        else {
            preconditionFailure("the embedded documentation is of another format: run `make generate`")
        }
        return found
    }()

    /// - Parameter bytes: are read for as long as this is used, and must be what `DocumentationBuilder` made.
    /// - Returns: nil where they are of another format.
    package init?(_ bytes: UnsafeRawBufferPointer) {
        guard let start = bytes.baseAddress, bytes.count >= DocumentationFormat.headerSize,
            Int(bitPattern: start) % 4 == 0,
            start.load(fromByteOffset: DocumentationFormat.Header.magic, as: UInt32.self) == DocumentationFormat.magic,
            start.load(fromByteOffset: DocumentationFormat.Header.version, as: UInt32.self)
                == DocumentationFormat.version
        else { return nil }
        base = start
        size = bytes.count
    }

    /// Changes with the texts.
    package var fingerprint: UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for offset in stride(from: 0, to: size - 7, by: 8) {
            hash = (hash ^ base.loadUnaligned(fromByteOffset: offset, as: UInt64.self)) &* 0x0000_0100_0000_01B3
        }
        return hash ^ UInt64(size)
    }

    /// What the type is; empty where nobody has said.
    package func text(ofType name: String) -> String {
        record(of: name)?.text(DocumentationFormat.TypeRecord.text) ?? ""
    }

    /// What the type's field at this slot is; empty where nobody has said.
    package func text(ofType name: String, slot: Int) -> String {
        guard let record = record(of: name), slot >= 0,
            slot < Int(record.load(fromByteOffset: DocumentationFormat.TypeRecord.fieldCount, as: UInt32.self)),
            let fields = record.follow(DocumentationFormat.TypeRecord.fields)
        else { return "" }
        return fields.text(slot * 4)
    }

    private func record(of name: String) -> UnsafeRawPointer? {
        var name = name
        return name.withUTF8 { wanted in
            var low = 0
            var high = Int(base.load(fromByteOffset: DocumentationFormat.Header.typeCount, as: UInt32.self))
            while low < high {
                let middle = (low + high) / 2
                let record = base + DocumentationFormat.headerSize + middle * DocumentationFormat.typeSize
                let order = record.bytes(DocumentationFormat.TypeRecord.name).compare(to: wanted)
                if order == 0 { return record }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }
}
