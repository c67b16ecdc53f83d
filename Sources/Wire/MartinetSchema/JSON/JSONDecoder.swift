import MartinetBase

/// Decodes JSON into objects of the schema's types, finding unknown and duplicate fields on the way.
///
/// Zero values of fields that have no presence of their own are dropped and scalars are brought into canonical form, so
/// that equal objects have equal trees whatever encoding they came in.
package struct JSONDecoder {
    /// Unknown and duplicate fields, in the order they were met, at most `issuesMax`.
    package private(set) var issues: [FieldIssue] = []
    package static let issuesMax = 100

    private var scanner: JSONScanner
    private var pending: [Object.Entry] = []
    private var path: [PathStep] = []
    /// The apiVersion and kind that the root object carried.
    package private(set) var apiVersion = ""
    package private(set) var kind = ""

    private enum PathStep {
        case field(Field)
        case key(String)
        case index(Int)
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>) { scanner = JSONScanner(bytes) }

    package struct Result: Sendable {
        package let object: Object
        package let apiVersion: String
        package let kind: String
        package let issues: [FieldIssue]
    }

    /// Decodes one object, with nothing but white space behind it.
    package static func decode(_ bytes: [UInt8], as type: ObjectType) throws(DecodeError) -> Result {
        try withBytes(bytes) { (buffer) throws(DecodeError) in
            var decoder = JSONDecoder(buffer)
            guard decoder.scanner.peek() == 123 else { throw decoder.scanner.unexpected("an object") }
            let object = try decoder.object(of: type, isRoot: true, depth: 0)
            try decoder.finish()
            return Result(object: object, apiVersion: decoder.apiVersion, kind: decoder.kind, issues: decoder.issues)
        }
    }

    /// Decodes one value without a schema.
    package static func decodeAny(_ bytes: [UInt8]) throws(DecodeError) -> (value: Value, issues: [FieldIssue]) {
        try withBytes(bytes) { (buffer) throws(DecodeError) in
            var decoder = JSONDecoder(buffer)
            let value = try decoder.any(depth: 0)
            try decoder.finish()
            return (value, decoder.issues)
        }
    }

    /// A literal of the schema as a value of a field; nil where it does not fit.
    static func decodeLiteral(_ text: String, of field: Field) -> Value? {
        let result = try? withBytes(Array(text.utf8)) { (buffer) throws(DecodeError) in
            var decoder = JSONDecoder(buffer)
            let value = try decoder.value(of: field, depth: 0)
            try decoder.finish()
            return value
        }
        return result ?? nil
    }

    /// The root object's apiVersion and kind, without decoding the rest; nil where they are absent or no strings.
    package static func typeMeta(of bytes: [UInt8]) throws(DecodeError) -> (apiVersion: String?, kind: String?) {
        try withBytes(bytes) { (buffer) throws(DecodeError) in
            var scanner = JSONScanner(buffer)
            var result: (apiVersion: String?, kind: String?) = (nil, nil)
            try scanner.expect(123, "an object")
            var first = true
            while try scanner.nextMember(&first) {
                let name = try scanner.string()
                try scanner.expect(58, "':'")
                if name == "apiVersion" || name == "kind", scanner.peek() == 34 {
                    let text = try scanner.string()
                    if name == "kind" { result.kind = text } else { result.apiVersion = text }
                } else {
                    try scanner.skipValue()
                }
            }
            return result
        }
    }

    private static func withBytes<R>(
        _ bytes: [UInt8], _ body: (UnsafeBufferPointer<UInt8>) throws(DecodeError) -> R
    ) throws(DecodeError) -> R {
        let result: Swift.Result<R, DecodeError> = bytes.withUnsafeBufferPointer { buffer in
            do throws(DecodeError) { return .success(try body(buffer)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    private mutating func finish() throws(DecodeError) {
        scanner.skipSpace()
        guard scanner.position == scanner.bytes.count else {
            throw scanner.failure("there is something behind the object")
        }
    }

    // MARK: - Objects

    private mutating func object(of type: ObjectType, isRoot: Bool, depth: Int) throws(DecodeError) -> Object {
        guard depth < JSONScanner.depthMax else {
            throw located(.limit, "nested deeper than \(JSONScanner.depthMax) levels")
        }
        if !type.flags.isDisjoint(with: .special), let special = try specialObject(of: type, depth: depth) {
            return special
        }
        guard scanner.peek() == 123 else { throw mismatch("an object") }
        scanner.position += 1
        let base = pending.count
        var extra: [Map.Entry] = []
        var first = true
        var hint = 0
        var ascending = true
        var duplicates = false
        do throws(DecodeError) {
            while try scanner.nextMember(&first) {
                var name = try scanner.plainString()
                var escaped: [UInt8] = []
                if name == nil { escaped = Array(try scanner.string().utf8) }
                let field: Field? =
                    if let name { type.field(named: name, hint: hint) } else {
                        escaped.withUnsafeBufferPointer { type.field(named: $0, hint: hint) }
                    }
                try scanner.expect(58, "':'")
                guard let field else {
                    if name == nil { name = .init(start: nil, count: 0) }
                    let text =
                        escaped.isEmpty
                        ? String(decoding: name!, as: UTF8.self) : String(decoding: escaped, as: UTF8.self)
                    try undeclared(text, in: type, isRoot: isRoot, into: &extra, depth: depth)
                    continue
                }
                path.append(.field(field))
                let slot = field.slot
                hint = slot + 1
                if let last = pending.last, pending.count > base, Int(last.slot) >= slot { ascending = false }
                if let value = try self.value(of: field, depth: depth) {
                    pending.append(Object.Entry(value: value, slot: UInt16(slot)))
                }
                path.removeLast()
            }
        } catch {
            pending.removeSubrange(base...)
            throw error
        }
        if !ascending { duplicates = sortPending(from: base) }
        if duplicates { dropDuplicates(from: base, of: type) }
        var object = Object(type: type, entries: pending[base...])
        pending.removeSubrange(base...)
        if !extra.isEmpty { object.extra = Map(unsorted: extra) }
        return object
    }

    /// Sorts the entries of one object by slot, stably. True where a slot occurs twice.
    private mutating func sortPending(from base: Int) -> Bool {
        var duplicates = false
        var index = base + 1
        while index < pending.count {
            var place = index
            while place > base, pending[place - 1].slot > pending[place].slot {
                pending.swapAt(place - 1, place)
                place -= 1
            }
            if place > base, pending[place - 1].slot == pending[place].slot { duplicates = true }
            index += 1
        }
        return duplicates
    }

    /// Of fields that came twice the last one counts, as in Go; each is reported.
    private mutating func dropDuplicates(from base: Int, of type: ObjectType) {
        var kept = base
        for index in base..<pending.count {
            if kept > base, pending[kept - 1].slot == pending[index].slot {
                kept -= 1
                path.append(.field(type.field(Int(pending[index].slot))))
                note(.duplicate)
                path.removeLast()
            }
            pending[kept] = pending[index]
            kept += 1
        }
        pending.removeSubrange(kept...)
    }

    private mutating func undeclared(
        _ name: String, in type: ObjectType, isRoot: Bool, into extra: inout [Map.Entry], depth: Int
    ) throws(DecodeError) {
        if isRoot || type.flags.contains(.root), name == "apiVersion" || name == "kind" {
            if scanner.peek() == 110 {
                try scanner.literal("null")
                return
            }
            path.append(.key(name))
            guard scanner.peek() == 34 else { throw mismatch("a string") }
            let text = try scanner.string()
            path.removeLast()
            if isRoot {
                if name == "kind" { kind = text } else { apiVersion = text }
            } else {
                extra.append(Map.Entry(key: name, value: .string(text)))
            }
            return
        }
        path.append(.key(name))
        defer { path.removeLast() }
        if let additional = type.additional {
            if let value = try self.value(of: additional, depth: depth) {
                extra.append(Map.Entry(key: name, value: value))
            }
        } else if type.flags.contains(.preserveUnknown) {
            extra.append(Map.Entry(key: name, value: try any(depth: depth + 1)))
        } else {
            note(.unknown)
            try scanner.skipValue(depth: depth)
        }
    }

    /// Lists inside lists, and the three types of apiextensions whose JSON is not always an object. Nil where it is one here and nothing more.
    private mutating func specialObject(of type: ObjectType, depth: Int) throws(DecodeError) -> Object? {
        var object = Object(type: type)
        let byte = scanner.peek()
        if type.flags.contains(.propsOrBool) {
            // Allows (slot 0) says what the boolean would; the schema (slot 1) is there only where it is an object.
            if byte == 116 || byte == 102 {
                try scanner.literal(byte == 116 ? "true" : "false")
                if byte == 116 { object[0] = .bool(true) }
                return object
            }
            object[0] = .bool(true)
            object[1] = try nested(of: type.field(1), depth: depth)
        } else if type.flags.contains(.listForm) {
            object[0] = try list(of: type.field(0), depth: depth + 1) ?? .list([])
        } else if byte == 91 {
            // The list is slot 1: schemas or strings.
            object[1] = try list(of: type.field(1), depth: depth) ?? .list([])
        } else {
            object[0] = try nested(of: type.field(0), depth: depth)
        }
        return object
    }

    private mutating func nested(of field: Field, depth: Int) throws(DecodeError) -> Value? {
        guard let type = field.type else { return nil }
        return .object(try object(of: type, isRoot: false, depth: depth + 1))
    }

    // MARK: - Values

    /// The value of a field; nil where it is the same as absence.
    private mutating func value(of field: Field, depth: Int) throws(DecodeError) -> Value? {
        if scanner.peek() == 110 {
            try scanner.literal("null")
            if field.scalar == .any, !field.flags.contains(.lenient) { return .null }
            return field.flags.contains(.nullable) ? .null : nil
        }
        switch field.container {
        case .list, .nested: return try list(of: field, depth: depth)
        case .map: return try map(of: field, depth: depth)
        case .single:
            let value = try single(field, depth: depth)
            return field.flags.contains(.pointer) || !value.isZero ? value : nil
        }
    }

    private mutating func list(of field: Field, depth: Int) throws(DecodeError) -> Value? {
        guard scanner.peek() == 91 else {
            if field.flags.contains(.lenient) { return try misfit(field, depth: depth) }
            throw mismatch("a list")
        }
        scanner.position += 1
        var values: [Value] = []
        var first = true
        path.append(.index(0))
        while try scanner.nextElement(&first) {
            path[path.count - 1] = .index(values.count)
            if scanner.peek() == 110 {
                try scanner.literal("null")
                values.append(field.flags.contains(.lenient) ? .null : field.zeroElement)
            } else {
                values.append(try single(field, depth: depth))
            }
        }
        path.removeLast()
        if values.isEmpty, field.isNothingWhenEmpty {
            // An empty list of managers is a wish: forget them all.
            return field.type?.name == "meta/v1.ManagedFieldsEntry" ? .list([]) : nil
        }
        return .list(values)
    }

    private mutating func map(of field: Field, depth: Int) throws(DecodeError) -> Value? {
        guard scanner.peek() == 123 else { throw mismatch("an object of names and values") }
        scanner.position += 1
        var entries: [Map.Entry] = []
        var first = true
        while try scanner.nextMember(&first) {
            let key = try scanner.string()
            try scanner.expect(58, "':'")
            path.append(.key(key))
            if scanner.peek() == 110 {
                try scanner.literal("null")
                entries.append(Map.Entry(key: key, value: field.zeroElement))
            } else {
                entries.append(Map.Entry(key: key, value: try single(field, depth: depth)))
            }
            path.removeLast()
        }
        let map = Map(unsorted: entries)
        if map.count < entries.count { noteDuplicates(of: entries) }
        if map.isEmpty, field.isNothingWhenEmpty { return nil }
        return .map(map)
    }

    private mutating func single(_ field: Field, depth: Int) throws(DecodeError) -> Value {
        if field.flags.contains(.lenient), !isObject(of: field.type) { return try misfit(field, depth: depth) }
        switch field.scalar {
        case .object:
            guard let type = field.type else { return .null }
            return .object(try object(of: type, isRoot: false, depth: depth + 1))
        case .string:
            guard scanner.peek() == 34 else { throw mismatch("a string") }
            return .string(try scanner.string())
        case .bool:
            switch scanner.peek() {
            case 116:
                try scanner.literal("true")
                return .bool(true)
            case 102:
                try scanner.literal("false")
                return .bool(false)
            default: throw mismatch("true or false")
            }
        case .int32: return .int(try integer(Int64(Int32.min)...Int64(Int32.max)))
        case .int64, .uint64: return .int(try integer(Int64.min...Int64.max))
        case .uint32: return .int(try integer(0...Int64(UInt32.max)))
        case .double, .float:
            guard isNumber(scanner.peek()) else { throw mismatch("a number") }
            switch try scanner.number() {
            case .int(let number): return .double(Double(number))
            case .unsigned(let number): return .double(Double(number))
            case .double(let number): return .double(number)
            }
        case .intorstring:
            if scanner.peek() == 34 { return .string(try scanner.string()) }
            guard isNumber(scanner.peek()) else { throw mismatch("a number or a string") }
            return .int(try integer(Int64(Int32.min)...Int64(Int32.max)))
        case .raw, .json, .fieldsv1: return .raw(try rawJSON())
        case .strings:
            guard scanner.peek() == 91 else { throw mismatch("a list") }
            scanner.position += 1
            var values: [Value] = []
            var first = true
            while try scanner.nextElement(&first) {
                guard scanner.peek() == 34 else { throw mismatch("a string") }
                values.append(.string(try scanner.string()))
            }
            return .list(values)
        case .any: return try any(depth: depth + 1)
        case .bytes, .quantity, .time, .microtime, .duration: return try text(field.scalar)
        }
    }

    /// What a lenient field holds that its type does not describe. Names inside it are declared by nobody, so they are
    /// pruned, but where the schema keeps what it does not know.
    private mutating func misfit(_ field: Field, depth: Int) throws(DecodeError) -> Value {
        if field.scalar == .any || field.type?.flags.contains(.preserveUnknown) == true {
            return try any(depth: depth + 1)
        }
        return try pruned(depth: depth + 1)
    }

    private mutating func pruned(depth: Int) throws(DecodeError) -> Value {
        guard depth < JSONScanner.depthMax else {
            throw located(.limit, "nested deeper than \(JSONScanner.depthMax) levels")
        }
        var first = true
        switch scanner.peek() {
        case 123:
            scanner.position += 1
            while try scanner.nextMember(&first) {
                path.append(.key(try scanner.string()))
                try scanner.expect(58, "':'")
                note(.unknown)
                path.removeLast()
                try scanner.skipValue(depth: depth)
            }
            return .map(Map())
        case 91:
            scanner.position += 1
            var values: [Value] = []
            while try scanner.nextElement(&first) {
                path.append(.index(values.count))
                values.append(try pruned(depth: depth + 1))
                path.removeLast()
            }
            return .list(values)
        default: return try any(depth: depth)
        }
    }

    /// Whether what comes is an object, or where the type says so a list, that the type can hold.
    private mutating func isObject(of type: ObjectType?) -> Bool {
        guard let type else { return false }
        return scanner.peek() == (type.flags.contains(.listForm) ? 91 : 123)
    }

    /// The scalars that are strings with a form.
    private mutating func text(_ scalar: Scalar) throws(DecodeError) -> Value {
        if scalar == .quantity, isNumber(scanner.peek()) {
            let start = scanner.position
            _ = try scanner.number()
            let digits = String(decoding: scanner.bytes[start..<scanner.position], as: UTF8.self)
            guard let quantity = Quantity(digits) else { throw mismatch("a quantity") }
            return .string(quantity.description)
        }
        guard scanner.peek() == 34 else { throw mismatch("a string") }
        let start = scanner.position
        let text = try scanner.string()
        func invalid(_ expected: String) -> DecodeError {
            DecodeError(.type, path: pathText, offset: start, "expected \(expected), found \(text.debugDescription)")
        }
        switch scalar {
        case .quantity:
            guard let quantity = Quantity(text.trimmingASCIISpace) else {
                throw invalid("a quantity such as 500m, 1.5 or 256Mi\(Quantity.hint(text))")
            }
            return .string(quantity.description)
        case .time:
            guard let time = Timestamp(rfc3339: text) else { throw invalid("a time such as 2026-01-02T03:04:05Z") }
            return .int(time.seconds)
        case .microtime:
            guard text.hasSixDigitsOfASecond, let time = Timestamp(rfc3339: text) else {
                throw invalid("a time such as 2026-01-02T03:04:05.000000Z, with six digits after the point")
            }
            return .int(time.microseconds)
        case .duration:
            guard let duration = GoDuration.parse(text) else { throw invalid("a duration such as 1m30s") }
            return .int(duration)
        default:
            guard let bytes = Base64.decode(text) else { throw invalid("base64") }
            return .bytes(bytes)
        }
    }

    private mutating func integer(_ range: ClosedRange<Int64>) throws(DecodeError) -> Int64 {
        guard isNumber(scanner.peek()) else { throw mismatch("a whole number") }
        let start = scanner.position
        guard case .int(let number) = try scanner.number(), range.contains(number) else {
            let digits = String(decoding: scanner.bytes[start..<scanner.position], as: UTF8.self)
            throw DecodeError(
                .type, path: pathText, offset: start,
                "expected a whole number from \(range.lowerBound) to \(range.upperBound), found \(digits)")
        }
        return number
    }

    private mutating func rawJSON() throws(DecodeError) -> RawJSON {
        scanner.skipSpace()
        let start = scanner.position
        try scanner.skipValue(depth: path.count)
        return RawJSON(
            text: JSONCompactor.compact(UnsafeBufferPointer(rebasing: scanner.bytes[start..<scanner.position])))
    }

    /// A value without a schema: objects as maps.
    private mutating func any(depth: Int) throws(DecodeError) -> Value {
        guard depth < JSONScanner.depthMax else {
            throw located(.limit, "nested deeper than \(JSONScanner.depthMax) levels")
        }
        switch scanner.peek() {
        case 123:
            scanner.position += 1
            var entries: [Map.Entry] = []
            var first = true
            while try scanner.nextMember(&first) {
                let key = try scanner.string()
                try scanner.expect(58, "':'")
                path.append(.key(key))
                entries.append(Map.Entry(key: key, value: try any(depth: depth + 1)))
                path.removeLast()
            }
            let map = Map(unsorted: entries)
            if map.count < entries.count { noteDuplicates(of: entries) }
            return .map(map)
        case 91:
            scanner.position += 1
            var values: [Value] = []
            var first = true
            while try scanner.nextElement(&first) {
                path.append(.index(values.count))
                values.append(try any(depth: depth + 1))
                path.removeLast()
            }
            return .list(values)
        case 34: return .string(try scanner.string())
        case 116:
            try scanner.literal("true")
            return .bool(true)
        case 102:
            try scanner.literal("false")
            return .bool(false)
        case 110:
            try scanner.literal("null")
            return .null
        default:
            switch try scanner.number() {
            case .int(let number): return .int(number)
            case .unsigned(let number): return .double(Double(number))
            case .double(let number): return .double(number)
            }
        }
    }

    @inline(__always) private func isNumber(_ byte: UInt8) -> Bool { byte == 45 || (byte >= 48 && byte <= 57) }

    // MARK: - Errors

    private mutating func note(_ problem: FieldIssue.Problem) {
        guard issues.count < JSONDecoder.issuesMax else { return }
        let issue = FieldIssue(problem: problem, path: pathText)
        // Said once, however often it comes.
        if !issues.contains(issue) { issues.append(issue) }
    }

    private mutating func noteDuplicates(of entries: [Map.Entry]) {
        var seen: Set<String> = []
        for entry in entries where !seen.insert(entry.key).inserted {
            path.append(.key(entry.key))
            note(.duplicate)
            path.removeLast()
        }
    }

    private func located(_ code: DecodeError.Code, _ message: String) -> DecodeError {
        DecodeError(code, path: pathText, offset: scanner.position, message)
    }

    private mutating func mismatch(_ expected: String) -> DecodeError {
        let found =
            switch scanner.peek() {
            case 123: "an object"
            case 91: "a list"
            case 34: "a string"
            case 116, 102: "a boolean"
            case 110: "null"
            case 45, 48...57: "a number"
            default: ""
            }
        guard !found.isEmpty else { return scanner.unexpected(expected) }
        return located(.type, "expected \(expected), found \(found)")
    }

    private var pathText: String {
        var text = ""
        for step in path {
            switch step {
            case .field(let field): text += text.isEmpty ? field.name : ".\(field.name)"
            case .key(let key): text += text.isEmpty ? key : ".\(key)"
            case .index(let index): text += "[\(index)]"
            }
        }
        return text
    }
}

extension Value {
    /// Whether a field without presence of its own would be left unset for this value.
    @inline(__always) var isZero: Bool {
        switch self {
        case .null: true
        case .bool(let flag): !flag
        case .int(let number): number == 0
        case .double(let number): number == 0
        case .string(let text): text.isEmpty
        case .bytes(let bytes): bytes.isEmpty
        case .list(let values): values.isEmpty
        case .map(let map): map.isEmpty
        case .object(let object): object.isEmpty
        case .raw: false
        }
    }
}

extension Field {
    /// Whether an empty list or map is the same as none. It is where the field is left out when empty, and where objects
    /// are stored as protobuf, which has no other word for it: such a field is written as null. A list says that it has no
    /// items, and what has no protobuf keeps what was sent.
    fileprivate var isNothingWhenEmpty: Bool {
        guard !flags.contains(.pointer) else { return false }
        return !flags.contains(.always) || number != 0 && name != "items"
    }

    /// What stands for null inside a list or map of this field.
    var zeroElement: Value {
        switch scalar {
        case .object: type.map { .object(Object(type: $0)) } ?? .null
        case .string, .duration, .quantity:
            scalar == .quantity ? .string("0") : scalar == .duration ? .int(0) : .string("")
        case .bool: .bool(false)
        case .int32, .int64, .uint32, .uint64, .intorstring: .int(0)
        case .time, .microtime: .null
        case .double, .float: .double(0)
        case .bytes: .bytes([])
        case .strings: .list([])
        case .raw, .json, .fieldsv1: .raw(RawJSON(text: "null"))
        case .any: .null
        }
    }
}

extension Quantity {
    /// What was probably meant where a text is nearly a quantity.
    static func hint(_ text: String) -> String {
        let joined = text.filter { $0 != " " }
        if joined != text, Quantity(joined) != nil { return " (write \(joined), without the blank)" }
        let fixes = [
            "KB": "k", "MB": "M", "GB": "G", "KiB": "Ki", "MiB": "Mi", "GiB": "Gi", "K": "k", "Kb": "k", "mi": "Mi",
            "gi": "Gi", "ki": "Ki",
        ]
        for (wrong, right) in fixes.sorted(by: { $0.key.count > $1.key.count }) where joined.hasSuffix(wrong) {
            let fixed = joined.dropLast(wrong.count) + right
            if Quantity(fixed) != nil { return " (write \(fixed))" }
        }
        return ""
    }
}

extension String {
    /// Whether a time is written to the microsecond, neither less nor more, which is what upstream's MicroTime takes.
    var hasSixDigitsOfASecond: Bool {
        let rest = utf8.drop { $0 != 46 }.dropFirst()
        let digits = rest.prefix { $0 >= 48 && $0 <= 57 }.count
        return digits == 6
    }

    var trimmingASCIISpace: Substring {
        var text = self[...]
        while let first = text.first, first == " " || first == "\t" || first == "\n" { text = text.dropFirst() }
        while let last = text.last, last == " " || last == "\t" || last == "\n" { text = text.dropLast() }
        return text
    }
}
