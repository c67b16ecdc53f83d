package import MartinetSchema

/// A request to the API server below HTTP: the same for a caller in the process and for one behind a socket.
package struct APIRequest: Sendable {
    package enum Verb: String, Sendable {
        case get, list, watch, create, update, patch, delete, deletecollection
    }

    package enum Patch: String, Sendable {
        case json = "application/json-patch+json"
        case merge = "application/merge-patch+json"
        case strategic = "application/strategic-merge-patch+json"
        case apply = "application/apply-patch+yaml"
    }

    /// What the query string says. Unset values mean what their absence means there.
    package struct Options: Sendable {
        package var labelSelector = ""
        package var fieldSelector = ""
        package var resourceVersion = ""
        package var resourceVersionMatch = ""
        package var limit: Int64 = 0
        package var `continue` = ""
        package var timeoutSeconds: Int64?
        package var allowWatchBookmarks = false
        package var sendInitialEvents = false
        /// Whether `sendInitialEvents` is there and says no, which is another thing than nothing.
        package var refusesInitialEvents = false
        /// Whether a watch was asked for by the old path, `/watch/` before the resource's.
        package var isWatchPath = false
        package var dryRun = false
        package var fieldManager = ""
        /// Who sends it, as HTTP has it: the field manager where none is named.
        package var userAgent = ""
        package var fieldValidation = ""
        package var force = false
        /// How long the client waits; nil: as long as the server lets it.
        package var timeout: Duration?
        /// What a read asks of the past; nil: nothing.
        package var past: PastOptions?
        package init() {}
    }

    package var verb: Verb
    package var resource: ResourceName
    package var options = Options()
    /// The object of a create or update; DeleteOptions of a delete.
    package var object: Object?
    /// The patch of a patch, in JSON (what was YAML is JSON by now).
    package var patch: (type: Patch, document: [UInt8])?
    /// Where the server writes what it has to say besides the answer; nil where nobody reads it.
    package var notes: RequestNotes?

    /// Until when (monotonic) what it waits for must have come; nil while it has waited for nothing.
    package var deadline: Duration?
    /// Whether webhooks have had their say, in another form of the same request.
    package var isReviewed = false

    package init(_ verb: Verb, _ resource: ResourceName, object: Object? = nil) {
        self.verb = verb
        self.resource = resource
        self.object = object
    }
}

/// What the API server answers when it does not do what was asked: the fields of a `Status`.
package struct APIError: Error, Sendable, Hashable, CustomStringConvertible {
    package struct Cause: Sendable, Hashable {
        package let reason: String
        package let field: String
        package let message: String
        package init(reason: String, field: String, message: String) {
            self.reason = reason
            self.field = field
            self.message = message
        }
    }

    /// The HTTP status code.
    package var code: Int
    /// `NotFound`, `AlreadyExists`, `Conflict`, `Invalid`, … as `metav1.StatusReason`.
    package var reason: String
    package var message: String
    package var group = ""
    package var kind = ""
    package var name = ""
    package var causes: [Cause] = []
    package var retryAfterSeconds: Int32 = 0
    /// For a list whose token has expired: one that goes on over what is there now.
    package var continueToken = ""

    package init(code: Int, reason: String, message: String) {
        self.code = code
        self.reason = reason
        self.message = message
    }

    package var isNotFound: Bool { reason == "NotFound" }
    package var isConflict: Bool { reason == "Conflict" }
    package var isAlreadyExists: Bool { reason == "AlreadyExists" }
    /// Whether the same request may succeed later.
    package var isRetryable: Bool { code == 429 || code >= 500 }

    package var description: String { message }
}
