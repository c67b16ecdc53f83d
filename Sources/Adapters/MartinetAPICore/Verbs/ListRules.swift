package import MartinetClient
import MartinetStrategies

extension APIRequest.Options {
    /// What a list or watch means that says nothing of initial events: a watch from the beginning begins with what is there.
    ///
    /// Source: apimachinery's SetListOptionsDefaults.
    func withListDefaults(isWatch: Bool) -> Self {
        guard isWatch, !isWatchPath, !saysInitialEvents, resourceVersionMatch.isEmpty,
            resourceVersion.isEmpty || resourceVersion == "0"
        else { return self }
        var options = self
        options.sendInitialEvents = true
        options.resourceVersionMatch = "NotOlderThan"
        return options
    }

    /// Whether the parameter `sendInitialEvents` is there, whatever it says.
    var saysInitialEvents: Bool { sendInitialEvents || refusesInitialEvents }
}

extension Registry {
    /// Refuses parameters of a list or watch that do not go together (apimachinery's ValidateListOptions).
    static func checkListOptions(_ options: APIRequest.Options, isWatch: Bool) throws(APIError) {
        // A watch by its path is looked at as the list that its parameters are of.
        let errors = isWatch && !options.isWatchPath ? watchErrors(options) : listErrors(options)
        guard !errors.isEmpty else { return }
        throw APIError.invalidOptions("ListOptions", errors)
    }

    private static let match = "resourceVersionMatch"

    private static func listErrors(_ options: APIRequest.Options) -> [FieldError] {
        var errors: [FieldError] = []
        if !options.resourceVersionMatch.isEmpty {
            if options.resourceVersion.isEmpty {
                errors.append(forbidden(match, "resourceVersionMatch is forbidden unless resourceVersion is provided"))
            }
            if !options.continue.isEmpty {
                errors.append(forbidden(match, "resourceVersionMatch is forbidden when continue is provided"))
            }
            if options.resourceVersionMatch != "Exact", options.resourceVersionMatch != "NotOlderThan" {
                errors.append(unsupported(match, options.resourceVersionMatch, ["Exact", "NotOlderThan", ""]))
            }
            if options.resourceVersionMatch == "Exact", options.resourceVersion == "0" {
                errors.append(forbidden(match, "resourceVersionMatch \"Exact\" is forbidden for resourceVersion \"0\""))
            }
        }
        if options.saysInitialEvents {
            errors.append(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"))
        }
        return errors
    }

    private static func watchErrors(_ options: APIRequest.Options) -> [FieldError] {
        var errors: [FieldError] = []
        let isNotOlder = options.resourceVersionMatch == "NotOlderThan"
        if options.saysInitialEvents, !isNotOlder {
            errors.append(forbidden(match, "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"))
        }
        guard !options.resourceVersionMatch.isEmpty else { return errors }
        if !options.saysInitialEvents {
            errors.append(
                forbidden(
                    match, "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"))
        }
        if !isNotOlder { errors.append(unsupported(match, options.resourceVersionMatch, ["NotOlderThan"])) }
        if !options.continue.isEmpty {
            errors.append(forbidden(match, "resourceVersionMatch is forbidden when continue is provided"))
        }
        return errors
    }

    private static func forbidden(_ field: String, _ why: String) -> FieldError {
        FieldError(.forbidden, field, "Forbidden: \(why)")
    }

    static func unsupported(_ field: String, _ value: String, _ supported: [String]) -> FieldError {
        let list = supported.map(\.debugDescription).joined(separator: ", ")
        return FieldError(
            .notSupported, field, "Unsupported value: \(value.debugDescription): supported values: \(list)")
    }
}

extension APIError {
    /// A parameter whose value is none of those that there are.
    package static func unsupportedOption(
        _ kind: String, _ field: String, _ value: String, _ supported: [String]
    ) -> APIError {
        invalidOptions(kind, [Registry.unsupported(field, value, supported)])
    }
}
