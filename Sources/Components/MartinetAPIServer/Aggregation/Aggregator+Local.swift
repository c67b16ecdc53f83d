import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

// The APIServices of what this server serves itself: made at the start for built-in groups, and with their definitions for
// custom ones, with which they go.
//
// Source: upstream's autoregister controller and its CRD registration.
extension Aggregator {
    static let managedLabel = "kube-aggregator.kubernetes.io/automanaged"

    private struct Wanted {
        let group: String
        let version: String
        /// `onstart`, or `true` for those that are kept.
        let managed: String
        let priorities: (group: Int, version: Int)

        var name: String { "\(version).\(group)" }
    }

    private var wanted: [String: Wanted] {
        var all: [String: Wanted] = [:]
        for kind in registry.served.all.map(\.kind) where kind.group != Aggregator.resource.group {
            let isCustom = kind.protobufPackage.isEmpty
            let one = Wanted(
                group: kind.group, version: kind.version, managed: isCustom ? "true" : "onstart",
                priorities: isCustom ? (1000, 100) : kind.priorities)
            // A group of which anything is built in is built in.
            if !isCustom || all[one.name] == nil { all[one.name] = one }
        }
        return all
    }

    func keepLocal(_ objects: [Object]) {
        let isFirst = state.withLock { state in
            defer { state.hasStarted = true }
            return !state.hasStarted
        }
        var wanted = wanted
        for object in objects {
            let name = object.metadata.name
            let managed = object.metadata.labels[Aggregator.managedLabel]
            let isOurs = managed == "true" || (managed == "onstart" && isFirst)
            let want = wanted.removeValue(forKey: name)
            if let want {
                let spec = object.part("spec")
                let isRight =
                    spec?.part("service") == nil && object.servicePriorities == want.priorities
                    && managed == want.managed
                if isOurs, !isRight { write(.update, make(want, over: object)) }
            } else if isOurs {
                remove(name, managed ?? "")
                continue
            }
            if object.part("spec")?.part("service") == nil { report(object, "True", "Local", Aggregator.isLocal) }
        }
        for want in wanted.values where want.managed == "true" || isFirst {
            write(.create, make(want, over: Object(type: Aggregator.type)))
        }
    }

    private static let isLocal = "Local APIServices are always available"

    static var type: ObjectType {
        Schema.builtin.type(named: "apiregistration.k8s.io/v1.APIService") ?? Status.type
    }

    private func make(_ want: Wanted, over object: Object) -> Object {
        var object = object
        var metadata = object.metadata
        metadata.name = want.name
        metadata.labels[Aggregator.managedLabel] = want.managed
        object.metadata = metadata
        object[field: "spec"] = object.made("spec") { spec in
            if !want.group.isEmpty { spec[field: "group"] = .string(want.group) }
            spec[field: "version"] = .string(want.version)
            spec[field: "groupPriorityMinimum"] = .int(Int64(want.priorities.group))
            spec[field: "versionPriority"] = .int(Int64(want.priorities.version))
        }
        return object
    }

    // MARK: - Writing

    /// Says in an object's status whether its server answers. Nothing is written where that is known already.
    func report(_ object: Object, _ status: String, _ reason: String, _ message: String) {
        if let now = object.available, now == (status, reason, message) { return }
        var object = object
        let old = object.part("status")?.parts("conditions").first { $0.text("type") == "Available" }
        let now = runtime.now().seconds
        object.change("status") { target in
            let others = target.parts("conditions").filter { $0.text("type") != "Available" }
            guard let field = target.type.field(named: "conditions"), let type = field.type else { return }
            var condition = Object(type: type)
            condition[field: "type"] = .string("Available")
            condition[field: "status"] = .string(status)
            condition[field: "reason"] = .string(reason)
            condition[field: "message"] = .string(message)
            condition[field: "lastTransitionTime"] =
                old?.text("status") == status ? old?[field: "lastTransitionTime"] : .int(now)
            target[field: "conditions"] = .list((others + [condition]).map(Value.object))
        }
        write(.update, object, subresource: "status")
    }

    private func write(_ verb: APIRequest.Verb, _ object: Object, subresource: String = "") {
        let name = object.metadata.name
        guard state.withLock({ $0.writing.insert(name).inserted }) else { return }
        var request = APIRequest(verb, Aggregator.resource)
        if verb != .create { request.resource.name = name }
        request.resource.subresource = subresource
        request.object = object
        send(request, name)
    }

    private func remove(_ name: String, _ managed: String) {
        guard state.withLock({ $0.writing.insert(name).inserted }) else { return }
        var request = APIRequest(.delete, Aggregator.resource)
        request.resource.name = name
        send(request, name)
    }

    private func send(_ request: APIRequest, _ name: String) {
        client.send(request, on: executor) { [weak self] result in
            guard let self else { return }
            state.withLock { _ = $0.writing.remove(name) }
            // Its change was seen while this write was under way, and passed over.
            wake()
            guard case .failure(let error) = result, !error.isConflict, !error.isNotFound, !error.isAlreadyExists
            else { return }
            log.error("an APIService cannot be written", [("name", name), ("error", error.message)])
        }
    }
}
