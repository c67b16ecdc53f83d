import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetWebhooks
import Synchronization
import Testing

/// A registry in virtual time whose webhooks are functions.
struct WebhookCluster {
    let runtime = SimulatedRuntime(seed: 7)
    let hooks = FakeWebhooks()
    let store: SQLiteStore
    let registry: Registry

    init(admission: AdmissionSettings = AdmissionSettings()) throws {
        store = try SQLiteStore(inMemory: "webhooks", runtime: runtime, executor: runtime.executor(named: "store"))
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error),
            configuration: .init(admission: admission), webhooks: hooks)
        _ = try send(.create, name("namespaces", namespace: nil), #"{"metadata":{"name":"a","labels":{"team":"red"}}}"#)
    }

    func name(
        _ plural: String, group: String = "", version: String = "v1", namespace: String? = "a", _ name: String? = nil,
        subresource: String = ""
    ) -> ResourceName {
        ResourceName(
            group: group, version: version, plural: plural, namespace: namespace, name: name, subresource: subresource)
    }

    /// The answer to a request, or its refusal.
    func result(
        _ verb: APIRequest.Verb, _ resource: ResourceName, _ json: String = "",
        _ change: (inout APIRequest) -> Void = { _ in }
    ) throws -> Result<Value, APIError> {
        var request = APIRequest(verb, resource)
        if verb == .patch {
            request.patch = (.merge, Array(json.utf8))
        } else if !json.isEmpty {
            let kind = try #require(registry.served[resource]?.kind)
            let type = kind.bodyType(ofSubresource: resource.subresource) ?? kind.type
            request.object = try JSONDecoder.decode(Array(json.utf8), as: type).object
        }
        change(&request)
        let answer = Mutex<Result<Value, APIError>?>(nil)
        registry.handle(request, as: .admin) { result in
            answer.withLock { $0 = result.map { WebhookCluster.tree($0) } }
        }
        _ = runtime.run(until: runtime.monotonic() + .seconds(120)) { answer.withLock { $0 != nil } }
        return try #require(answer.withLock { $0 }, "\(verb) \(resource) is never answered")
    }

    func send(
        _ verb: APIRequest.Verb, _ resource: ResourceName, _ json: String = "",
        _ change: (inout APIRequest) -> Void = { _ in }
    ) throws -> Value {
        try result(verb, resource, json, change).get()
    }

    func refusal(
        _ verb: APIRequest.Verb, _ resource: ResourceName, _ json: String = "",
        _ change: (inout APIRequest) -> Void = { _ in }
    ) throws -> APIError? {
        if case .failure(let error) = try result(verb, resource, json, change) { error } else { nil }
    }

    private static func tree(_ reply: Reply) -> Value {
        let bytes: [UInt8] =
            switch reply {
            case .stored(let cached, _): cached.json
            case .object(let object, _): JSONEncoder.encode(object)
            case .list(let list):
                Array("{\"items\":[".utf8) + Array(list.objects.map(\.json).joined(separator: [44]))
                    + Array("]}".utf8)
            }
        return (try? JSONDecoder.decodeAny(bytes).value) ?? .null
    }

    /// Lets what was begun come to its end.
    func settle(_ isDone: () -> Bool = { false }) { _ = runtime.run(until: runtime.monotonic() + .seconds(5), isDone) }

    // MARK: - Configurations

    enum Sort: String {
        case mutating, validating
        var plural: String { "\(rawValue)webhookconfigurations" }
    }

    /// - Parameter fields: of the webhook, with a comma before them.
    static func webhook(_ path: String, rule: String = anyConfigMap, _ fields: String = "") -> String {
        let label = path.dropFirst()
        return
            #"{"name":"\#(label).example.com","clientConfig":{"url":"https://hooks.example.com\#(path)"},"rules":[\#(rule)],"sideEffects":"None","admissionReviewVersions":["v1"]\#(fields)}"#
    }

    static let anyConfigMap =
        #"{"operations":["*"],"apiGroups":[""],"apiVersions":["v1"],"resources":["configmaps"]}"#

    func register(_ sort: Sort, _ name: String = "hooks", _ webhooks: String...) throws {
        let resource = self.name(sort.plural, group: "admissionregistration.k8s.io", namespace: nil)
        _ = try send(
            .create, resource, #"{"metadata":{"name":"\#(name)"},"webhooks":[\#(webhooks.joined(separator: ","))]}"#)
    }

    func configMap(_ name: String, _ data: String = #""a":"b""#) -> String {
        #"{"metadata":{"name":"\#(name)"},"data":{\#(data)}}"#
    }

    static func patch(_ steps: String) -> String {
        #""allowed":true,"patchType":"JSONPatch","patch":"\#(Base64.encode(Array(steps.utf8)))""#
    }
}
