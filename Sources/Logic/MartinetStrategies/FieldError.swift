/// One thing wrong with an object, as `Status.details.causes` reports it.
package struct FieldError: Sendable, Hashable, CustomStringConvertible {
    /// Upstream's `field.ErrorType`.
    package enum Reason: String, Sendable {
        case required = "FieldValueRequired"
        case invalid = "FieldValueInvalid"
        case notSupported = "FieldValueNotSupported"
        case duplicate = "FieldValueDuplicate"
        case forbidden = "FieldValueForbidden"
        case notFound = "FieldValueNotFound"
        case tooLong = "FieldValueTooLong"
        case tooMany = "FieldValueTooMany"
        case typeInvalid = "FieldValueTypeInvalid"
        case internalError = "InternalError"
    }

    package let reason: Reason
    /// Such as `spec.containers[0].image`.
    package let field: String
    package let message: String
    /// Which rule found it; stable, where the message is not.
    package let origin: String

    package init(_ reason: Reason, _ field: String, _ message: String, origin: String = "") {
        self.reason = reason
        self.field = field
        self.message = message
        self.origin = origin
    }

    package var description: String { "\(field): \(message)" }

    /// The message as an answer's cause has it: what kind of fault it is comes first, in upstream's words, which people and
    /// programs look for.
    package var cause: String {
        let kind = FieldError.words[reason] ?? ""
        guard !kind.isEmpty, !message.hasPrefix(kind) else { return message }
        guard reason == .invalid || reason == .notSupported, let comma = message.range(ofLast: ", not \"") else {
            return "\(kind): \(message)"
        }
        // What was found, which the message says at its end, stands before what is wrong with it.
        let found = message[comma.upperBound...]
        guard let quote = found.firstIndex(of: "\"") else { return "\(kind): \(message)" }
        let rest = found[found.index(after: quote)...]
        return "\(kind): \"\(found[..<quote])\": \(message[..<comma.lowerBound])\(rest)"
    }

    /// Source: apimachinery's `field.ErrorType`.
    private static let words: [Reason: String] = [
        .required: "Required value", .invalid: "Invalid value", .notSupported: "Unsupported value",
        .duplicate: "Duplicate value", .forbidden: "Forbidden", .notFound: "Not found", .tooLong: "Too long",
        .tooMany: "Too many",
    ]
}

extension String {
    /// Where a text stands last.
    fileprivate func range(ofLast text: String) -> Range<String.Index>? {
        let (own, wanted) = (utf8, text.utf8)
        var start = own.index(own.endIndex, offsetBy: -wanted.count, limitedBy: own.startIndex)
        while let at = start {
            let end = own.index(at, offsetBy: wanted.count)
            if own[at..<end].elementsEqual(wanted) { return at..<end }
            start = at > own.startIndex ? own.index(before: at) : nil
        }
        return nil
    }
}
