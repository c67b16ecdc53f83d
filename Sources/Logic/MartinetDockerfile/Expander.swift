/// Replaces variables, and takes quotes and escapes away (Dockerfile reference, "Environment replacement").
package struct Expander: Sendable {
    package var variables: [String: String]
    package var escape: UInt8
    /// No value grows beyond this: `ENV a=$a$a`, often enough, would.
    static let bytesMax = 1 << 20
    private static let depthMax = 16

    package init(variables: [String: String], escape: UInt8 = UInt8(ascii: "\\")) {
        self.variables = variables
        self.escape = escape
    }

    package func expand(_ word: Word) throws(DockerfileError) -> String {
        var rest = Array(word.raw.utf8)[...]
        let out = try run(&rest, until: nil, depth: 0, place: word.place)
        return text(out[...])
    }

    /// As `expand`; blanks that a variable brought cut the result into words: what EXPOSE wants.
    package func words(_ word: Word) throws(DockerfileError) -> [String] {
        try expand(word).utf8.split { isBlank($0) }.map { String($0) ?? "" }
    }

    /// Variables only, quotes left alone: for here-documents.
    package func expandVariables(_ content: String, place: SourcePlace) throws(DockerfileError) -> String {
        var rest = Array(content.utf8)[...]
        var out: [UInt8] = []
        while let byte = rest.popFirst() {
            if byte == escape, let next = rest.first, next == UInt8(ascii: "$") || next == escape {
                out.append(next)
                rest = rest.dropFirst()
            } else if byte == UInt8(ascii: "$") {
                out += try variable(&rest, depth: 0, place: place)
            } else {
                out.append(byte)
            }
            try check(out, place)
        }
        return text(out[...])
    }

    private func check(_ out: [UInt8], _ place: SourcePlace) throws(DockerfileError) {
        guard out.count <= Expander.bytesMax else {
            throw DockerfileError(
                place, "the value is longer than \(Expander.bytesMax) bytes once its variables are replaced")
        }
    }

    private func run(
        _ rest: inout ArraySlice<UInt8>, until end: UInt8?, depth: Int, place: SourcePlace
    ) throws(DockerfileError) -> [UInt8] {
        guard depth < Expander.depthMax else {
            throw DockerfileError(place, "variables nested deeper than \(Expander.depthMax)")
        }
        var out: [UInt8] = []
        var doubleQuoted = false
        while let byte = rest.popFirst() {
            try check(out, place)
            if byte == end, !doubleQuoted { return out }
            switch byte {
            case UInt8(ascii: "'") where !doubleQuoted:
                while let inner = rest.popFirst(), inner != UInt8(ascii: "'") { out.append(inner) }
            case UInt8(ascii: "\""): doubleQuoted.toggle()
            case UInt8(ascii: "$"): out += try variable(&rest, depth: depth, place: place)
            case escape:
                guard let next = rest.popFirst() else {
                    out.append(byte)
                    break
                }
                // Inside double quotes only these lose the escape, as in a shell.
                if doubleQuoted, next != UInt8(ascii: "\""), next != UInt8(ascii: "$"), next != escape {
                    out.append(byte)
                }
                out.append(next)
            default: out.append(byte)
            }
        }
        guard end == nil else { throw DockerfileError(place, "expected } after a variable") }
        return out
    }

    private func variable(
        _ rest: inout ArraySlice<UInt8>, depth: Int, place: SourcePlace
    ) throws(DockerfileError) -> [UInt8] {
        guard rest.first == UInt8(ascii: "{") else {
            let name = rest.prefix { isNameByte($0) }
            guard let first = name.first else { return [UInt8(ascii: "$")] }
            // A shell's positional parameters are one digit long.
            let taken = isDigit(first) ? name.prefix(1) : name
            rest = rest.dropFirst(taken.count)
            return Array((variables[text(taken)] ?? "").utf8)
        }
        rest = rest.dropFirst()
        let name = text(rest.prefix { isNameByte($0) })
        rest = rest.dropFirst(name.utf8.count)
        guard !name.isEmpty else { throw DockerfileError(place, "expected a variable's name after ${") }
        guard var sign = rest.popFirst() else { throw DockerfileError(place, "expected } after ${\(name)") }
        let value = variables[name]
        if sign == UInt8(ascii: "}") { return Array((value ?? "").utf8) }
        var isSet = value != nil
        if sign == UInt8(ascii: ":") {
            isSet = isSet && value?.isEmpty == false
            sign = rest.popFirst() ?? 0
        }
        guard [UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "?")].contains(sign) else {
            throw DockerfileError(
                place, "${\(name)…}: expected :-, :+, :?, -, + or ?; patterns in variables are not supported yet")
        }
        let other = try run(&rest, until: UInt8(ascii: "}"), depth: depth + 1, place: place)
        switch sign {
        case UInt8(ascii: "-"): return isSet ? Array((value ?? "").utf8) : other
        case UInt8(ascii: "+"): return isSet ? other : []
        default:
            if isSet { return Array((value ?? "").utf8) }
            throw DockerfileError(place, "\(name): \(other.isEmpty ? "is not set" : text(other[...]))")
        }
    }
}
