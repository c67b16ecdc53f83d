import MartinetAPI
import MartinetSchema
import MartinetStrategies

#if canImport(Glibc)
    import Glibc
#endif

// How long it takes to judge a full Pod: `swift run -c release StrategyBench [POD.json...]`.

/// What this process has computed for, whatever else the machine does.
func processorTime() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

let full = """
    {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p"}, "spec": {"containers": [{"name": "c",
    "image": "registry.example/app:1", "command": ["/bin/app"], "args": ["--x", "$(A)"],
    "workingDir": "/srv", "imagePullPolicy": "IfNotPresent", "ports": [{"name": "http",
    "containerPort": 8080}, {"name": "dns", "containerPort": 53, "protocol": "UDP", "hostPort": 1053}],
    "env": [{"name": "A", "value": "1"}, {"name": "B",
    "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}, {"name": "D",
    "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": true}}}, {"name": "E",
    "valueFrom": {"configMapKeyRef": {"name": "s", "key": "k"}}}, {"name": "F",
    "valueFrom": {"resourceFieldRef": {"containerName": "c", "resource": "limits.cpu", "divisor": "1m"}}}],
    "envFrom": [{"prefix": "P_", "configMapRef": {"name": "cm"}}, {"secretRef": {"name": "s",
    "optional": true}}], "resources": {"limits": {"cpu": "1", "memory": "128Mi",
    "ephemeral-storage": "1Gi", "example.com/gpu": "2"}, "requests": {"cpu": "500m", "memory": "64Mi",
    "example.com/gpu": "2"}}, "volumeMounts": [{"name": "v", "mountPath": "/data", "readOnly": true,
    "subPath": "a/b"}, {"name": "w", "mountPath": "/w", "mountPropagation": "HostToContainer"}],
    "livenessProbe": {"httpGet": {"path": "/healthz", "port": "http", "httpHeaders": [{"name": "X-A",
    "value": "b"}]}, "initialDelaySeconds": 3, "periodSeconds": 5},
    "readinessProbe": {"exec": {"command": ["true"]}, "failureThreshold": 2},
    "startupProbe": {"tcpSocket": {"port": 8080}}, "lifecycle": {"postStart": {"exec": {"command": ["a"]}},
    "preStop": {"sleep": {"seconds": 3}}}, "securityContext": {"runAsUser": 1000, "runAsNonRoot": true,
    "readOnlyRootFilesystem": true, "allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"],
    "add": ["NET_BIND_SERVICE"]}, "seccompProfile": {"type": "RuntimeDefault"}},
    "terminationMessagePolicy": "FallbackToLogsOnError", "stdin": true, "tty": true}],
    "volumes": [{"name": "v", "emptyDir": {"sizeLimit": "1Gi"}}, {"name": "w", "hostPath": {"path": "/w",
    "type": "DirectoryOrCreate"}}]}}
    """

func text(ofFile path: String) -> [UInt8] {
    guard let file = fopen(path, "r") else { return [] }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return Array(bytes.prefix(fread(&bytes, 1, bytes.count, file)))
}

func report(_ name: String, rounds: Int = 2000, _ body: () -> Int) {
    for _ in 0..<100 { _ = body() }
    var best = Int64.max
    var result = 0
    for _ in 0..<20 {
        let start = processorTime()
        for _ in 0..<(rounds / 20) { result &+= body() }
        best = min(best, (processorTime() - start) / Int64(rounds / 20))
    }
    print("  \(name): \(best / 1000).\(best % 1000 / 100) µs (\(result & 1))")
}

guard let kind = Schema.builtin.kinds.first(where: { $0.name == "Pod" && $0.version == "v1" }) else { exit(1) }
let strategy = Strategies.strategy(for: kind)
let files = Array(CommandLine.arguments.dropFirst())
for (name, bytes) in files.isEmpty ? [("full pod", Array(full.utf8))] : files.map({ ($0, text(ofFile: $0)) }) {
    guard var object = try? JSONDecoder.decode(bytes, as: kind.type).object else {
        print("\(name) is no pod")
        exit(1)
    }
    Defaults.apply(to: &object)
    strategy.setDefaults(&object)
    strategy.prepareForCreate(&object)
    var pod = Pod(object: object)
    pod.metadata.namespace = "default"
    pod.metadata.resourceVersion = "1"
    object = pod.object
    print("\(name), \(bytes.count) bytes, \(strategy.validate(object).count) faults")
    report("validate") { strategy.validate(object).count }
    report("validate an update") { strategy.validateUpdate(object, old: object).count }
    report("warnings") { strategy.warnings(object, old: nil).count }
    report("prepare") {
        var copy = object
        strategy.prepareForCreate(&copy)
        return copy.count
    }
}
