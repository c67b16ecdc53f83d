/// Turns bytes into frames, however they are split. After an error the connection is over.
///
/// Data is handed on as it comes, so that memory does not follow a declared length; a control frame waits until it is
/// whole, and is bounded.
package struct SPDYDecoder: ~Copyable {
    /// What a control frame may declare. Clients of Kubernetes send a few dozen bytes.
    package static let controlBytesMax = 256 << 10
    /// Header fields of one block (the limit of Go's implementation).
    package static let fieldsMax = 1000

    private enum Phase {
        case head
        case control(type: UInt16, flags: UInt8, count: Int)
        case data(id: UInt32, fin: Bool, left: Int)
        case broken(SPDYError)
    }

    private var phase = Phase.head
    private var buffer: [UInt8] = []
    private var inflater = HeaderInflater()

    package init() {}

    /// The frames that these bytes complete, in order. What came before an error is in `frames` too.
    package mutating func feed(_ bytes: [UInt8], _ frames: inout [SPDYFrame]) throws(SPDYError) {
        do throws(SPDYError) {
            var rest = bytes[...]
            while !rest.isEmpty { try step(&rest, &frames) }
        } catch {
            phase = .broken(error)
            buffer = []
            throw error
        }
    }

    private mutating func step(_ rest: inout ArraySlice<UInt8>, _ frames: inout [SPDYFrame]) throws(SPDYError) {
        switch phase {
        case .broken(let error): throw error
        case .head:
            guard take(8, &rest) else { return }
            try head(&frames)
        case .control(let type, let flags, let count):
            guard take(count, &rest) else { return }
            let payload = buffer
            buffer = []
            phase = .head
            if let frame = try control(type, flags, payload) { frames.append(frame) }
        case .data(let id, let fin, let left):
            let piece = rest.prefix(left)
            rest = rest.dropFirst(piece.count)
            let isLast = piece.count == left
            phase = isLast ? .head : .data(id: id, fin: fin, left: left - piece.count)
            frames.append(.data(id: id, fin: fin && isLast, Array(piece)))
        }
    }

    /// Fills `buffer` up to `count` bytes; false where more must come.
    private mutating func take(_ count: Int, _ rest: inout ArraySlice<UInt8>) -> Bool {
        let piece = rest.prefix(count - buffer.count)
        buffer += piece
        rest = rest.dropFirst(piece.count)
        return buffer.count == count
    }

    private mutating func head(_ frames: inout [SPDYFrame]) throws(SPDYError) {
        var reader = Reader(buffer[...])
        buffer = []
        let first = try reader.word()
        let second = try reader.word()
        let flags = UInt8(truncatingIfNeeded: second >> 24)
        let count = Int(second & 0xFF_FFFF)
        guard first & 0x8000_0000 != 0 else {
            guard first != 0 else { throw SPDYError(.malformed, "a data frame names no stream") }
            let fin = flags & 1 != 0
            if count == 0 {
                frames.append(.data(id: first, fin: fin, []))
            } else {
                phase = .data(id: first, fin: fin, left: count)
            }
            return
        }
        let version = first >> 16 & 0x7FFF
        guard version == 3 else { throw SPDYError(.malformed, "a control frame has version \(version), not 3") }
        guard count <= SPDYDecoder.controlBytesMax else {
            throw SPDYError(.tooLarge, "a control frame declares \(count) bytes")
        }
        let type = UInt16(truncatingIfNeeded: first)
        guard count > 0 else {
            // Without a payload no known frame is whole; an unknown one is passed over.
            guard (1...9).contains(type), type != 5 else { return }
            throw SPDYError(.malformed, "a control frame of type \(type) is empty")
        }
        phase = .control(type: type, flags: flags, count: count)
    }

    private mutating func control(
        _ type: UInt16, _ flags: UInt8, _ payload: [UInt8]
    ) throws(SPDYError) -> SPDYFrame? {
        var reader = Reader(payload[...])
        switch type {
        case 1:
            let id = try reader.stream()
            let associated = try reader.word() & 0x7FFF_FFFF
            let priority = try reader.byte() >> 5
            _ = try reader.byte()
            return .synStream(
                id: id, associated: associated, priority: priority, fin: flags & 1 != 0,
                unidirectional: flags & 2 != 0, try headers(reader.rest))
        case 2: return .synReply(id: try reader.stream(), fin: flags & 1 != 0, try headers(reader.rest))
        case 3:
            let id = try reader.stream()
            return .reset(id: id, status: try reader.last())
        case 4:
            let count = try reader.word()
            guard reader.rest.count % 8 == 0, Int(count) == reader.rest.count / 8 else {
                throw SPDYError(.malformed, "a settings frame declares \(count) settings that it does not hold")
            }
            var settings: [SPDYFrame.Setting] = []
            for _ in 0..<Int(count) {
                let id = try reader.word()
                let value = try reader.word()
                settings.append(.init(flags: UInt8(truncatingIfNeeded: id >> 24), id: id, value: value))
            }
            return .settings(settings)
        case 6: return .ping(try reader.last())
        case 7:
            let last = try reader.word() & 0x7FFF_FFFF
            return .goAway(lastGood: last, status: try reader.last())
        case 8: return .headers(id: try reader.stream(), fin: flags & 1 != 0, try headers(reader.rest))
        case 9:
            let id = try reader.word() & 0x7FFF_FFFF
            return .windowUpdate(id: id, delta: try reader.last() & 0x7FFF_FFFF)
        default: return nil
        }
    }

    private mutating func headers(_ block: ArraySlice<UInt8>) throws(SPDYError) -> SPDYHeaders {
        let plain = try inflater.inflate(block)
        var reader = Reader(plain[...])
        let count = try reader.word()
        guard count <= UInt32(SPDYDecoder.fieldsMax) else {
            throw SPDYError(.tooLarge, "a header block declares \(count) fields")
        }
        var headers = SPDYHeaders()
        var seen: Set<String> = []
        for _ in 0..<Int(count) {
            let name = try reader.text()
            let value = try reader.text()
            guard !name.isEmpty, !name.utf8.contains(where: { $0 >= 65 && $0 <= 90 }) else {
                throw SPDYError(.malformed, "a header block has a name that is not in lower case")
            }
            guard seen.insert(name).inserted else {
                throw SPDYError(.malformed, "a header block names \(name.debugDescription) twice")
            }
            headers.append(name, value)
        }
        guard reader.rest.isEmpty else { throw SPDYError(.malformed, "a header block is longer than its fields") }
        return headers
    }
}

/// Reads big-endian numbers and counted text, and never past the end.
private struct Reader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    mutating func byte() throws(SPDYError) -> UInt8 {
        guard let first = rest.popFirst() else { throw SPDYError(.malformed, "a control frame ends early") }
        return first
    }

    mutating func word() throws(SPDYError) -> UInt32 {
        guard rest.count >= 4 else { throw SPDYError(.malformed, "a control frame ends early") }
        defer { rest = rest.dropFirst(4) }
        return rest.prefix(4).reduce(0) { $0 << 8 | UInt32($1) }
    }

    /// A word that ends the frame.
    mutating func last() throws(SPDYError) -> UInt32 {
        let value = try word()
        guard rest.isEmpty else { throw SPDYError(.malformed, "a control frame is too long") }
        return value
    }

    mutating func stream() throws(SPDYError) -> UInt32 {
        let id = try word() & 0x7FFF_FFFF
        guard id > 0 else { throw SPDYError(.malformed, "a control frame names no stream") }
        return id
    }

    mutating func text() throws(SPDYError) -> String {
        let count = try word()
        guard count <= UInt32(truncatingIfNeeded: rest.count) else {
            throw SPDYError(.malformed, "a header block ends early")
        }
        defer { rest = rest.dropFirst(Int(count)) }
        guard let text = String(validating: rest.prefix(Int(count)), as: UTF8.self) else {
            throw SPDYError(.malformed, "a header block is not UTF-8")
        }
        return text
    }
}
