import MartinetAPICore
import MartinetBase
import MartinetSchema
import MartinetStore
import MartinetTesting
import MartinetTransport
import Testing

/// The history that upstream's answers to reads are about, done to a server of our own, and the comparison of its answers.
final class RecordedReads {
    private var server: InMemoryServer
    private let steps: [Value]
    /// By the number of the step; those that answered with an object.
    private var revisions: [Int: String] = [:]
    private var symbols: [String: String] = [:]
    private var last: Int64 = 0

    init() throws {
        server = try InMemoryServer()
        let setup = try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/listwatch-setup.json")).value
        steps = setup["steps"].items
        for namespace in setup["namespaces"].items.map(\.text) {
            try make("Namespace", namespace, "/api/v1/namespaces")
            try make("ServiceAccount", "default", "/api/v1/namespaces/\(namespace)/serviceaccounts")
        }
        // The recording's server had forgotten what it began with.
        server.store.compact(before: server.store.revision)
        let until = server.runtime.monotonic() + .seconds(5)
        _ = server.runtime.run(until: until) { [store = server.store] in store.compacted == store.revision }
        server = try InMemoryServer(after: server)
        for (index, step) in steps.enumerated() {
            let answer = try server.send(
                step["method"].text, step["path"].text, type: step["contentType"].text,
                body: step["body"] == .null ? "" : step["body"].json)
            #expect(answer.status == step["code"].integer, "\(step["step"].text): \(answer.text)")
            let revision = answer.tree["metadata"]["resourceVersion"].text
            guard !revision.isEmpty else { continue }
            revisions[index] = revision
            if symbols[revision] == nil { symbols[revision] = "R\(index)" }
            last = Int64(revision) ?? 0
        }
    }

    private func make(_ kind: String, _ name: String, _ path: String) throws {
        let answer = try server.send(
            "POST", path, body: #"{"kind":"\#(kind)","apiVersion":"v1","metadata":{"name":"\#(name)"}}"#)
        #expect(answer.status == 201)
    }

    struct Outcome {
        let expected: Value
        let own: Value
        /// Upstream answered an error of its own to what is the client's fault.
        var isListed = false
        var isSame: Bool { expected.canonical == own.canonical }
    }

    func replay(_ one: Value) throws -> Outcome {
        switch one["type"].text {
        case "list": return try lists(one)
        case "watch": return outcome(one, watch(try send(one)))
        case "get": return outcome(one, single(try send(one)) { [("resourceVersion", self.symbol($0.revision))] })
        case "representation": return outcome(one, representation(try send(one)))
        default: return outcome(one, deletion(try send(one)))
        }
    }

    private func outcome(_ one: Value, _ own: Value) -> Outcome {
        let expected = one["answer"]
        var outcome = Outcome(expected: expected, own: own)
        outcome.isListed = expected["code"].integer == 500 && (400..<500).contains(own["code"].integer)
        return outcome
    }

    private func send(_ one: Value, _ query: [(String, String)]? = nil) throws -> InMemoryServer.Answer {
        let pairs = query ?? one["query"].members.map { ($0.key, filled($0.value.text)) }
        let text = pairs.map { "\($0.0)=\(Self.escape($0.1))" }.joined(separator: "&")
        let method = one["method"].text.isEmpty ? "GET" : one["method"].text
        return try server.send(
            method, one["path"].text + (text.isEmpty ? "" : "?" + text),
            accept: one["accept"].text.isEmpty ? "application/json" : one["accept"].text,
            body: one["body"] == .null ? "" : one["body"].json)
    }

    private func filled(_ text: String) -> String {
        guard text.hasPrefix("$R"), let index = Int(text.dropFirst(2)) else { return text }
        return revisions[index] ?? text
    }

    private func symbol(_ revision: String) -> String { symbols[revision] ?? "OTHER" }

    private static func escape(_ text: String) -> String {
        text.utf8.map { byte in
            switch byte {
            case 48...57, 65...90, 97...122, 45, 46, 95: String(UnicodeScalar(byte))
            default: "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
            }
        }.joined()
    }

    // MARK: - What was answered, as it is recorded

    private func single(
        _ answer: InMemoryServer.Answer, _ content: (Value) -> [(String, Value)]
    ) -> Value {
        guard answer.status < 300 else { return Self.refusal(answer) }
        return .members([("code", .int(Int64(answer.status)))] + content(answer.tree))
    }

    private func single(_ answer: InMemoryServer.Answer, _ content: (Value) -> [(String, String)]) -> Value {
        single(answer) { tree in content(tree).map { ($0.0, Value.string($0.1)) } }
    }

    private static func refusal(_ answer: InMemoryServer.Answer) -> Value {
        let status = answer.tree
        var members: [(String, Value)] = [("code", .int(Int64(answer.status)))]
        if !status["reason"].text.isEmpty { members.append(("reason", status["reason"])) }
        let details = status["details"]
        let kept = ["group", "kind", "name", "retryAfterSeconds"].filter { details[$0] != .null }
        if !kept.isEmpty { members.append(("details", .members(kept.map { ($0, details[$0]) }))) }
        let causes = details["causes"].items.map { cause in
            Value.members(["reason", "field"].filter { cause[$0] != .null }.map { ($0, cause[$0]) })
        }
        if !causes.isEmpty { members.append(("causes", .list(causes.sorted { $0.canonical < $1.canonical }))) }
        return .members(members)
    }

    private func lists(_ one: Value) throws -> Outcome {
        var query = one["query"].members.map { ($0.key, filled($0.value.text)) }
        var own: [Value] = []
        var (sent, token) = ([(String, String)](), "")
        for page in one["pages"].items {
            if case .map(let map) = page["sent"] {
                sent = map.entries.map { ($0.key, filled($0.value.text)) }
                own.append(page)
                continue
            }
            if !own.isEmpty {
                guard !token.isEmpty else { break }
                query.removeAll { ["resourceVersion", "resourceVersionMatch", "continue"].contains($0.0) }
                query += sent + [("continue", token)]
                sent = []
            }
            let answer = try send(one, query)
            own.append(list(answer))
            token = answer.tree["metadata"]["continue"].text
        }
        return Outcome(expected: one["pages"], own: .list(own))
    }

    private func list(_ answer: InMemoryServer.Answer) -> Value {
        single(answer) { (tree: Value) -> [(String, Value)] in
            let metadata = tree["metadata"]
            let revision = metadata["resourceVersion"].text
            var members: [(String, Value)] = [
                ("kind", tree["kind"]),
                ("items", .list(tree["items"].items.map { $0["metadata"]["name"] })),
                ("itemRevisions", .list(tree["items"].items.map { .string(symbol($0.revision)) })),
                ("resourceVersion", .string((Int64(revision) ?? 0) >= last ? "CURRENT" : symbol(revision))),
            ]
            if !metadata["continue"].text.isEmpty { members.append(("continue", .bool(true))) }
            if metadata["remainingItemCount"] != .null {
                members.append(("remainingItemCount", metadata["remainingItemCount"]))
            }
            return members
        }
    }

    private func watch(_ answer: InMemoryServer.Answer) -> Value {
        guard answer.status < 300 else { return Self.refusal(answer) }
        var members: [(String, Value)] = [("code", .int(Int64(answer.status)))]
        guard answer.headers["content-type"]?.contains("stream=watch") == true else {
            return .members(members + [("plain", answer.tree["kind"]), ("events", .list([]))])
        }
        let events = answer.body.split(separator: 10).compactMap { line -> Value? in
            let event = (try? JSONDecoder.decodeAny(Array(line)).value) ?? .null
            let object = event["object"]
            switch event["type"].text {
            case "ERROR":
                return .members([("type", event["type"]), ("code", object["code"]), ("reason", object["reason"])])
            case "BOOKMARK":
                let annotations = object["metadata"]["annotations"]
                return annotations == .null
                    ? nil : .members([("type", event["type"]), ("annotations", annotations)])
            default:
                return .members([
                    ("type", event["type"]), ("name", object["metadata"]["name"]),
                    ("resourceVersion", .string(symbol(object.revision))),
                ])
            }
        }
        members.append(("events", .list(events)))
        return .members(members)
    }

    private func representation(_ answer: InMemoryServer.Answer) -> Value {
        single(answer) { (tree: Value) -> [(String, Value)] in
            var members: [(String, Value)] = [("kind", tree["kind"]), ("apiVersion", tree["apiVersion"])]
            if tree["rows"] != .null {
                let rows = tree["rows"].items.enumerated().map { index, row in
                    let name = row["object"]["metadata"]["name"].text
                    return Value.members([
                        ("name", name.isEmpty ? row["cells"].items.first ?? .null : .string(name)),
                        ("object", row["object"]["kind"]),
                    ])
                }
                members.append(("rows", .list(rows)))
            }
            if tree["items"] != .null {
                let items = tree["items"].items.map { item in
                    Value.members([
                        ("name", item["metadata"]["name"]), ("kind", item["kind"]),
                        ("keys", .list(item.members.map(\.key).sorted().map { .string($0) })),
                    ])
                }
                members.append(("items", .list(items)))
            }
            return members + [("continue", .bool(!tree["metadata"]["continue"].text.isEmpty))]
        }
    }

    private func deletion(_ answer: InMemoryServer.Answer) -> Value {
        single(answer) { (tree: Value) -> [(String, Value)] in
            var members: [(String, Value)] = [("kind", tree["kind"])]
            if tree["kind"].text == "Status" {
                members.append(("status", tree["status"]))
                let details = tree["details"]
                let kept = ["group", "kind", "name"].filter { details[$0] != .null }
                members.append(("details", .members(kept.map { ($0, details[$0]) })))
            }
            if tree["items"] != .null {
                members.append(("items", .list(tree["items"].items.map { $0["metadata"]["name"] })))
            }
            let metadata = tree["metadata"]
            for name in ["deletionGracePeriodSeconds", "finalizers"] where metadata[name] != .null {
                members.append((name, metadata[name]))
            }
            return members + [("deletionTimestamp", .bool(metadata["deletionTimestamp"] != .null))]
        }
    }
}

extension Value {
    fileprivate var revision: String { self["metadata"]["resourceVersion"].text }
    var integer: Int { if case .int(let number) = self { Int(number) } else { 0 } }
    var members: [Map.Entry] { if case .map(let map) = self { map.entries } else { [] } }
    var json: String { String(decoding: JSONEncoder.encode(self), as: UTF8.self) }

    static func members(_ members: [(String, Value)]) -> Value {
        .map(Map(unsorted: members.map { .init(key: $0.0, value: $0.1) }))
    }

    /// The same text for the same value, whatever the order of its members.
    var canonical: String {
        switch self {
        case .map(let map):
            "{"
                + map.entries.sorted { $0.key < $1.key }.map { "\($0.key):\($0.value.canonical)" }
                .joined(separator: ",") + "}"
        case .list(let values): "[" + values.map(\.canonical).joined(separator: ",") + "]"
        default: json
        }
    }
}
