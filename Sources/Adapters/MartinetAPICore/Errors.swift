package import MartinetClient
package import MartinetSchema
import MartinetStore
package import MartinetStrategies

// The refusals of the API, each with the code and reason that clients act on.
extension APIError {
    package static func badRequest(_ message: String) -> APIError {
        APIError(code: 400, reason: "BadRequest", message: message)
    }

    package static func unauthorized(_ message: String = "Unauthorized") -> APIError {
        APIError(code: 401, reason: "Unauthorized", message: message)
    }

    package static func notFound(_ resource: ResourceName) -> APIError {
        about(resource, code: 404, reason: "NotFound", "not found")
    }

    /// The path leads to no resource at all.
    package static let noSuchPath = APIError(
        code: 404, reason: "NotFound", message: "the server could not find the requested resource")

    static func alreadyExists(_ resource: ResourceName, _ name: String) -> APIError {
        var resource = resource
        resource.name = name
        return about(resource, code: 409, reason: "AlreadyExists", "already exists")
    }

    static func conflict(_ resource: ResourceName, _ why: String) -> APIError {
        var error = about(resource, code: 409, reason: "Conflict", "")
        error.message = "Operation cannot be fulfilled on \(qualified(resource)) \"\(resource.name ?? "")\": \(why)"
        return error
    }

    static let staleObject =
        "the object has been modified; please apply your changes to the latest version and try again"

    package static func methodNotAllowed(_ verb: String) -> APIError {
        APIError(
            code: 405, reason: "MethodNotAllowed",
            message: "the server does not allow this method on the requested resource: \(verb)")
    }

    static func expired(_ message: String) -> APIError { APIError(code: 410, reason: "Expired", message: message) }

    package static func unsupportedMediaType(_ type: String, _ accepted: [String]) -> APIError {
        APIError(
            code: 415, reason: "UnsupportedMediaType",
            message:
                "the body of the request was in an unknown format (\(type)) - accepted media types include: \(accepted.joined(separator: ", "))"
        )
    }

    package static func tooLarge(_ limit: Int) -> APIError {
        APIError(
            code: 413, reason: "RequestEntityTooLarge",
            message: "the request is too large: at most \(limit) bytes are accepted")
    }

    package static func internalError(_ message: String) -> APIError {
        APIError(code: 500, reason: "InternalError", message: "Internal error occurred: \(message)")
    }

    static func unavailable(_ message: String) -> APIError {
        var error = APIError(code: 503, reason: "ServiceUnavailable", message: message)
        error.retryAfterSeconds = 1
        return error
    }

    /// An object that breaks the rules of its kind.
    package static func invalid(_ kind: Kind, _ name: String, _ errors: [FieldError]) -> APIError {
        let details = errors.map { "\($0.field): \($0.cause)" }
        let text = details.count == 1 ? details[0] : "[\(details.joined(separator: ", "))]"
        let subject = kind.group.isEmpty ? kind.name : "\(kind.name).\(kind.group)"
        var error = APIError(code: 422, reason: "Invalid", message: "\(subject) \"\(name)\" is invalid: \(text)")
        error.group = kind.group
        error.kind = kind.name
        error.name = name
        error.causes = errors.map { Cause(reason: $0.reason.rawValue, field: $0.field, message: $0.cause) }
        return error
    }

    static func store(_ error: StoreError) -> APIError {
        switch error.code {
        case .compacted: expired("The provided resource version is too old: \(error.message)")
        case .noSpace:
            APIError(code: 507, reason: "InsufficientStorage", message: "the store cannot write: \(error.message)")
        case .overloaded, .closed: unavailable(error.message)
        default: internalError(error.message)
        }
    }

    static func about(_ resource: ResourceName, code: Int, reason: String, _ what: String) -> APIError {
        var error = APIError(
            code: code, reason: reason, message: "\(qualified(resource)) \"\(resource.name ?? "")\" \(what)")
        error.group = resource.group
        error.kind = resource.plural
        error.name = resource.name ?? ""
        return error
    }

    private static func qualified(_ resource: ResourceName) -> String {
        resource.group.isEmpty ? resource.plural : "\(resource.plural).\(resource.group)"
    }
}
