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
        let orphan = self["orphanDependents"].map { _ in flag("orphanDependents") }
        guard grace != nil || !policy.isEmpty || orphan != nil else { return nil }
        return DeleteOptions {
            $0.gracePeriodSeconds = grace
            $0.orphanDependents = orphan
            if !policy.isEmpty { $0.propagationPolicy = policy }
        }
    }

    /// What the parameters mean to a verb: those that it does not know are not looked at.
    func options(for verb: APIRequest.Verb) throws(APIError) -> APIRequest.Options {
        var options = APIRequest.Options()
        guard !pairs.isEmpty else { return options }
        options.labelSelector = self["labelSelector"] ?? ""
        options.fieldSelector = self["fieldSelector"] ?? ""
        options.resourceVersion = self["resourceVersion"] ?? ""
        options.resourceVersionMatch = self["resourceVersionMatch"] ?? ""
        options.limit = try number("limit") ?? 0
        options.past = PastOptions(time: self["at"], revision: self["atRevision"], history: self["history"])
        options.continue = self["continue"] ?? ""
        options.timeoutSeconds = try number("timeoutSeconds")
        options.allowWatchBookmarks = flag("allowWatchBookmarks")
        options.sendInitialEvents = flag("sendInitialEvents")
        options.refusesInitialEvents = self["sendInitialEvents"] != nil && !options.sendInitialEvents
        guard let kind = RequestQuery.optionKinds[verb] else { return options }
        if let text = self["timeout"], !text.isEmpty {
            guard let nanoseconds = GoDuration.parse(text), nanoseconds >= 0 else {
                throw APIError.badRequest("invalid timeout specified in the request URL: \(text.debugDescription)")
            }
            if nanoseconds > 0 { options.timeout = .nanoseconds(nanoseconds) }
        }
        for value in all("dryRun") where !value.isEmpty {
            guard value == "All" else {
                throw APIError.unsupportedOption(kind, "dryRun", value, ["All"])
            }
            options.dryRun = true
        }
        options.fieldManager = self["fieldManager"] ?? ""
        options.force = flag("force")
        options.fieldValidation = self["fieldValidation"] ?? ""
        return options
    }

    /// The kind that the parameters of a write are of.
    private static let optionKinds: [APIRequest.Verb: String] = [
        .create: "CreateOptions", .update: "UpdateOptions", .patch: "PatchOptions", .delete: "DeleteOptions",
        .deletecollection: "DeleteOptions",
    ]
}
