import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetTesting
import Synchronization
import Testing

/// Replays sequences of writes that a real API server was asked for, against a registry, and says where it answers
/// something else.
struct RecordedPatches {
    struct Difference: CustomStringConvertible {
        let sequence: String
        let step: Int
        let what: String
        let detail: String
        /// Whether only one side's rules refuse the object, or both for other reasons.
        var isRule = false
        var description: String { "\(sequence) step \(step): \(what)\n\(detail)" }
    }

    let runtime: SimulatedRuntime
    let registry: Registry

    init() throws {
        runtime = SimulatedRuntime(seed: 7)
        let store = try SQLiteStore(inMemory: "patches", runtime: runtime, executor: runtime.executor(named: "store"))
        registry = try Registry(store: store, runtime: runtime, log: Log(component: "test", minimum: .error))
        for name in ["default", "rec-patch"] {
            _ = send(create(Namespace { $0.metadata.name = name }.object, nil))
        }
        _ = send(
            create(
                ServiceAccount {
                    $0.metadata.name = "default"
                    $0.metadata.namespace = "rec-patch"
                }.object, "rec-patch"))
        let definitions = try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/patches-crds.json")).value
        for definition in definitions.items {
            let object = try JSONDecoder.decode(JSONEncoder.encode(definition), as: CustomResourceDefinition.type)
                .object
            _ = send(create(object, nil))
        }
        let until = runtime.monotonic() + .seconds(1)
        while runtime.step(until: until) {}
    }

    private func create(_ object: Object, _ namespace: String?) -> APIRequest {
        var request = APIRequest(.create, ResourceName(object.type.kind!, namespace: namespace))
        request.object = object
        return request
    }

    func send(_ request: APIRequest) -> Result<Reply, APIError> {
        let answer = Mutex<Result<Reply, APIError>?>(nil)
        registry.handle(request, as: .admin) { result in answer.withLock { $0 = result } }
        _ = runtime.run(until: runtime.monotonic() + .seconds(60)) { answer.withLock { $0 != nil } }
        return answer.withLock { $0 } ?? .failure(.init(code: 0, reason: "", message: "no answer"))
    }

    struct Replay {
        var steps = 0
        /// Answers that are not the recorded ones. What follows one that left another object is not looked at.
        var differences: [Difference] = []
        /// Refusals for which the server answered an error of its own (500), or none.
        var listed = 0
    }

    func replay(_ sequence: Value) throws -> Replay {
        var replay = Replay()
        for (index, step) in sequence["steps"].items.enumerated() {
            replay.steps += 1
            let expected = step["answer"]
            let (resource, path) = self.path(step["path"].text)
            var base = path
            base.subresource = ""
            let before = registry.stored(base)
            let result: Result<Reply, APIError>
            switch request(step, path, resource, before?.object) {
            case .success(let request): result = send(request)
            case .failure(let error): result = .failure(error)
            }
            if base.name == nil { base.name = step["body"]["metadata"]["name"].text }
            let after = registry.stored(base)
            var isRefused = false
            if case .failure(let error) = result { isRefused = (400..<500).contains(error.code) }
            if isRefused, [0, 500].contains(expected["code"].integer) {
                replay.listed += 1
                continue
            }
            guard let (what, detail) = compare(step, expected, result, isChanged: before?.revision != after?.revision)
            else { continue }
            let request =
                "\(step["method"].text) \(step["path"].text) \(step["query"].json) \(step["contentType"].text) \(step["body"].json)"
            var difference =
                Difference(
                    sequence: sequence["id"].text, step: index, what: what,
                    detail:
                        "\(detail)\n  request: \(request)\n  before: \(before.map { PlainText.text($0.object) } ?? "-")"
                )
            difference.isRule = isRule(expected, result)
            replay.differences.append(difference)
            guard isRefused, expected["code"].integer >= 400 else { return replay }
        }
        return replay
    }

    private func isRule(_ expected: Value, _ result: Result<Reply, APIError>) -> Bool {
        let causes = expected["causes"].items
        if expected["code"].integer == 422, !causes.isEmpty { return !causes.contains { $0["field"].text == "patch" } }
        if case .failure(let error) = result { return error.code == 422 && !error.causes.isEmpty }
        return false
    }

    private func path(_ text: String) -> (ServedResource?, ResourceName) {
        var parts = text.split(separator: "/").map(String.init)[...]
        let isCore = parts.removeFirst() == "api"
        let group = isCore ? "" : parts.removeFirst()
        var name = ResourceName(group: group, version: parts.removeFirst(), plural: "")
        if parts.first == "namespaces", parts.count > 2 {
            parts.removeFirst()
            name.namespace = parts.removeFirst()
        }
        name.plural = parts.removeFirst()
        name.name = parts.popFirst()
        name.subresource = parts.popFirst() ?? ""
        return (registry.served[name], name)
    }

    private func request(
        _ step: Value, _ path: ResourceName, _ resource: ServedResource?, _ stored: Object?
    ) -> Result<APIRequest, APIError> {
        guard let resource else { return .failure(.noSuchPath) }
        let verbs: [String: APIRequest.Verb] = ["POST": .create, "PUT": .update, "PATCH": .patch, "GET": .get]
        var request = APIRequest(verbs[step["method"].text] ?? .get, path)
        let query = step["query"]
        request.options.fieldManager = query["fieldManager"].text
        request.options.force = query["force"].text == "true"
        request.options.fieldValidation = query["fieldValidation"].text
        request.options.dryRun = query["dryRun"].text == "All"
        request.options.userAgent = step["userAgent"].text
        let plain = stored.map { PlainText.plain($0) } ?? .null
        let body = Placeholders.filled(step["body"], from: plain)
        switch request.verb {
        case .create, .update:
            let type = path.subresource == "scale" ? Scale.type : resource.kind.type
            do throws(DecodeError) {
                let decoded = try JSONDecoder.decode(JSONEncoder.encode(body), as: type)
                if request.options.fieldValidation == "Strict", !decoded.issues.isEmpty {
                    return .failure(.init(code: 400, reason: "BadRequest", message: "strict decoding error"))
                }
                request.object = decoded.object
            } catch {
                return .failure(.init(code: 400, reason: "BadRequest", message: error.description))
            }
        case .patch:
            guard let type = APIRequest.Patch(rawValue: step["contentType"].text) else {
                return .failure(.unsupportedMediaType(step["contentType"].text, []))
            }
            request.patch = (type, JSONEncoder.encode(body))
        default: break
        }
        return .success(request)
    }

    private func compare(
        _ step: Value, _ expected: Value, _ result: Result<Reply, APIError>, isChanged: Bool
    ) -> (what: String, detail: String)? {
        let code = expected["code"].integer
        switch result {
        case .failure(let error):
            guard error.code == code else {
                return ("code \(code) → \(error.code)", "  expected: \(expected.json)\n  got: \(error.message)")
            }
            if error.reason != expected["reason"].text {
                return ("reason", "  expected: \(expected.json)\n  got: \(error.reason)")
            }
            let details = ["group", "kind", "name"].map { expected["details"][$0].text }
            if details != [error.group, error.kind, error.name] {
                return ("details of \(code)", "  expected: \(details)\n  got: \([error.group, error.kind, error.name])")
            }
            let causes = expected["causes"].items.map { cause in
                "\(cause["reason"].text) \(cause["field"].text) \(cause["manager"].text) \(cause["subresource"].text) \(cause["apiVersion"].text)"
            }.sorted()
            let own = error.causes.map { cause in
                let parts = PlainText.conflict(cause.message)
                return "\(cause.reason) \(cause.field) \(parts.manager) \(parts.subresource) \(parts.apiVersion)"
            }.sorted()
            if causes != own {
                return ("causes of \(code)", "  expected: \(causes)\n  got: \(own)\n  \(error.message)")
            }
            return nil
        case .success(let reply):
            var ownCode = 200
            switch reply {
            case .stored(_, let isNew): if isNew { ownCode = 201 }
            case .object(_, let own): ownCode = own
            case .list: break
            }
            let object = PlainText.normalised(PlainText.plain(reply.tree))
            guard ownCode == code else {
                return ("code \(code) → \(ownCode)", "  expected: \(expected.json)\n  got: \(object.json)")
            }
            let wanted = PlainText.normalised(expected["object"])
            if let difference = PlainText.difference(wanted, object, "") {
                let isManaged = difference.contains("managedFields")
                return (
                    isManaged ? "managedFields" : "object: \(difference.prefix { $0 != "=" })",
                    "  \(difference)\n  expected: \(wanted.json)\n  got: \(object.json)"
                )
            }
            if case .bool(let changed) = step["changed"], changed != isChanged {
                return ("changed \(changed) → \(isChanged)", object.json)
            }
            if case .map = step["after"], let name = step["path"].text.split(separator: "/").dropLast().last {
                var path = path(step["path"].text).1
                (path.subresource, path.name) = ("", String(name))
                let after = PlainText.normalised(registry.stored(path).map { PlainText.plain($0.object) } ?? .null)
                let wanted = PlainText.normalised(step["after"])
                if let difference = PlainText.difference(wanted, after, "") {
                    return ("after", "  \(difference)\n  expected: \(wanted.json)\n  got: \(after.json)")
                }
            }
            return nil
        }
    }
}
