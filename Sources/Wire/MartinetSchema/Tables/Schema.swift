import CMartinetTables
import Synchronization

/// A compiled table: all the types and kinds of one schema.
///
/// The built-in one lies in the binary. One that is compiled from a CustomResourceDefinition is put into memory that is
/// never freed, because types are plain pointers into it; equal definitions share one (docs/schema.md).
package struct Schema: @unchecked Sendable {
    private let base: UnsafeRawPointer

    /// Every kind that Martinet knows by itself.
    package static let builtin: Schema = {
        guard let schema = Schema(table: UnsafeRawPointer(martinet_tables_begin()), count: Int(martinet_tables_size()))
        else {
            preconditionFailure("the embedded tables are of another format: run `make generate`")
        }
        return schema
    }()

    /// Nil where the bytes are no table of this format.
    init?(table: UnsafeRawPointer, count: Int) {
        guard count >= TableFormat.headerSize, Int(bitPattern: table) % 8 == 0,
            table.load(fromByteOffset: TableFormat.Header.magic, as: UInt32.self) == TableFormat.magic,
            table.load(fromByteOffset: TableFormat.Header.version, as: UInt32.self) == TableFormat.version
        else { return nil }
        base = table
    }

    /// Compiles definitions at run time.
    package init(_ definitions: [TypeDefinition]) throws(SchemaError) {
        let bytes = try TableBuilder(definitions).build()
        let fingerprint = bytes.withUnsafeBytes {
            $0.loadUnaligned(fromByteOffset: TableFormat.Header.fingerprint, as: UInt64.self)
        }
        base =
            Schema.compiled.withLock { tables in
                let same = tables[fingerprint, default: []].first { $0.elementsEqual(bytes) }
                if let same = same?.baseAddress { return Table(base: same) }
                let table = Schema.place(bytes)
                tables[fingerprint, default: []].append(table)
                return Table(base: table.baseAddress!)  // a table has at least its header
            }.base
    }

    /// The tables that were compiled while this process runs, by fingerprint. Facts that never change, so that sharing
    /// them between clusters shares no state.
    private static let compiled = Mutex<[UInt64: [UnsafeRawBufferPointer]]>([:])

    /// A pointer to bytes that never change, which may therefore cross threads.
    private struct Table: @unchecked Sendable { let base: UnsafeRawPointer }

    private static func place(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 16)
        memory.copyBytes(from: bytes)
        return UnsafeRawBufferPointer(memory)
    }

    package var typeCount: Int { Int(base.load(fromByteOffset: TableFormat.Header.typeCount, as: UInt32.self)) }
    package var kindCount: Int { Int(base.load(fromByteOffset: TableFormat.Header.kindCount, as: UInt32.self)) }
    /// Changes whenever anything in the schema does.
    package var fingerprint: UInt64 { base.load(fromByteOffset: TableFormat.Header.fingerprint, as: UInt64.self) }

    package func type(at index: Int) -> ObjectType {
        precondition(index >= 0 && index < typeCount)
        return ObjectType(record: (base.follow(TableFormat.Header.types) ?? base) + index * TableFormat.typeSize)
    }

    package func kind(at index: Int) -> Kind {
        precondition(index >= 0 && index < kindCount)
        return Kind(record: (base.follow(TableFormat.Header.kinds) ?? base) + index * TableFormat.kindSize)
    }

    package var kinds: some RandomAccessCollection<Kind> { (0..<kindCount).lazy.map { kind(at: $0) } }

    /// The type of this full name, such as `v1.PodSpec` or `apps/v1.Deployment`. Types lie in the order of their names.
    package func type(named name: String) -> ObjectType? {
        var name = name
        return name.withUTF8 { wanted in
            var low = 0
            var high = typeCount
            while low < high {
                let middle = (low + high) / 2
                let type = type(at: middle)
                let order = type.record.bytes(TableFormat.TypeRecord.name).compare(to: wanted)
                if order == 0 { return type }
                if order < 0 { low = middle + 1 } else { high = middle }
            }
            return nil
        }
    }
}
