import Glibc
import MartinetAPI
import MartinetBase
import MartinetSchema

// Measures the object tree on a Pod: decoding, encoding, copying with a change, reading through a view, and memory.
// Each figure is a ratio to copying the same bytes once, which is what no decoder can beat.

let runtime = ProductionRuntime()

let json: [UInt8] = {
    var pod = Pod()
    pod.metadata.name = "web-7d4b9c6f5-x2x9q"
    pod.metadata.namespace = "shop"
    pod.metadata.uid = "0b9a3c1e-5a1d-4d5e-9a57-0f0e4a6f2b11"
    pod.metadata.resourceVersion = "123456"
    pod.metadata.labels = ["app": "web", "pod-template-hash": "7d4b9c6f5", "tier": "front"]
    pod.spec.nodeName = "node-1"
    for index in 0..<3 {
        pod.spec.containers.append(
            Container {
                $0.name = "container-\(index)"
                $0.image = "registry.example.com/team/service:1.2.\(index)"
                $0.env = [
                    EnvVar { ($0.name, $0.value) = ("LEVEL", "info") },
                    EnvVar { ($0.name, $0.value) = ("PORT", "8080") },
                ]
                $0.ports = [ContainerPort { ($0.name, $0.containerPort, $0.protocol) = ("http", 8080, "TCP") }]
                $0.resources.requests = ["cpu": "250m", "memory": "64Mi"]
                $0.volumeMounts = [VolumeMount { ($0.name, $0.mountPath) = ("data", "/data") }]
            })
        pod.status.containerStatuses.append(
            ContainerStatus {
                $0.name = "container-\(index)"
                $0.ready = true
                $0.containerID = "martinet://0e6faeb36151757461f80f1f50fcbb065b4e2dfec12a048230a4c1f61aecd502"
            })
    }
    Defaults.apply(to: &pod.object)
    return JSONEncoder.encode(pod.object)
}()

func measure(_ name: String, _ rounds: Int, _ body: () -> Int) -> Double {
    var best = Double.infinity
    var check = 0
    for _ in 0..<5 {
        let start = runtime.monotonic()
        for _ in 0..<rounds { check &+= body() }
        best = min(best, Double((runtime.monotonic() - start).nanoseconds) / Double(rounds))
    }
    print("\(name): \(Int(best)) ns (\(Int(Double(json.count) / best * 1000)) MB/s) [\(check & 1)]")
    return best
}

func residentKilobytes() -> Int {
    guard let file = fopen("/proc/self/statm", "r") else { return 0 }
    defer { fclose(file) }
    var size = 0
    var resident = 0
    _ = withUnsafeMutablePointer(to: &size) { a in
        withUnsafeMutablePointer(to: &resident) { b in
            withVaList([a, b]) { vfscanf(file, "%ld %ld", $0) }
        }
    }
    return resident * 4
}

if CommandLine.arguments.count > 1, let file = fopen(CommandLine.arguments[1], "w") {
    fwrite(json, 1, json.count, file)
    fclose(file)
}
print("a pod of \(json.count) bytes of JSON")
let copy = measure("copy of the bytes", 20_000) { json.withUnsafeBufferPointer { Array($0).count } }
guard let object = try? JSONDecoder.decode(json, as: Pod.type).object else { exit(1) }
let protobuf = ProtobufEncoder.encodeBody(object)
let decode = measure("decode JSON", 5000) { ((try? JSONDecoder.decode(json, as: Pod.type))?.object.count) ?? 0 }
_ = measure("decode protobuf (\(protobuf.count) bytes)", 5000) {
    (try? ProtobufDecoder.decode(protobuf, as: Pod.type).count) ?? 0
}
let encode = measure("encode JSON", 5000) { JSONEncoder.encode(object).count }
_ = measure("copy and change one field three levels deep", 20_000) {
    var pod = Pod(object: object)
    pod.spec.containers[1].image = "other"
    return pod.spec.containers.count
}
_ = measure("read ten fields through views", 20_000) {
    let pod = Pod(object: object)
    var sum = pod.metadata.name.utf8.count + pod.spec.nodeName.utf8.count
    for container in pod.spec.containers { sum += container.image.utf8.count + container.name.utf8.count }
    return sum
}
let before = residentKilobytes()
var kept: [Object] = []
for _ in 0..<10_000 { if let decoded = try? JSONDecoder.decode(json, as: Pod.type).object { kept.append(decoded) } }
print("10 000 decoded pods: \((residentKilobytes() - before) / 10) bytes each, \(kept.count)")
print("decode is \(decode / copy) copies, encode \(encode / copy)")
