import MartinetAPI
import MartinetAPICore
import MartinetClient
import MartinetSchema

/// The parameters of a query string, in order; a name may come several times.
struct RequestQuery {
    private let pairs: [(name: String, value: String)]

    /// Nil where it is not validly encoded.
    init?(_ text: String?) {
        var pairs: [(String, String)] = []
        for part in (text ?? "").utf8.split(separator: 38) {
            let sides = part.split(separator: 61, maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = percentDecoded(Substring(sides[0]), plusIsSpace: true),
                let value = percentDecoded(sides.count > 1 ? Substring(sides[1]) : "", plusIsSpace: true)
            else { return nil }
            pairs.append((name, value))
        }
        self.pairs = pairs
    }

    var isEmpty: Bool { pairs.isEmpty }

    subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

    func all(_ name: String) -> [String] { pairs.filter { $0.name == name }.map(\.value) }

    /// As upstream reads booleans: present and anything but `false` or `0` is true.
    func flag(_ name: String) -> Bool {
        guard let value = self[name] else { return false }
        return value.lowercased() != "false" && value != "0"
    }

    private func number(_ name: String) throws(APIError) -> Int64? {
        guard let text = self[name], !text.isEmpty else { return nil }
        guard let number = Int64(text) else {
            throw APIError.badRequest("the parameter \(name) must be a whole number, found \(text.debugDescription)")
        }
        return number
    }

    /// What a deletion without a body says in its parameters; nil where that is nothing.
    func deleteOptions() throws(APIError) -> DeleteOptions? {
        let grace = try number("gracePeriodSeconds")
        let policy = self["propagationPolicy"] ?? ""
        guard grace != nil || !policy.isEmpty else { return nil }
        return DeleteOptions {
            $0.gracePeriodSeconds = grace
            if !policy.isEmpty { $0.propagationPolicy = policy }
        }
    }

    func options() throws(APIError) -> APIRequest.Options {
        var options = APIRequest.Options()
        guard !pairs.isEmpty else { return options }
        options.labelSelector = self["labelSelector"] ?? ""
        options.fieldSelector = self["fieldSelector"] ?? ""
        options.resourceVersion = self["resourceVersion"] ?? ""
        options.resourceVersionMatch = self["resourceVersionMatch"] ?? ""
        options.limit = try number("limit") ?? 0
        options.continue = self["continue"] ?? ""
        options.timeoutSeconds = try number("timeoutSeconds")
        options.allowWatchBookmarks = flag("allowWatchBookmarks")
        options.sendInitialEvents = flag("sendInitialEvents")
        for value in all("dryRun") where !value.isEmpty {
            guard value == "All" else {
                throw APIError.badRequest("the parameter dryRun must be All, found \(value.debugDescription)")
            }
            options.dryRun = true
        }
        options.fieldManager = self["fieldManager"] ?? ""
        options.force = flag("force")
        options.fieldValidation = self["fieldValidation"] ?? ""
        guard ["", "Ignore", "Warn", "Strict"].contains(options.fieldValidation) else {
            throw APIError.badRequest(
                "the parameter fieldValidation must be Ignore, Warn or Strict, found \(options.fieldValidation.debugDescription)"
            )
        }
        return options
    }
}
