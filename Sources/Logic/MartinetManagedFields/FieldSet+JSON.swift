package import MartinetSchema

// `fieldsV1`: an object whose names are path elements. A field that only leads on to others has their object; one that
// is itself a member has an empty object, or `.` among them.
extension FieldSet {
    /// The canonical form.
    package var json: String {
        var out: [UInt8] = []
        out.reserveCapacity(256)
        write(to: &out, isMember: false)
        return String(decoding: out, as: UTF8.self)
    }

    private func write(to out: inout [UInt8], isMember: Bool) {
        out.append(UInt8(ascii: "{"))
        var isFirst = true
        if isMember, !nodes.isEmpty {
            out.append(contentsOf: "\".\":{}".utf8)
            isFirst = false
        }
        for node in nodes {
            if !isFirst { out.append(UInt8(ascii: ",")) }
            isFirst = false
            FieldSet.write(node.element, to: &out)
            out.append(UInt8(ascii: ":"))
            node.children.write(to: &out, isMember: node.isMember)
        }
        out.append(UInt8(ascii: "}"))
    }

    private static func write(_ element: PathElement, to out: inout [UInt8]) {
        switch element {
        case .field(var name):
            let isWritten = name.withUTF8 { bytes in
                for byte in bytes where byte < 32 || byte >= 127 || byte == 34 || byte == 92 || isHTML(byte) {
                    return false
                }
                out.append(34)
                out.append(UInt8(ascii: "f"))
                out.append(UInt8(ascii: ":"))
                out.append(contentsOf: bytes)
                out.append(34)
                return true
            }
            if !isWritten { out.append(contentsOf: JSONEncoder.encode(.string("f:" + name))) }
        case .key, .value, .index: out.append(contentsOf: JSONEncoder.encode(.string(text(of: element))))
        }
    }

    private static func isHTML(_ byte: UInt8) -> Bool {
        byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") || byte == UInt8(ascii: "&")
    }

    private static func text(of element: PathElement) -> String {
        switch element {
        case .field(let name): return "f:" + name
        case .key(let fields):
            let members = fields.map { field in
                String(decoding: JSONEncoder.encode(.string(field.name)), as: UTF8.self) + ":"
                    + String(decoding: JSONEncoder.encode(field.value), as: UTF8.self)
            }
            return "k:{\(members.joined(separator: ","))}"
        case .value(let value): return "v:" + String(decoding: JSONEncoder.encode(value), as: UTF8.self)
        case .index(let index): return "i:\(index)"
        }
    }

    /// Reads a set. Elements of a kind that is not known are left out, as a later version may know them.
    ///
    /// - Throws: where the text is no such object.
    package init(json: String) throws(FieldSetError) {
        self = try FieldSet.scan(json) { (scanner) throws(FieldSetError) in try scanner.whole() }
    }

    /// What a set in its written form and another have in common.
    static func intersection(ofJSON json: String, _ other: FieldSet) throws(FieldSetError) -> FieldSet {
        try scan(json) { (scanner) throws(FieldSetError) in try scanner.intersection(other) }
    }

    private static func scan(
        _ json: String, _ read: (inout FieldSetScanner) throws(FieldSetError) -> FieldSet
    ) throws(FieldSetError) -> FieldSet {
        var json = json
        let result = json.withUTF8 { bytes -> Result<FieldSet, FieldSetError> in
            var scanner = FieldSetScanner(bytes)
            do throws(FieldSetError) {
                return .success(try read(&scanner))
            } catch {
                return .failure(error)
            }
        }
        return try result.get()
    }
}

/// Text that is no set of fields.
package struct FieldSetError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}
