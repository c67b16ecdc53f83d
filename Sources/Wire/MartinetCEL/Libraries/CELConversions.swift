/// The functions that turn a value into one of another type.
enum CELConversions {
    static func int(_ value: CELValue) -> CELValue {
        switch value {
        case .int: return value
        case .uint(let number): return number <= UInt64(Int64.max) ? .int(Int64(number)) : .overflow
        case .double(let number):
            let whole = number.rounded(.towardZero)
            guard whole > -9_223_372_036_854_775_808, whole < 9_223_372_036_854_775_808,
                let exact = Int64(exactly: whole)
            else { return .overflow }
            return .int(exact)
        case .string(let text): return parse(text)
        case .timestamp(let moment): return .int(moment.seconds)
        case .duration(let span): return .int(span.nanoseconds)
        default: return .noSuchOverload("int")
        }
    }

    private static func parse(_ text: String) -> CELValue {
        guard let number = Int64(text) else { return .failure("type conversion error from 'string' to 'int'") }
        return .int(number)
    }

    static func uint(_ value: CELValue) -> CELValue {
        switch value {
        case .uint: return value
        case .int(let number): return number >= 0 ? .uint(UInt64(number)) : .failure("unsigned integer overflow")
        case .double(let number):
            let whole = number.rounded(.towardZero)
            guard number >= 0, whole < 18_446_744_073_709_551_616, let exact = UInt64(exactly: whole) else {
                return .failure("unsigned integer overflow")
            }
            return .uint(exact)
        case .string(let text):
            guard let number = UInt64(text), !text.hasPrefix("+") else {
                return .failure("type conversion error from 'string' to 'uint'")
            }
            return .uint(number)
        default: return .noSuchOverload("uint")
        }
    }

    static func double(_ value: CELValue) -> CELValue {
        switch value {
        case .double: return value
        case .int(let number): return .double(Double(number))
        case .uint(let number): return .double(Double(number))
        case .string(let text):
            guard let number = CELConversions.number(text) else {
                return .failure("type conversion error from 'string' to 'double'")
            }
            return .double(number)
        default: return .noSuchOverload("double")
        }
    }

    /// A decimal number, infinity or none, in any case of letters.
    static func number(_ text: String) -> Double? {
        guard !text.isEmpty, text.utf8.count < 2000 else { return nil }
        switch text.lowercased() {
        case "nan": return .nan
        case "inf", "+inf", "infinity", "+infinity": return .infinity
        case "-inf", "-infinity": return -.infinity
        default: break
        }
        let allowed = text.utf8.allSatisfy { byte in
            (byte >= 48 && byte <= 57) || byte == 43 || byte == 45 || byte == 46 || byte == 69 || byte == 101
        }
        guard allowed, let number = Double(text), number.isFinite else { return nil }
        return number
    }

    static func string(_ value: CELValue) -> CELValue {
        switch value {
        case .string: return value
        case .bool(let value): return .string(value ? "true" : "false")
        case .int(let number): return .string(String(number))
        case .uint(let number): return .string(String(number))
        case .double(let number): return .string(CELText.text(number))
        case .bytes(let bytes):
            guard let text = String(validating: bytes, as: UTF8.self) else {
                return .failure("invalid UTF-8 in bytes, cannot convert to string")
            }
            return .string(text)
        case .timestamp(let moment): return .string(moment.text)
        case .duration(let span): return .string(span.secondsText)
        default: return .noSuchOverload("string")
        }
    }

    static func bytes(_ value: CELValue) -> CELValue {
        switch value {
        case .bytes: value
        case .string(let text): .bytes(Array(text.utf8))
        default: .noSuchOverload("bytes")
        }
    }

    static func bool(_ value: CELValue) -> CELValue {
        switch value {
        case .bool: return value
        case .string(let text):
            switch text {
            case "1", "t", "T", "true", "TRUE", "True": return .bool(true)
            case "0", "f", "F", "false", "FALSE", "False": return .bool(false)
            default: return .failure("type conversion error from 'string' to 'bool'")
            }
        default: return .noSuchOverload("bool")
        }
    }

    static func timestamp(_ value: CELValue) -> CELValue {
        switch value {
        case .timestamp: value
        case .int(let seconds): CELTimestamp(seconds: seconds).map { .timestamp($0) } ?? .failure("timestamp overflow")
        case .string(let text):
            CELTimestamp(text: text).map { .timestamp($0) }
                ?? .failure("type conversion error from 'string' to 'google.protobuf.Timestamp'")
        default: .noSuchOverload("timestamp")
        }
    }

    static func duration(_ value: CELValue) -> CELValue {
        switch value {
        case .duration: value
        case .int(let nanoseconds): .duration(CELDuration(nanoseconds: nanoseconds))
        case .string(let text):
            CELDuration(text: text).map { .duration($0) }
                ?? .failure("type conversion error from 'string' to 'google.protobuf.Duration'")
        default: .noSuchOverload("duration")
        }
    }
}
