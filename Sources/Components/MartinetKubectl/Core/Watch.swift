import MartinetBase
import MartinetToolPorts
import MartinetYAML

/// A watch: JSON documents one after the other, each `{type, object}`.
struct WatchStream {
    struct Event {
        let type: String
        let object: YAMLNode
    }

    private let body: any SessionBody
    private var pending: [UInt8] = []
    /// One event is at most this long: objects are bounded by the server well below it.
    private static let eventMax = 32 << 20

    init(body: any SessionBody) { self.body = body }

    /// Nil when the stream has ended. An ERROR event is thrown as the `StatusError` that it holds.
    mutating func next() async throws -> Event? {
        while true {
            if let end = pending.firstIndex(of: 10) {
                let line = Array(pending[..<end])
                pending.removeSubrange(...end)
                if let event = try Self.event(line) { return event }
                continue
            }
            guard let piece = try await body.next() else {
                let last = pending
                pending = []
                return try Self.event(last)
            }
            guard pending.count + piece.count <= Self.eventMax else {
                throw SessionError(.tooLarge, "an event of the watch is longer than \(Self.eventMax) bytes")
            }
            pending += piece
        }
    }

    private static func event(_ line: [UInt8]) throws -> Event? {
        guard let tree = try YAML.readJSON(line, file: "watch").first, let type = tree["type"]?.string,
            let object = tree["object"]
        else { return nil }
        if type == "ERROR" {
            throw StatusError(status: 500, tree: object)
        }
        return Event(type: type, object: object)
    }
}

extension CommandContext {
    func watch(
        _ resource: ResourceInfo, _ namespace: String?, name: String? = nil, labels: String = "", fields: String = "",
        from version: String = "", accept: String = "application/json"
    ) async throws -> WatchStream {
        var query = [(name: "watch", value: "true")]
        var selector = fields
        if let name { selector = (selector.isEmpty ? "" : selector + ",") + "metadata.name=\(name)" }
        if !labels.isEmpty { query.append((name: "labelSelector", value: labels)) }
        if !selector.isEmpty { query.append((name: "fieldSelector", value: selector)) }
        if !version.isEmpty { query.append((name: "resourceVersion", value: version)) }
        let response = try await send(
            SessionRequest(
                "GET", resource.path(namespace: namespace), query: query, headers: [(name: "Accept", value: accept)]))
        return WatchStream(body: response.body)
    }

    /// Follows one object until `isDone` says so of it, or of its absence; each state once, the present one first.
    ///
    /// A watch that ends is opened again from a new read. Returns false where `timeout` passed before.
    func follow(
        _ resource: ResourceInfo, _ namespace: String?, _ name: String, timeout: Duration?,
        until isDone: (YAMLNode?) async throws -> Bool
    ) async throws -> Bool {
        let deadline = timeout.map { runtime.monotonic() + $0 }
        while true {
            var version = ""
            do {
                let object = try await get(resource, namespace, name)
                if try await isDone(object) { return true }
                version = object["metadata"]?["resourceVersion"]?.string ?? ""
            } catch let error as StatusError where error.isNotFound {
                if try await isDone(nil) { return true }
            }
            let left = deadline.map { $0 - runtime.monotonic() }
            if let left, left <= .zero { return false }
            let ended: Bool
            do {
                ended = try await followWatch(resource, namespace, name, version, left, isDone)
            } catch let error as SessionError where error.code == .timeout || error.code == .closed {
                ended = false
            } catch let error as StatusError where error.code == 410 {
                ended = false
            }
            if ended { return true }
            if let deadline, runtime.monotonic() >= deadline { return false }
        }
    }

    private func followWatch(
        _ resource: ResourceInfo, _ namespace: String?, _ name: String, _ version: String, _ left: Duration?,
        _ isDone: (YAMLNode?) async throws -> Bool
    ) async throws -> Bool {
        var query = [(name: "watch", value: "true"), (name: "fieldSelector", value: "metadata.name=\(name)")]
        if !version.isEmpty { query.append((name: "resourceVersion", value: version)) }
        // The server ends the watch at the deadline: no timer is needed here.
        let seconds = min(left.map { $0.components.seconds + 1 } ?? 300, 300)
        query.append((name: "timeoutSeconds", value: String(seconds)))
        let response = try await send(
            SessionRequest(
                "GET", resource.path(namespace: namespace), query: query,
                headers: [(name: "Accept", value: "application/json")]))
        var stream = WatchStream(body: response.body)
        while let event = try await stream.next() {
            if event.type == "BOOKMARK" { continue }
            if try await isDone(event.type == "DELETED" ? nil : event.object) { return true }
        }
        return false
    }
}
