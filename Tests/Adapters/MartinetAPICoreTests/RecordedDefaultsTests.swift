import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetTesting
import Testing

/// What upstream made of what was sent to it, against a whole registry: defaults, system fields, allocations, status.
@Suite struct RecordedDefaultsTests {
    static let isRecorded = SharedFiles.root != nil

    /// The resource of a path such as `/apis/apps/v1/namespaces/rec/deployments/d/status`.
    static func resource(_ path: String) -> ResourceName {
        var parts = path.split(separator: "/").map(String.init)
        let isCore = parts[0] == "api"
        var name = ResourceName(group: isCore ? "" : parts[1], version: parts[isCore ? 1 : 2], plural: "")
        parts = Array(parts.dropFirst(isCore ? 2 : 3))
        if parts.count > 2, parts[0] == "namespaces", parts[2] != "status" {
            name.namespace = parts[1]
            parts = Array(parts.dropFirst(2))
        }
        name.plural = parts[0]
        if parts.count > 1 { name.name = parts[1] }
        if parts.count > 2 { name.subresource = parts[2] }
        return name
    }

    /// The recorded value with words for what the server chose replaced by something of their type.
    static func filled(_ value: Value) -> [UInt8] {
        var text = String(decoding: JSONEncoder.encode(value), as: UTF8.self)
        for (word, instead) in [
            ("\"TIME\"", "\"2023-11-14T22:13:20Z\""), ("\"ALLOCATED-IP\"", "\"10.96.0.9\""),
            ("\"ALLOCATED-PORT\"", "30009"), ("\"UID\"", "\"u\""), ("\"RV\"", "\"7\""), ("XXXXX", "xxxxx"),
            ("\"AGE\"", "\"\""),
        ] {
            text = text.split(separator: word, omittingEmptySubsequences: false).joined(separator: instead)
        }
        return Array(text.utf8)
    }

    static func object(_ value: Value, _ type: ObjectType) throws -> Object {
        var object = try JSONDecoder.decode(filled(value), as: type).object
        var metadata = object.metadata
        metadata.managedFields = []
        metadata.resourceVersion = ""
        metadata.uid = ""
        object.metadata = metadata
        return object
    }

    static let caller = Identity(user: "admin", uid: "1", groups: ["system:masters", "system:authenticated"])

    struct Answer {
        var code: Int
        var object: Value = .null
        var why = ""
    }

    static func answer(_ item: Value) throws -> Answer {
        let config = item["config"].text == "all" ? ["api/all=true"] : []
        let cluster = try TestCluster(runtimeConfig: try RuntimeConfig(config), namespaces: ["rec"])
        let name = resource(item["path"].text)
        guard let served = cluster.registry.served[name] else { return Answer(code: 404) }
        _ = try cluster.send(
            cluster.create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = "rec"
                }))
        do {
            var request = APIRequest(item["method"].text == "PUT" ? .update : .create, name)
            request.object = try object(item["body"], served.kind.type)
            if item["before"] != .null {
                var create = APIRequest(.create, name)
                create.resource.name = nil
                create.resource.subresource = ""
                create.object = try object(item["before"], served.kind.type)
                if served.kind.name == "Job", item["before"]["spec"]["manualSelector"] != .bool(true) {
                    // The selector and the labels that were recorded name the uid of another Job.
                    create.object?.change("spec") { spec in
                        spec[field: "selector"] = nil
                        spec.change("template") { template in
                            template.change("metadata") { metadata in
                                let own = metadata.map("labels").entries.filter { $0.value != .string("u") }
                                metadata[field: "labels"] = own.isEmpty ? nil : .map(Map(unsorted: Array(own)))
                            }
                        }
                    }
                }
                let created = try cluster.send(create, as: caller)
                request.resource.name = created.metadata.name
                var metadata = request.object?.metadata ?? ObjectMeta()
                metadata.uid = created.metadata.uid
                metadata.resourceVersion = ""
                metadata.name = created.metadata.name
                request.object?.metadata = metadata
            }
            let answer = try cluster.send(request, as: caller)
            let value = try JSONDecoder.decodeAny(JSONEncoder.encode(answer)).value
            return Answer(code: request.verb == .create ? 201 : 200, object: value)
        } catch let error as APIError {
            return Answer(code: error.code, why: error.message)
        } catch let error as DecodeError {
            return Answer(code: 400, why: "\(error)")
        }
    }

    static let chosen: Set<String> = ["TIME", "UID", "RV", "ALLOCATED-IP", "ALLOCATED-PORT", "TOKEN", "MESSAGE", "AGE"]

    static func difference(_ ours: Value, _ theirs: Value, at path: String = "") -> String {
        guard ours != theirs else { return "" }
        if path == "/metadata/managedFields" { return "" }
        if case .string(let text) = theirs {
            if chosen.contains(text), ours != .null { return "" }
            if let place = text.range("XXXXX"), ours.text.hasPrefix(text[..<place.lowerBound]) { return "" }
        }
        switch (ours, theirs) {
        case (.map(let left), .map(let right)):
            let keys = Set(left.entries.map(\.key)).union(right.entries.map(\.key)).sorted()
            return keys.map { difference(left[$0] ?? .null, right[$0] ?? .null, at: "\(path)/\($0)") }.joined()
        case (.list(let left), .list(let right)) where left.count == right.count:
            return zip(left, right).enumerated().map { difference($1.0, $1.1, at: "\(path)/\($0)") }.joined()
        default: return "\(path): \(ours.json.prefix(150)) for \(theirs.json.prefix(150)) "
        }
    }

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func everyRecordedObjectIsMadeAsUpstreamMakesIt() throws {
        var counts: [String: (equal: Int, total: Int)] = [:]
        var lines: [String] = []
        for line in SharedFiles.read("upstream-answers/defaults.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard case .int(let code) = item["answer"]["code"] else { continue }
            let answer = try Self.answer(item)
            let sort = code >= 400 ? "refusals" : item["method"].text == "PUT" ? "status updates" : "creations"
            counts[sort, default: (0, 0)].total += 1
            var problem = ""
            if code >= 400 {
                // Where upstream's own handler fails, any refusal is as good.
                if answer.code < 400 || (code < 500 && answer.code != Int(code)) {
                    problem = "\(answer.code) for \(code)"
                }
            } else if answer.code != Int(code) {
                problem = "\(answer.code) for \(code): \(answer.why)"
            } else {
                problem = Self.difference(answer.object, item["answer"]["object"])
            }
            if problem.isEmpty {
                counts[sort, default: (0, 0)].equal += 1
            } else {
                lines.append("\(item["id"].text): \(problem)")
            }
        }
        for (sort, count) in counts.sorted(by: { $0.key < $1.key }) {
            print("recorded \(sort): \(count.equal) of \(count.total)")
        }
        for line in lines { print("   \(line.prefix(500))") }
        // The rest waits for rules of kinds, for CEL and for who answers reviews.
        #expect(counts["creations"]?.equal ?? 0 >= 150)
        #expect(counts["status updates"]?.equal ?? 0 >= 83)
    }
}

extension String {
    func range(_ part: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(part) { return index..<self.index(index, offsetBy: part.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
