package import MartinetAuthorization
package import MartinetBase
package import MartinetSchema

/// One entry of the audit log.
///
/// Source: audit.k8s.io/v1 Event.
package struct AuditEvent: Sendable {
    /// Makes the JSON of what was sent or answered, away from whoever waits for the answer; nil where it has none.
    package typealias Payload = @Sendable () -> [UInt8]?

    /// How a request ended.
    package struct Outcome: Sendable {
        package var code: Int
        package var status = ""
        package var reason = ""
        package var message = ""

        package init(code: Int) { self.code = code }
    }

    package let record: AuditRecord
    package let decision: AuditPolicy.Decision
    package let stage: AuditStage
    package let time: Timestamp
    package var impersonated: AccessRequest?
    package var outcome: Outcome?
    package var request: Payload?
    package var response: Payload?
    package var annotations: [String: String] = [:]
    /// About how many bytes of memory it keeps alive.
    package var weight = 1024

    package init(_ record: AuditRecord, _ decision: AuditPolicy.Decision, _ stage: AuditStage, at time: Timestamp) {
        self.record = record
        self.decision = decision
        self.stage = stage
        self.time = time
    }

    /// Codes whose messages say nothing of what was sent: those of others may quote it.
    private static let plainCodes: Set<Int> = [401, 403, 404, 405, 406, 409, 410, 415, 429]

    package var tree: Map {
        let asked = record.asked
        var map = Map()
        map["kind"] = .string("Event")
        map["apiVersion"] = .string("audit.k8s.io/v1")
        map["level"] = .string(decision.level.name)
        map["auditID"] = .string(record.id)
        map["stage"] = .string(stage.rawValue)
        map["requestURI"] = .string(record.uri)
        map["verb"] = .string(asked.verb)
        map["user"] = .map(AuditEvent.user(asked))
        if let impersonated { map["impersonatedUser"] = .map(AuditEvent.user(impersonated)) }
        if !record.sources.isEmpty { map["sourceIPs"] = .list(record.sources.map(Value.string)) }
        if !record.userAgent.isEmpty { map["userAgent"] = .string(record.userAgent) }
        map["requestReceivedTimestamp"] = .string(record.received.rfc3339Micro)
        map["stageTimestamp"] = .string(time.rfc3339Micro)
        if !annotations.isEmpty {
            map["annotations"] = .map(
                Map(unsorted: annotations.map { Map.Entry(key: $0.key, value: .string($0.value)) }))
        }
        if let outcome { map["responseStatus"] = .map(status(outcome)) }
        let sent = decision.level >= .request ? body(request) : nil
        if let sent { map["requestObject"] = sent }
        if decision.level >= .requestResponse, let answered = body(response) { map["responseObject"] = answered }
        if asked.path == nil { map["objectRef"] = .map(reference(sent)) }
        return map
    }

    package var json: [UInt8] { JSONEncoder.encode(.map(tree)) }

    private func status(_ outcome: Outcome) -> Map {
        var status = Map()
        status["metadata"] = .map(Map())
        status["code"] = .int(Int64(outcome.code))
        if !outcome.status.isEmpty { status["status"] = .string(outcome.status) }
        if !outcome.reason.isEmpty { status["reason"] = .string(outcome.reason) }
        if !outcome.message.isEmpty, decision.level >= .request || AuditEvent.plainCodes.contains(outcome.code) {
            status["message"] = .string(outcome.message)
        }
        return status
    }

    private func reference(_ sent: Value?) -> Map {
        let asked = record.asked
        var reference = Map()
        var name = asked.name
        var metadata = Map()
        if case .map(let root)? = sent, case .map(let own)? = root["metadata"] { metadata = own }
        if name.isEmpty { name = metadata.auditText("name") ?? "" }
        for (key, value) in [
            ("resource", asked.resource), ("namespace", asked.namespace), ("name", name), ("apiGroup", asked.group),
            ("apiVersion", asked.version), ("subresource", asked.subresource),
            ("uid", metadata.auditText("uid") ?? ""),
            ("resourceVersion", metadata.auditText("resourceVersion") ?? ""),
        ] where !value.isEmpty { reference[key] = .string(value) }
        return reference
    }

    private func body(_ payload: Payload?) -> Value? {
        guard let bytes = payload?(), var value = try? JSONDecoder.decodeAny(bytes).value else { return nil }
        if decision.omitsManagedFields { AuditEvent.omitManagedFields(&value) }
        return value
    }

    private static func user(_ request: AccessRequest) -> Map {
        var user = Map()
        if !request.user.isEmpty { user["username"] = .string(request.user) }
        if !request.uid.isEmpty { user["uid"] = .string(request.uid) }
        if !request.groups.isEmpty { user["groups"] = .list(request.groups.map(Value.string)) }
        if !request.extra.isEmpty {
            user["extra"] = .map(
                Map(unsorted: request.extra.map { .init(key: $0.key, value: .list($0.value.map(Value.string))) }))
        }
        return user
    }

    /// From an object, or from each of a list.
    static func omitManagedFields(_ value: inout Value) {
        guard case .map(var map) = value else { return }
        if case .map(var metadata)? = map["metadata"], metadata["managedFields"] != nil {
            metadata["managedFields"] = nil
            map["metadata"] = .map(metadata)
        }
        if case .list(var items)? = map["items"] {
            for index in items.indices {
                guard case .map(var item) = items[index], case .map(var metadata)? = item["metadata"] else { continue }
                metadata["managedFields"] = nil
                item["metadata"] = .map(metadata)
                items[index] = .map(item)
            }
            map["items"] = .list(items)
        }
        value = .map(map)
    }
}
