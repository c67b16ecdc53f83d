// What a write costs below HTTP, with every kind served and watchers on one of them: the store is in memory, so that what is
// left is the registry and its caches.
//
//     CacheBench [WRITES] [WATCHERS]

import Glibc
import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization

let numbers = CommandLine.arguments.dropFirst().compactMap { Int($0) }
let writes = numbers.first ?? 20_000
let watchers = numbers.count > 1 ? numbers[1] : 0

let runtime = ProductionRuntime()
let store = try SQLiteStore(inMemory: "bench", runtime: runtime, executor: runtime.executor(named: "bench.store"))
let registry = try Registry(
    store: store, runtime: runtime, log: Log(component: "bench", minimum: .error),
    configuration: .init(runtimeConfig: RuntimeConfig(["api/all=true"])))

func send(_ request: APIRequest) async -> Bool {
    await withCheckedContinuation { continuation in
        registry.handle(request, as: .admin) { result in
            if case .success = result {
                continuation.resume(returning: true)
            } else {
                continuation.resume(returning: false)
            }
        }
    }
}

func configMap(_ name: String) -> APIRequest {
    var request = APIRequest(.create, ResourceName(version: "v1", plural: "configmaps", namespace: "bench"))
    request.object =
        ConfigMap {
            $0.metadata.name = name
            $0.metadata.namespace = "bench"
            $0.data = ["key": name]
        }.object
    return request
}

var namespace = APIRequest(.create, ResourceName(version: "v1", plural: "namespaces"))
namespace.object = Namespace { $0.metadata.name = "bench" }.object
_ = await send(namespace)

let delivered = Atomic<Int>(0)
let executor = runtime.executor(named: "bench.watch")
var open: [RegistryWatch] = []
for _ in 0..<watchers {
    let request = APIRequest(.watch, ResourceName(version: "v1", plural: "configmaps", namespace: "bench"))
    open.append(
        try registry.watch(request, as: .admin, on: executor) { events in
            delivered.add(events.count, ordering: .relaxed)
        })
}

func processSeconds() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
}

for inFlight in [1, 64] {
    let (start, cpu) = (runtime.monotonic(), processSeconds())
    await withTaskGroup(of: Void.self) { group in
        for client in 0..<inFlight {
            group.addTask {
                for index in 0..<(writes / inFlight) { _ = await send(configMap("c\(inFlight)-\(client)-\(index)")) }
            }
        }
    }
    let count = Double(writes / inFlight * inFlight)
    let wall = (runtime.monotonic() - start) / .microseconds(1)
    let used = (processSeconds() - cpu) * 1e6
    print(
        "\(registry.served.all.count) resources, \(watchers) watchers, \(inFlight) in flight:",
        "\(Int(wall / count * 10)) tenths of µs a write, \(Int(used / count * 10)) of CPU")
}
for watch in open { watch.cancel() }
print("\(delivered.load(ordering: .relaxed)) events delivered")
