import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetFlowControl
import MartinetSchema
import Synchronization

/// Keeps the flow schemas and priority levels that every cluster begins with, and says of each schema whether its level is
/// there (the condition `Dangling`).
///
/// As upstream: mandatory objects are mended whatever was done to them; suggested ones as long as their annotation
/// `apf.kubernetes.io/autoupdate-spec` is not `false`, and one that nobody has ever written counts as `true`.
package final class FlowBootstrap: Sendable {
    private let registry: Registry
    private let executor: any SerialExecutorPort
    private let isScheduled = Mutex(false)

    private static let annotation = "apf.kubernetes.io/autoupdate-spec"

    package init(_ registry: Registry) {
        self.registry = registry
        executor = registry.runtime.executor(named: "martinet.apiserver.flowbootstrap")
    }

    /// Calls `done` once everything is there, and mends it from then on a moment after every change.
    package func run(_ done: @escaping @Sendable () -> Void) {
        mend { [self] in
            tellDangling { [self] in
                registry.flows.onChange { [self] in schedule() }
                done()
            }
        }
    }

    private func schedule() {
        let begins = isScheduled.withLock { scheduled in
            defer { scheduled = true }
            return !scheduled
        }
        guard begins else { return }
        executor.submit(after: .milliseconds(200)) { [self] in
            isScheduled.withLock { $0 = false }
            mend { [self] in tellDangling {} }
        }
    }

    // MARK: - The objects

    private func mend(_ done: @escaping @Sendable () -> Void) {
        let requests = (BootstrapFlows.levels + BootstrapFlows.schemas).compactMap(request)
        send(requests, done)
    }

    private func resource(_ object: Object, name: String? = nil) -> ResourceName {
        let plural = object.type.name.hasSuffix(".FlowSchema") ? "flowschemas" : "prioritylevelconfigurations"
        return ResourceName(group: FlowGate.group, version: "v1", plural: plural, name: name)
    }

    /// What is to be written so that an object is as it should be; nil where it is.
    private func request(_ entry: BootstrapFlows.Entry) -> APIRequest? {
        let name = resource(entry.object, name: entry.name)
        guard var object = registry.stored(name)?.object else {
            var request = APIRequest(.create, resource(entry.object))
            request.object = entry.object
            return request
        }
        let marked = object.metadata.annotations[FlowBootstrap.annotation]
        let follows = entry.isMandatory || (marked.map { $0 == "true" } ?? (object.metadata.generation <= 1))
        guard follows, let wanted = entry.object.part("spec"), let spec = object.part("spec") else { return nil }
        guard !FlowBootstrap.says(spec, all: wanted) else { return nil }
        object[field: "spec"] = .object(wanted)
        var request = APIRequest(.update, name)
        request.object = object
        return request
    }

    /// Whether an object says everything that another one says; what defaults have added does not matter.
    private static func says(_ object: Object, all wanted: Object) -> Bool {
        for field in wanted.type.fields {
            switch (wanted[field.slot], object[field.slot]) {
            case (nil, _): continue
            case (.object(let inner)?, .object(let own)?): if !says(own, all: inner) { return false }
            case (let inner, let own): if inner != own { return false }
            }
        }
        return true
    }

    /// Sends requests together, so that they share a commit, and calls back after the last answer.
    private func send(_ requests: [APIRequest], _ done: @escaping @Sendable () -> Void) {
        guard !requests.isEmpty else { return done() }
        let left = Countdown(requests.count)
        for request in requests {
            registry.handle(request, as: .server) { [self] result in
                if case .failure(let error) = result, !error.isAlreadyExists, error.code != 409 {
                    registry.log.error(
                        "a flow object cannot be written",
                        [("object", "\(request.resource)"), ("error", error.message)])
                }
                if left.isLast { done() }
            }
        }
    }

    // MARK: - Conditions

    private func tellDangling(_ done: @escaping @Sendable () -> Void) {
        let dangling = registry.flows.dangling
        let list = ResourceName(group: FlowGate.group, version: "v1", plural: "flowschemas")
        guard let schemas = registry.served[list]?.cache.page(Selection(), from: nil, limit: 0, at: nil)?.objects else {
            return done()
        }
        let now = registry.runtime.now()
        send(
            schemas.compactMap { cached -> APIRequest? in
                var object = cached.object
                let isDangling = dangling.contains(cached.name)
                let conditions = object.part("status")?.parts("conditions") ?? []
                let old = conditions.first { $0.text("type") == "Dangling" }
                let status = isDangling ? "True" : "False"
                guard old?.text("status") != status else { return nil }
                let level = object.part("spec")?.part("priorityLevelConfiguration")?.text("name") ?? ""
                object.change("status") { own in
                    guard let type = own.type.field(named: "conditions")?.type else { return }
                    var condition = Object(type: type)
                    condition[field: "type"] = .string("Dangling")
                    condition[field: "status"] = .string(status)
                    condition[field: "lastTransitionTime"] = .int(now.seconds)
                    condition[field: "reason"] = .string(isDangling ? "NotFound" : "Found")
                    condition[field: "message"] = .string(
                        isDangling
                            ? "there is no priority level \(level.debugDescription), so that this schema is not used"
                            : "the priority level \(level.debugDescription) is there")
                    let others = conditions.filter { $0.text("type") != "Dangling" }
                    own[field: "conditions"] = .list((others + [condition]).map { .object($0) })
                }
                var name = resource(object, name: cached.name)
                name.subresource = "status"
                var request = APIRequest(.update, name)
                request.object = object
                return request
            }, done)
    }
}
