/// A message in protobuf's text format: enough of it to read vectors.
struct TextProto {
    enum Value {
        case message(TextProto)
        /// A quoted text as its bytes, joined where several follow each other.
        case text([UInt8])
        case word(String)
    }

    private(set) var fields: [(name: String, value: Value)] = []

    func all(_ name: String) -> [Value] { fields.filter { $0.name == name }.map(\.value) }
    func messages(_ name: String) -> [TextProto] {
        all(name).compactMap { if case .message(let message) = $0 { message } else { nil } }
    }
    func message(_ name: String) -> TextProto? { messages(name).first }
    func text(_ name: String) -> String? {
        for case .text(let bytes) in all(name) { return String(decoding: bytes, as: UTF8.self) }
        return nil
    }
    func word(_ name: String) -> String? {
        for case .word(let word) in all(name) { return word }
        return nil
    }

    /// Whether a word occurs in a text or a name anywhere in it.
    func mentions(_ word: String) -> Bool {
        fields.contains { name, value in
            switch value {
            case .message(let message): name.contains(word) || message.mentions(word)
            case .text(let bytes): String(decoding: bytes, as: UTF8.self).contains(word)
            case .word: name.contains(word)
            }
        }
    }

    init(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        self = reader.message()
    }

    private init() {}

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        var current: UInt8 { position < bytes.count ? bytes[position] : 0 }

        mutating func skip() {
            while position < bytes.count {
                if current == 35 {
                    while position < bytes.count, current != 10 { position += 1 }
                } else if current <= 32 || current == 44 || current == 59 {
                    position += 1
                } else {
                    return
                }
            }
        }

        mutating func message() -> TextProto {
            var message = TextProto()
            while true {
                skip()
                guard position < bytes.count, current != 125 else { return message }
                let name = self.name()
                skip()
                if current == 58 { position += 1 }
                skip()
                if current == 91, name.first != "[" {
                    position += 1
                    skip()
                    while position < bytes.count, current != 93 {
                        message.fields.append((name, value()))
                        skip()
                    }
                    position += 1
                } else {
                    message.fields.append((name, value()))
                }
            }
        }

        mutating func name() -> String {
            var name: [UInt8] = []
            if current == 91 {
                while position < bytes.count, current != 93 {
                    name.append(current)
                    position += 1
                }
                name.append(93)
                position += 1
            } else {
                while isWord(current) {
                    name.append(current)
                    position += 1
                }
                if name.isEmpty { position += 1 }
            }
            return String(decoding: name, as: UTF8.self)
        }

        func isWord(_ byte: UInt8) -> Bool {
            byte == 95 || byte == 46 || byte == 45 || byte == 43 || (byte >= 48 && byte <= 57)
                || (byte | 32 >= 97 && byte | 32 <= 122)
        }

        mutating func value() -> Value {
            if current == 123 {
                position += 1
                let inner = message()
                position += 1
                return .message(inner)
            }
            guard current == 34 || current == 39 else { return .word(name()) }
            var text: [UInt8] = []
            while current == 34 || current == 39 {
                text += quoted()
                skip()
            }
            return .text(text)
        }

        mutating func quoted() -> [UInt8] {
            let quote = current
            position += 1
            var text: [UInt8] = []
            while position < bytes.count, current != quote {
                guard current == 92 else {
                    text.append(current)
                    position += 1
                    continue
                }
                position += 1
                let escaped = current
                position += 1
                let simple: [UInt8: UInt8] = [
                    97: 7, 98: 8, 102: 12, 110: 10, 114: 13, 116: 9, 118: 11, 63: 63, 92: 92, 39: 39, 34: 34,
                ]
                if let byte = simple[escaped] {
                    text.append(byte)
                } else if escaped == 120 {
                    text.append(UInt8(truncatingIfNeeded: digits(2, 16)))
                } else if escaped == 117 || escaped == 85 {
                    let value = UInt32(digits(escaped == 117 ? 4 : 8, 16))
                    text += Array(String(Unicode.Scalar(value) ?? "?").utf8)
                } else {
                    position -= 1
                    text.append(UInt8(truncatingIfNeeded: digits(3, 8)))
                }
            }
            position += 1
            return text
        }

        mutating func digits(_ most: Int, _ radix: Int) -> Int {
            var value = 0
            for _ in 0..<most {
                guard let digit = Character(Unicode.Scalar(current)).hexDigitValue, digit < radix else { break }
                value = value * radix + digit
                position += 1
            }
            return value
        }
    }
}
