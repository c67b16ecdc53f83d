import MartinetBase
import MartinetManagedFields
import MartinetSchema

// What it costs to know who manages which fields: `swift run -c release ManagedFieldsBench`.

let runtime = ProductionRuntime()

struct NoOtherVersion: ObjectVersions {
    func type(for apiVersion: String) -> ObjectType? { nil }
    func convert(_ object: Object, to apiVersion: String) -> Object? { nil }
}

let json = """
    {"apiVersion":"v1","kind":"Pod","metadata":{"name":"web-7c5ddbdf54-x2k8p","namespace":"shop",
    "labels":{"app":"web","pod-template-hash":"7c5ddbdf54"},"annotations":{"example.com/checksum":"0123456789abcdef"}},
    "spec":{"volumes":[{"name":"config","configMap":{"name":"web","defaultMode":420}},
    {"name":"kube-api-access-9x7zq","projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}},
    {"configMap":{"name":"kube-root-ca.crt","items":[{"key":"ca.crt","path":"ca.crt"}]}}],"defaultMode":420}}],
    "containers":[{"name":"web","image":"registry.example/web:1.2.3","args":["--port","8080"],
    "ports":[{"name":"http","containerPort":8080,"protocol":"TCP"}],"env":[{"name":"A","value":"1"},
    {"name":"NODE","valueFrom":{"fieldRef":{"apiVersion":"v1","fieldPath":"spec.nodeName"}}}],
    "resources":{"limits":{"memory":"256Mi"},"requests":{"cpu":"100m","memory":"128Mi"}},
    "volumeMounts":[{"name":"config","mountPath":"/etc/web"},
    {"name":"kube-api-access-9x7zq","readOnly":true,"mountPath":"/var/run/secrets/kubernetes.io/serviceaccount"}],
    "livenessProbe":{"httpGet":{"path":"/healthz","port":"http","scheme":"HTTP"},"timeoutSeconds":1,"periodSeconds":10,
    "successThreshold":1,"failureThreshold":3},"terminationMessagePath":"/dev/termination-log",
    "terminationMessagePolicy":"File","imagePullPolicy":"IfNotPresent"}],"restartPolicy":"Always",
    "terminationGracePeriodSeconds":30,"dnsPolicy":"ClusterFirst","serviceAccountName":"default","nodeName":"node-1",
    "securityContext":{},"schedulerName":"default-scheduler","enableServiceLinks":true},
    "status":{"phase":"Running","podIP":"10.244.1.7","podIPs":[{"ip":"10.244.1.7"}],"conditions":[
    {"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"},
    {"type":"PodScheduled","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],
    "containerStatuses":[{"name":"web","state":{"running":{"startedAt":"2026-01-01T00:00:00Z"}},"lastState":{},
    "ready":true,"restartCount":0,"image":"registry.example/web:1.2.3","imageID":"","started":true}]}}
    """
guard let type = Schema.builtin.type(named: "v1.Pod"),
    let empty = try? JSONDecoder.decode(Array(json.utf8), as: type).object
else { preconditionFailure("the pod of the benchmark cannot be read") }

func manager(_ subresource: String) -> FieldManager {
    FieldManager(
        type: type, apiVersion: "v1", subresource: subresource,
        filter: type.kind.map { .of($0, subresource: subresource) } ?? .none, converter: NoOtherVersion())
}

func measure(_ name: String, _ work: () -> Void) {
    let count = 10
    // The best of many: a machine that does other things too makes all others slower.
    var best = Duration.seconds(1)
    for _ in 0..<500 {
        let start = runtime.monotonic()
        for _ in 0..<count { work() }
        best = min(best, (runtime.monotonic() - start) / count)
    }
    print("\(name): \(Double(best.components.attoseconds / 1_000_000_000) / 1000) µs")
}

let now = Timestamp(seconds: 1_800_000_000)
let spec = manager("")
let status = manager("status")

var stored = empty
spec.update(live: nil, object: &stored, name: "kube-controller-manager", now: now)
var withStatus = stored
_ = withStatus.setValue(.string("Pending"), at: ".status.phase")
status.update(live: withStatus, object: &stored, name: "kubelet", now: now)
let live = stored
var known = live.managedFields(isCanonical: true)
known.isCurrent = true
print("a pod of \(JSONEncoder.encode(live).count) bytes, managed by \(known.entries.count)")

measure("create") {
    var object = empty
    spec.update(live: nil, object: &object, name: "kube-controller-manager", now: now)
}
// A client's object shares nothing with the stored one.
let sent = (try? JSONDecoder.decode(JSONEncoder.encode(live), as: type).object) ?? live
var changed = sent
_ = changed.setValue(.string("other"), at: ".spec.schedulerName")
measure("update of one field, entries known") {
    var object = changed
    spec.update(live: live, known: known, object: &object, name: "kubectl", now: now)
}
measure("update of one field, entries read") {
    var object = changed
    spec.update(live: live, object: &object, name: "kubectl", now: now)
}
measure("update of nothing, entries known") {
    var object = sent
    spec.update(live: live, known: known, object: &object, name: "kubectl", now: now)
}
var grown = sent
if case .list(var conditions)? = grown.value(at: ".status.conditions"), case .object(var ready)? = conditions.first {
    ready[1] = .string("False")
    conditions[0] = .object(ready)
    _ = grown.setValue(.list(conditions), at: ".status.conditions")
}
measure("status of one condition, entries known") {
    var object = grown
    status.update(live: live, known: known, object: &object, name: "kubelet", now: now)
}
let config = (try? JSONDecoder.decodeAny(Array(json.utf8)).value) ?? .null
guard case .map(var map) = config else { preconditionFailure("the configuration is an object") }
map["status"] = nil
let application = FieldManager.Application(config: .map(map), name: "gitops", isForced: true, now: now)
guard let applied = try? spec.apply(application, to: live).object else { preconditionFailure("it cannot be applied") }
measure("apply again, nothing new") { _ = try? spec.apply(application, to: applied) }
var next = application
map["metadata"] = .map(
    Map(unsorted: [
        .init(key: "name", value: .string("web-7c5ddbdf54-x2k8p")),
        .init(key: "labels", value: .map(Map(unsorted: [.init(key: "app", value: .string("v2"))]))),
    ]))
next.config = .map(map)
measure("apply a changed label") { _ = try? spec.apply(next, to: applied) }
