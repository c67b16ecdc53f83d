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
        case .field(let name):
            let isPlain = name.utf8.allSatisfy { $0 >= 32 && $0 < 127 && $0 != 34 && $0 != 92 && !isHTML($0) }
            guard isPlain else {
                out.append(contentsOf: JSONEncoder.encode(.string("f:" + name)))
                return
            }
            out.append(contentsOf: "\"f:".utf8)
            out.append(contentsOf: name.utf8)
            out.append(34)
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
        var json = json
        let result = json.withUTF8 { bytes -> Result<FieldSet, FieldSetError> in
            var scanner = FieldSetScanner(bytes)
            do throws(FieldSetError) {
                return .success(try scanner.whole())
            } catch {
                return .failure(error)
            }
        }
        self = try result.get()
    }
}

/// Text that is no set of fields.
package struct FieldSetError: Error, Sendable, CustomStringConvertible {
    package let message: String
    package var description: String { message }
}
