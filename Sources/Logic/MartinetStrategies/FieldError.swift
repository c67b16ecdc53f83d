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
}
