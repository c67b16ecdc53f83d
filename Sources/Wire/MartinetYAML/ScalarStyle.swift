/// How go-yaml v2 writes a string: plain where it reads back as the same string, quoted or as a block where not.
struct ScalarStyle {
    enum Kind { case plain, single, double, literal }

    let kind: Kind
    /// False where a key takes a line of its own after `? `.
    let isSimpleKey: Bool
    let isMultiline: Bool

    init(value text: String) {
        var text = text
        self = text.withUTF8 { ScalarStyle($0, isKey: false) }
    }

    init(key text: String) {
        var text = text
        self = text.withUTF8 { ScalarStyle($0, isKey: true) }
    }

    private init(_ bytes: UnsafeBufferPointer<UInt8>, isKey: Bool) {
        let facts = ScalarFacts(bytes)
        isMultiline = facts.multiline
        isSimpleKey = !facts.multiline && bytes.count <= 128
        var kind = Kind.double
        if bytes.contains(UInt8(ascii: "\n")) {
            kind = .literal
        } else if Scalar.resolve(bytes) == .string, !Self.isBase60(bytes) {
            kind = .plain
        }
        if kind == .plain, !facts.plainAllowed { kind = .single }
        if kind == .single, !facts.singleAllowed { kind = .double }
        if kind == .literal, !facts.blockAllowed || isKey && isSimpleKey { kind = .double }
        self.kind = kind
    }

    /// `12:30:45` and its kin, which YAML 1.1 reads as numbers to the base of 60.
    private static func isBase60(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.contains(UInt8(ascii: ":")) else { return false }
        var index = 0
        func isDigit() -> Bool {
            index < bytes.count && bytes[index] >= UInt8(ascii: "0") && bytes[index] <= UInt8(ascii: "9")
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
        guard isDigit() else { return false }
        while isDigit() || index < bytes.count && bytes[index] == UInt8(ascii: "_") { index += 1 }
        var groups = 0
        while index < bytes.count, bytes[index] == UInt8(ascii: ":") {
            index += 1
            guard isDigit() else { return false }
            let first = bytes[index]
            index += 1
            if isDigit() {
                guard first <= UInt8(ascii: "5") else { return false }
                index += 1
            }
            groups += 1
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            while isDigit() || index < bytes.count && bytes[index] == UInt8(ascii: "_") { index += 1 }
        }
        return groups > 0 && index == bytes.count
    }
}

/// What the characters of a string allow. Source: libyaml's analysis of scalars, as go-yaml v2 has it.
struct ScalarFacts {
    private(set) var multiline = false
    private(set) var plainAllowed = true
    private(set) var singleAllowed = true
    private(set) var blockAllowed = true

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard !bytes.isEmpty else {
            blockAllowed = false
            return
        }
        var indicators = bytes.count >= 3 && (bytes.starts(with: "---".utf8) || bytes.starts(with: "...".utf8))
        var special = false
        var edge = false
        var trailingSpace = false
        var breakSpace = false
        var spaceBreak = false
        var previousSpace = false
        var previousBreak = false
        var afterBlank = true
        var index = 0
        while index < bytes.count {
            let width = Self.width(bytes[index])
            let next = index + width
            let beforeBlank = next >= bytes.count || bytes[next] == 0x20 || bytes[next] == 0x09
            if Self.isIndicator(bytes[index], first: index == 0, afterBlank: afterBlank, beforeBlank: beforeBlank) {
                indicators = true
            }
            if !Self.isPrintable(bytes, index) { special = true }
            let isSpace = bytes[index] == 0x20
            let isBreak = Self.isBreak(bytes, index)
            if isSpace || isBreak {
                if index == 0 || next >= bytes.count { edge = true }
                if isSpace && next >= bytes.count { trailingSpace = true }
                if isSpace && previousBreak { breakSpace = true }
                if isBreak && previousSpace { spaceBreak = true }
                if isBreak { multiline = true }
            }
            previousSpace = isSpace
            previousBreak = isBreak
            afterBlank = isSpace || isBreak || bytes[index] == 0x09 || bytes[index] == 0
            index = next
        }
        plainAllowed = !(edge || breakSpace || spaceBreak || special || multiline || indicators)
        singleAllowed = !(breakSpace || spaceBreak || special)
        blockAllowed = !(trailingSpace || spaceBreak || special)
    }

    private static func isIndicator(_ byte: UInt8, first: Bool, afterBlank: Bool, beforeBlank: Bool) -> Bool {
        switch Unicode.Scalar(byte) {
        case "#": first || afterBlank
        case ":": beforeBlank
        case "?", "-": first && beforeBlank
        case ",", "[", "]", "{", "}", "&", "*", "!", "|", ">", "'", "\"", "%", "@", "`": first
        default: false
        }
    }

    static func width(_ byte: UInt8) -> Int {
        switch byte {
        case 0..<0xC0: 1
        case 0xC0..<0xE0: 2
        case 0xE0..<0xF0: 3
        default: 4
        }
    }

    /// What go-yaml writes as it is: the basic plane without control characters, U+FEFF and U+FFFE; and no tab.
    static func isPrintable(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        let byte = bytes[index]
        let second = index + 1 < bytes.count ? bytes[index + 1] : 0
        let third = index + 2 < bytes.count ? bytes[index + 2] : 0
        switch byte {
        case 0x0A, 0x20...0x7E: return true
        case 0xC2: return second >= 0xA0
        case 0xC3..<0xED, 0xEE: return true
        case 0xED: return second < 0xA0
        case 0xEF: return !(second == 0xBB && third == 0xBF) && !(second == 0xBF && third >= 0xBE)
        default: return false
        }
    }

    /// CR, LF, NEL, LS, PS.
    static func isBreak(_ bytes: UnsafeBufferPointer<UInt8>, _ index: Int) -> Bool {
        let byte = bytes[index]
        if byte == 0x0A || byte == 0x0D { return true }
        guard byte == 0xC2 || byte == 0xE2 else { return false }
        let second = index + 1 < bytes.count ? bytes[index + 1] : 0
        let third = index + 2 < bytes.count ? bytes[index + 2] : 0
        return byte == 0xC2 && second == 0x85 || byte == 0xE2 && second == 0x80 && (third == 0xA8 || third == 0xA9)
    }
}
