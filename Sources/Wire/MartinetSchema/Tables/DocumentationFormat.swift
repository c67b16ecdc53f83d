/// The layout of the texts about built-in types and fields: like a table, one block of bytes that is used where it lies.
///
/// Behind the header lies a record for each type, in the order of their names. A distance is relative to the place where
/// it is written, zero for "none"; a text is a 16-bit length and UTF-8 bytes. Numbers are little-endian.
package enum DocumentationFormat {
    package static let magic: UInt32 = 0x434F_444D  // "MDOC"
    package static let version: UInt32 = 1

    package static let headerSize = 16
    package enum Header {
        package static let magic = 0
        package static let version = 4
        package static let typeCount = 8
    }

    package static let typeSize = 16
    package enum TypeRecord {
        package static let name = 0
        package static let text = 4
        /// Distances to the fields' texts, in the order of their slots.
        package static let fields = 8
        package static let fieldCount = 12
    }
}
