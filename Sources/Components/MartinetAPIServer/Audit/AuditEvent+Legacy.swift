import MartinetAuthorization
import MartinetBase
import MartinetAudit
import MartinetSchema
import MartinetTransport

extension AuditEvent {
    /// The line of upstream's older format, which says who did what and nothing of bodies.
    var legacyLine: [UInt8] {
        let asked = record.asked
        func quoted(_ text: String) -> String { String(decoding: JSONEncoder.encode(.string(text)), as: UTF8.self) }
        let groups = asked.groups.isEmpty ? "\"<none>\"" : asked.groups.map(quoted).joined(separator: ",")
        let asGroups = impersonated.map { $0.groups.map(quoted).joined(separator: ",") } ?? "\"<lookup>\""
        let fields = [
            "\(time.rfc3339Nano) AUDIT: id=\(quoted(record.id))", "stage=\(quoted(stage.rawValue))",
            "ip=\(quoted(record.sources.first ?? "<unknown>"))", "method=\(quoted(asked.verb))",
            "user=\(quoted(asked.user.isEmpty ? "<none>" : asked.user))", "groups=\(groups)",
            "as=\(quoted(impersonated?.user ?? "<self>"))", "asgroups=\(asGroups)",
            "user-agent=\(quoted(record.userAgent))",
            "namespace=\(quoted(asked.namespace.isEmpty ? "<none>" : asked.namespace))", "uri=\(quoted(record.uri))",
            "response=\(quoted(outcome.map { String($0.code) } ?? "<deferred>"))",
        ]
        return Array(fields.joined(separator: " ").utf8)
    }
}

extension ResponseBody {
    /// All of it in one piece.
    var joined: [UInt8] {
        switch self {
        case .empty: []
        case .bytes(let bytes): bytes
        case .slices(let slices): Array(slices.joined())
        }
    }
}
