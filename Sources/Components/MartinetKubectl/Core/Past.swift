import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// A point in the past that a command asks for: `--at` or `--at-revision`.
///
/// Only a Martinet server knows it (docs/history.md); others ignore the parameter and would answer with what is now, so the
/// first answer is not believed until `CommandContext.requirePast` has asked.
struct Past: Sendable {
    static let flags: [Flag] = [
        Flag("at", nil, .string, "As it was then: a time (2026-01-02T03:04:05Z) or how long ago (10m, 1h30m)."),
        Flag("at-revision", nil, .string, "As it was at this resourceVersion."),
    ]

    let query: [(name: String, value: String)]

    init(revision: String) { query = [(name: "atRevision", value: revision)] }

    /// Nil where neither flag is given.
    init?(_ flags: FlagValues) throws(KubectlError) {
        let (time, revision) = (flags.string("at"), flags.string("at-revision"))
        guard flags.isSet("at") || flags.isSet("at-revision") else { return nil }
        guard time.isEmpty || revision.isEmpty else {
            throw KubectlError("--at and --at-revision do not go together: both name one point in time")
        }
        if flags.isSet("at-revision") {
            guard let number = Int64(revision), number > 0 else {
                throw KubectlError("--at-revision must be a resourceVersion such as 1234, found \"\(revision)\"")
            }
            query = [(name: "atRevision", value: revision)]
        } else {
            guard !time.isEmpty else { throw KubectlError("--at must be a time or how long ago, such as 10m") }
            query = [(name: "at", value: time)]
        }
    }
}

extension CommandContext {
    /// Throws where the server does not know of the past. Asked at a path that the command may read anyway: what cannot be
    /// (revision 0) is refused by name by a server that understands it, and passed over by one that does not.
    func requirePast(_ resource: ResourceInfo, _ namespace: String?, _ name: String?) async throws {
        var query = [(name: "atRevision", value: "0")]
        if name == nil { query.append((name: "limit", value: "1")) }
        do {
            _ = try await send(
                SessionRequest(
                    "GET", resource.path(namespace: namespace, name: name), query: query,
                    headers: [(name: "Accept", value: "application/json")]
                )
            ).body.collect(limit: 1 << 30)
        } catch let error as StatusError {
            if error.code == 400, error.message.contains("atRevision") { return }
            guard error.isNotFound else { throw error }
        }
        throw KubectlError(
            "\(resource.fullName): the server remembers nothing of the past: only Martinet knows at, atRevision and history"
        )
    }

    /// An object as it is, or as it was; nil where there is none.
    func existing(
        _ resource: ResourceInfo, _ namespace: String?, _ name: String, past: Past? = nil
    ) async throws -> YAMLNode? {
        do {
            return try await get(resource, namespace, name, past: past)
        } catch let error as StatusError where error.isNotFound {
            return nil
        }
    }
}
