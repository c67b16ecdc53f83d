import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetWebhooks
import Synchronization

/// The webhooks that are registered, compiled, and how they are reached.
final class Webhooks: Sendable {
    static let group = "admissionregistration.k8s.io"
    static let configurations: Set<String> = ["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"]

    struct Hooks: Sendable {
        var mutating: [AdmissionHook] = []
        var validating: [AdmissionHook] = []
    }

    let caller: any WebhookCaller
    let workers: WaitingWorkers
    /// Whom pods' images are shown to; nil for nobody.
    let imagePolicy: ImagePolicySettings?
    private let hooks = Mutex(Hooks())
    private let active: Atomic<Bool>

    init(caller: (any WebhookCaller)?, imagePolicy: ImagePolicySettings?, workers: WaitingWorkers) {
        self.caller = caller ?? NoWebhooks()
        self.imagePolicy = imagePolicy
        self.workers = workers
        active = Atomic(imagePolicy != nil)
    }

    /// Whether there is any: all that most requests ever ask.
    var isActive: Bool { active.load(ordering: .relaxed) }

    var current: Hooks { hooks.withLock { $0 } }

    /// Follows the configurations.
    func changed(_ resource: ServedResource, _ registry: Registry) {
        guard resource.storageKind == nil, Webhooks.configurations.contains(resource.kind.name) else { return }
        reload(registry, registry.configuration.admission)
    }

    /// Reads the configurations anew. Runs on the store's thread when one has changed, before that is answered.
    func reload(_ registry: Registry, _ settings: AdmissionSettings) {
        func all(_ plural: String, _ plugin: String, isMutating: Bool) -> [AdmissionHook] {
            guard settings.enabled.contains(plugin) else { return [] }
            let name = ResourceName(group: Webhooks.group, version: "v1", plural: plural)
            return AdmissionHook.all(registry.cached(name).map(\.object), isMutating: isMutating)
        }
        let fresh = Hooks(
            mutating: all("mutatingwebhookconfigurations", "MutatingAdmissionWebhook", isMutating: true),
            validating: all("validatingwebhookconfigurations", "ValidatingAdmissionWebhook", isMutating: false))
        hooks.withLock { $0 = fresh }
        active.store(
            imagePolicy != nil || !fresh.mutating.isEmpty || !fresh.validating.isEmpty, ordering: .releasing)
    }

    /// Whether one may want to see a request, selectors and conditions aside.
    func concern(_ request: APIRequest, _ kind: Kind, _ operation: String) -> Bool {
        if request.isReviewed || AdmissionHook.isExempt(group: kind.group, kind: kind.name) { return false }
        let (plural, subresource) = (kind.plural, request.resource.subresource)
        if imagePolicy != nil, kind.name == "Pod", kind.group.isEmpty,
            subresource.isEmpty || subresource == "ephemeralcontainers", operation == "CREATE" || operation == "UPDATE"
        {
            return true
        }
        let hooks = current
        func want(_ hook: AdmissionHook) -> Bool {
            hook.mayConcern(plural: plural, subresource: subresource, operation: operation)
        }
        return hooks.mutating.contains(where: want) || hooks.validating.contains(where: want)
    }
}

/// Where a registry runs without anything that reaches webhooks, they fail as those do that do not answer.
private struct NoWebhooks: WebhookCaller {
    func call(_ calls: [WebhookCall]) -> [Result<[UInt8], WebhookFailure>] {
        calls.map { .failure(WebhookFailure("Post \($0.url.debugDescription): this server reaches no webhooks")) }
    }
}
