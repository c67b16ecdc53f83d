import MartinetRegularExpressions

extension CELEnvironment {
    /// `base64.encode` and `base64.decode` (RFC 4648); padding may be left out.
    package mutating func addEncoders() {
        add(
            "base64.decode",
            [
                CELOverload(
                    "base64_decode_string", [.string], .bytes,
                    .unary {
                        guard case .string(let text) = $0 else { return .noSuchOverload("base64.decode") }
                        return CELBase64.decode(text).map { .bytes($0) } ?? .failure("illegal base64 data")
                    })
            ])
        add(
            "base64.encode",
            [
                CELOverload(
                    "base64_encode_bytes", [.bytes], .string,
                    .unary {
                        guard case .bytes(let bytes) = $0 else { return .noSuchOverload("base64.encode") }
                        return .string(CELBase64.encode(bytes))
                    })
            ])
    }

    /// `regex.extract`, `regex.extractAll` and `regex.replace`. Source: the regex extension of the reference.
    package mutating func addRegex() {
        add(
            "regex.extract",
            [
                CELOverload(
                    "regex_extract_string_string", [.string, .string], .optional(.string),
                    .binary { text, pattern in
                        CELPattern.apply(text, pattern, limit: 1) { text, matches in
                            guard let match = matches.first else { return .optional(.none) }
                            let part = CELPattern.part(text, match)
                            if match.count > 2, part.isEmpty { return .optional(.none) }
                            return .optional(CELOptional(.string(text: part)))
                        }
                    })
            ])
        add(
            "regex.extractAll",
            [
                CELOverload(
                    "regex_extractAll_string_string", [.string, .string], .list(.string),
                    .binary { text, pattern in
                        CELPattern.apply(text, pattern, limit: .max) { text, matches in
                            .list(
                                matches.compactMap { match in
                                    let part = CELPattern.part(text, match)
                                    return match.count > 2 && part.isEmpty ? nil : .string(text: part)
                                })
                        }
                    })
            ])
        add(
            "regex.replace",
            [
                CELOverload(
                    "regex_replace_string_string_string", [.string, .string, .string], .string,
                    .variadic { CELPattern.replace($0) }),
                CELOverload(
                    "regex_replace_string_string_string_int", [.string, .string, .string, .int], .string,
                    .variadic { CELPattern.replace($0) }),
            ])
    }
}

/// What is done with the places where a pattern is found.
package enum CELPattern {
    package static func matches(
        _ text: [Unicode.Scalar], _ pattern: String, limit: Int, groupsMax: Int = .max
    ) -> Result<[[Int]], CELFailure> {
        do throws(RegularExpressionError) {
            let regex = try RegularExpression(pattern)
            guard regex.groupCount <= groupsMax else {
                return .failure(CELFailure("regular expression has more than one capturing group: \(pattern)"))
            }
            let most = CELArithmetic.elementsMax
            let matches = try regex.matches(in: text, limit: min(limit, most + 1))
            guard matches.count <= most else { return .failure(CELFailure("the pattern is found too often")) }
            return .success(matches)
        } catch {
            return .failure(CELFailure("error parsing regexp: \(error.message)"))
        }
    }

    static func apply(
        _ text: CELValue, _ pattern: CELValue, limit: Int, _ body: ([Unicode.Scalar], [[Int]]) -> CELValue
    ) -> CELValue {
        guard case .string(let text) = text, case .string(let pattern) = pattern else {
            return .noSuchOverload("regex")
        }
        let scalars = Array(text.unicodeScalars)
        switch matches(scalars, pattern, limit: limit, groupsMax: 1) {
        case .success(let matches): return body(scalars, matches)
        case .failure(let failure): return .error(failure)
        }
    }

    /// The group where there is one, else the whole match.
    static func part(_ text: [Unicode.Scalar], _ match: [Int]) -> ArraySlice<Unicode.Scalar> {
        let offset = match.count > 2 ? 2 : 0
        return match[offset] < 0 ? [] : text[match[offset]..<match[offset + 1]]
    }

    /// `regex.replace(text, pattern, replacement, count)`: `\1` to `\9` stand for groups, `\0` for the match.
    static func replace(_ values: [CELValue]) -> CELValue {
        guard values.count >= 3, case .string(let text) = values[0], case .string(let pattern) = values[1],
            case .string(let replacement) = values[2]
        else { return .noSuchOverload("regex.replace") }
        var limit = Int.max
        if values.count == 4, case .int(let count) = values[3] {
            if count == 0 { return values[0] }
            if count > 0 { limit = Int(count) }
        }
        let scalars = Array(text.unicodeScalars)
        let found: [[Int]]
        switch matches(scalars, pattern, limit: limit) {
        case .success(let matches): found = matches
        case .failure(let failure): return .error(failure)
        }
        let template = Array(replacement.unicodeScalars)
        var result: [Unicode.Scalar] = []
        var position = 0
        for match in found {
            result += scalars[position..<match[0]]
            if let message = append(template, match, scalars, to: &result) { return .failure(message) }
            position = match[1]
            guard result.count <= CELArithmetic.sizeMax else { return .tooLarge }
        }
        return .string(text: result + scalars[position...])
    }

    private static func append(
        _ template: [Unicode.Scalar], _ match: [Int], _ text: [Unicode.Scalar], to result: inout [Unicode.Scalar]
    ) -> String? {
        var index = 0
        while index < template.count {
            let scalar = template[index]
            index += 1
            guard scalar == "\\" else {
                result.append(scalar)
                continue
            }
            guard index < template.count else { return "invalid replacement string: \\ not allowed at end" }
            let next = template[index]
            index += 1
            if next == "\\" {
                result.append(next)
            } else if CELLexer.isDigit(next) {
                let group = Int(next.value - 48) * 2
                guard group + 1 < match.count else { return "replacement string references group \(group / 2)" }
                if match[group] >= 0 { result += text[match[group]..<match[group + 1]] }
            } else {
                return "invalid replacement string: \\ must be followed by a digit or \\"
            }
        }
        return nil
    }
}

enum CELBase64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
    private static let values: [UInt8: UInt32] = {
        var values: [UInt8: UInt32] = [:]
        for (index, byte) in alphabet.enumerated() { values[byte] = UInt32(index) }
        return values
    }()

    static func encode(_ bytes: [UInt8]) -> String {
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            let count = min(3, bytes.count - index)
            var group: UInt32 = 0
            for offset in 0..<3 { group = group << 8 | (offset < count ? UInt32(bytes[index + offset]) : 0) }
            for offset in 0..<4 {
                result.append(offset <= count ? alphabet[Int(group >> UInt32(18 - offset * 6) & 63)] : 61)
            }
            index += 3
        }
        return String(decoding: result, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var bytes = Array(text.utf8)
        var padding = 0
        while bytes.last == 61, padding < 2 {
            bytes.removeLast()
            padding += 1
        }
        guard padding == 0 || (bytes.count + padding) % 4 == 0, bytes.count % 4 != 1 else { return nil }
        var result: [UInt8] = []
        var group: UInt32 = 0
        var bits = 0
        for byte in bytes {
            guard let value = values[byte] else { return nil }
            group = (group << 6 | value) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                result.append(UInt8(truncatingIfNeeded: group >> UInt32(bits)))
            }
        }
        return result
    }
}
