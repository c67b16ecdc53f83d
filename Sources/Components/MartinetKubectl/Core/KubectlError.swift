import MartinetToolPorts
import MartinetYAML

/// Why a command did not do what was asked, worded for standard error, and the exit code.
package struct KubectlError: Error, CustomStringConvertible {
    /// Several lines are allowed; a line of its own is printed as it is.
    package let message: String
    package let exitCode: Int32
    /// Whether `error: ` goes before it.
    let prefixed: Bool

    init(_ message: String, exitCode: Int32 = 1, prefixed: Bool = true) {
        self.message = message
        self.exitCode = exitCode
        self.prefixed = prefixed
    }

    /// Everything has been said already.
    static func silent(_ exitCode: Int32) -> KubectlError { KubectlError("", exitCode: exitCode, prefixed: false) }

    var isRetryable: Bool { false }
    package var description: String { message.isEmpty || !prefixed ? message : "error: \(message)" }
}

/// A `Status` that the API server answered with.
struct StatusError: Error, CustomStringConvertible {
    let code: Int
    let reason: String
    let message: String
    let kind: String
    let name: String
    let causes: [(field: String, message: String)]
    /// What was being done, such as `error when creating "pod.yaml"`.
    var doing = ""

    init(status: Int, body: [UInt8]) {
        let tree = (try? YAML.readJSON(body))?.first
        self.init(
            status: status, tree: tree?.map == nil ? nil : tree,
            text: String(decoding: body.prefix(1024), as: UTF8.self))
    }

    /// - Parameter text: what to say where the answer is no `Status`.
    init(status: Int, tree: YAMLNode?, text: String = "") {
        code = tree?["code"]?.int.map { Int($0) } ?? status
        reason = tree?["reason"]?.string ?? Self.reason(of: status)
        if let said = tree?["message"]?.string, !said.isEmpty {
            message = said
        } else if status == 404 {
            message = "the server could not find the requested resource"
        } else if tree?["kind"]?.string == "Status" {
            message = "the server answered with status \(status)"
        } else {
            message = text.isEmpty ? "the server answered with status \(status)" : text
        }
        let details = tree?["details"]
        kind = details?["kind"]?.string ?? ""
        name = details?["name"]?.string ?? ""
        causes = (details?["causes"]?.list ?? []).map {
            ($0["field"]?.string ?? "", $0["message"]?.string ?? "")
        }
    }

    var isNotFound: Bool { reason == "NotFound" }
    var isConflict: Bool { reason == "Conflict" }
    var isRetryable: Bool { code == 429 || code >= 500 }

    private static func reason(of status: Int) -> String {
        switch status {
        case 400: "BadRequest"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "NotFound"
        case 405: "MethodNotAllowed"
        case 409: "Conflict"
        case 422: "Invalid"
        case 429: "TooManyRequests"
        case 500: "InternalError"
        case 503: "ServiceUnavailable"
        default: ""
        }
    }

    var description: String {
        if reason == "Invalid", !kind.isEmpty {
            let head = "The \(kind) \"\(name)\" is invalid"
            guard causes.count > 1 else {
                return causes.first.map { "\(head): \(Self.line($0))" } ?? "\(head): \(message)"
            }
            return "\(head): \n" + causes.map { "* \(Self.line($0))" }.joined(separator: "\n")
        }
        if reason == "Unauthorized" {
            return "error: You must be logged in to the server (\(message))"
        }
        let head = reason.isEmpty ? "Error from server" : "Error from server (\(reason))"
        return doing.isEmpty ? "\(head): \(message)" : "\(head): \(doing): \(message)"
    }

    private static func line(_ cause: (field: String, message: String)) -> String {
        cause.field.isEmpty ? cause.message : "\(cause.field): \(cause.message)"
    }
}
