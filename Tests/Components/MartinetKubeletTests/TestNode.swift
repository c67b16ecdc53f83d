import Glibc
import MartinetAPI
import MartinetAPICore
import MartinetAddresses
import MartinetArchive
import MartinetBase
import MartinetClient
import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetImages
import MartinetNetwork
import MartinetSchema
import MartinetStagePlan
import MartinetStore
import MartinetStreaming
import Synchronization
import Testing

@testable import MartinetKubelet

/// A node of a test's own: a namespace with its network, folders, cgroups, an API server in memory, a kubelet. All of
/// it is gone at the end.
final class TestNode: Sendable {
    static let isRoot = geteuid() == 0 && access("/bin/busybox", X_OK) == 0
    static let image = "busybox:test"

    let folder: String
    let name: String
    let runtime = ProductionRuntime()
    let registry: Registry
    let client: MartinetAPICore.RegistryClient
    let network: NodeNetworkConfiguration
    let configuration: EngineConfiguration
    let images: ImageStore
    let executor: any SerialExecutorPort
    private let kubelet = Mutex<Kubelet?>(nil)
    private let configure: @Sendable (inout KubeletConfiguration) -> Void

    /// - Parameter configure: changes what the kubelet is told.
    init(
        puller: any ImagePuller = NoPuller(), starts: Bool = true,
        configure: @escaping @Sendable (inout KubeletConfiguration) -> Void = { _ in }
    ) throws {
        self.configure = configure
        name = "kubelet-\(String(runtime.random() % 1_000_000))"
        folder = "/tmp/kubelet/\(name)"
        try Files.makeFolders(folder)
        executor = runtime.executor(named: "test")
        let store = try SQLiteStore(inMemory: name, runtime: runtime, executor: runtime.executor(named: "store"))
        registry = try Registry(
            store: store, runtime: runtime, log: Log(component: "test", minimum: .error), tokenIssuer: TestIssuer())
        client = RegistryClient(registry: registry, identity: .admin)
        images = try ImageStore(root: folder + "/images", runtime: runtime)
        let namespace = try NetworkNamespace.create(at: folder + "/node")
        let pods = try #require(IPNetwork("10.244.9.0/24")), cluster = try #require(IPNetwork("10.244.0.0/16"))
        let services = try #require(IPNetwork("10.96.0.0/16"))
        var network = NodeNetworkConfiguration(podRange: pods, clusterRange: cluster, serviceRange: services)
        network.node = namespace
        network.stateFolder = folder + "/network"
        network.namespaceFolder = folder + "/netns"
        self.network = network
        try NodeNetwork(network).setUp()
        var configuration = EngineConfiguration(nodeName: "node-a", nodeAddresses: ["192.0.2.7"])
        configuration.runFolder = folder + "/run"
        configuration.dataFolder = folder + "/pods"
        configuration.logFolder = folder + "/log/pods"
        configuration.containerLogFolder = folder + "/log/containers"
        configuration.cgroupParent = "/" + name
        configuration.clusterDNS = ["10.96.0.10"]
        self.configuration = configuration
        try importBusybox()
        for name in ["default", "kube-node-lease"] {
            _ = try send(.create, Namespace { $0.metadata.name = name })
        }
        _ = try send(
            .create,
            ServiceAccount {
                $0.metadata.name = "default"
                $0.metadata.namespace = "default"
            })
        if starts { try start(puller: puller) }
    }

    private func importBusybox() throws {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        for folder in ["bin/", "tmp/", "etc/", "root/"] {
            try writer.append(TarEntry(folder, kind: .directory, mode: 0o755))
        }
        try writer.append(
            TarEntry("bin/busybox", kind: .file, mode: 0o755),
            content: try Files.read("/bin/busybox", limit: 8 << 20))
        for name in [
            "sh", "sleep", "cat", "echo", "httpd", "env", "id", "hostname", "ls", "true", "false", "wget", "nc",
            "touch", "test", "head", "tail", "dd", "stat", "ip", "grep", "ln", "mkdir", "readlink",
        ] {
            try writer.append(TarEntry("bin/\(name)", kind: .symlink, mode: 0o777, linkTarget: "busybox"))
        }
        try writer.append(
            TarEntry("etc/passwd", kind: .file, mode: 0o644),
            content: Array("root:x:0:0::/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n".utf8))
        try writer.append(
            TarEntry("etc/group", kind: .file, mode: 0o644),
            content: Array("root:x:0:\nweb:x:1000:\nextra:x:1234:web\n".utf8))
        try writer.finish()
        var defaults = ProcessDefaults()
        defaults.command = ["/bin/sh"]
        defaults.environment = ["PATH=/bin", "FROM_IMAGE=yes"]
        let image = try images.importRootfs(
            MemorySource(sink.bytes), defaults: defaults, as: try ImageReference(TestNode.image))
        try images.unpack(image)
    }

    func start(puller: any ImagePuller = NoPuller()) throws {
        let log = Log(component: "kubelet", minimum: getenv("KUBELET_TEST_LOG") == nil ? .error : .trace)
        let engine = try Engine(
            configuration: configuration, runtime: runtime, containers: try ContainerRuntime(), images: images,
            network: try PodNetwork(network), firewall: nil, puller: puller, log: log)
        var wanted = KubeletConfiguration(nodeName: "node-a", nodeAddresses: ["192.0.2.7"])
        wanted.dataFolder = configuration.dataFolder
        wanted.staticPodFolder = folder + "/manifests"
        configure(&wanted)
        let kubelet = Kubelet(configuration: wanted, client: client, runtime: runtime, engine: engine, log: log)
        try kubelet.start()
        self.kubelet.withLock { $0 = kubelet }
    }

    /// Ends the kubelet as a kill would for everything that matters: nothing is told to the containers.
    func stop() {
        let old = kubelet.withLock { kubelet in
            defer { kubelet = nil }
            return kubelet
        }
        guard let old else { return }
        let isDone = Atomic(false)
        let done = Done(isDone)
        old.stop { done.flag.store(true, ordering: .releasing) }
        do { try wait("the kubelet to stop") { done.flag.load(ordering: .acquiring) } } catch {
            Issue.record("\(error)")
        }
    }

    private final class Done: Sendable {
        let flag: Atomic<Bool>
        init(_ flag: consuming Atomic<Bool>) { self.flag = flag }
    }

    var streams: KubeletStreams { get throws { try KubeletStreams(running) } }
    var running: Kubelet { get throws { try #require(kubelet.withLock { $0 }) } }

    /// Ends all pods and removes everything.
    func tearDown() {
        stop()
        do {
            let pods = try PodNetwork(network)
            let engine = try Engine(
                configuration: configuration, runtime: runtime, containers: try ContainerRuntime(), images: images,
                network: pods, firewall: nil, puller: NoPuller(), log: Log(component: "test", minimum: .error))
            for uid in try engine.podsOnDisk() { try PodSandbox.removeOrphan(uid, of: engine) }
            try pods.removeAll()
            try NodeNetwork(network).tearDown()
            try network.node?.delete()
            for quality in ["", "/burstable", "/besteffort"].reversed() {
                try Cgroup(layout: Host.facts().cgroups, path: configuration.cgroupParent + quality).remove()
            }
        } catch {
            Issue.record("the test node stays: \(error)")
        }
        system("rm -rf --one-file-system \(folder)")
    }

    // MARK: - the API

    @discardableResult
    func send(_ request: APIRequest) throws -> Object {
        let answer = Mutex<Result<Object, APIError>?>(nil)
        let done = Holder(answer)
        client.send(request, on: executor) { result in done.value.withLock { $0 = result } }
        try wait("an answer to \(request.verb) \(request.resource)") { done.value.withLock { $0 != nil } }
        return try #require(done.value.withLock { $0 }).get()
    }

    final class Holder: Sendable {
        let value: Mutex<Result<Object, APIError>?>
        init(_ value: consuming Mutex<Result<Object, APIError>?>) { self.value = value }
    }

    @discardableResult
    func send<V: View>(_ verb: APIRequest.Verb, _ view: V, namespace: String? = "default", name: String? = nil) throws
        -> Object
    {
        let kind = try #require(V.type.kind)
        return try send(APIRequest(verb, ResourceName(kind, namespace: namespace, name: name), object: view.object))
    }

    func get<V: View>(_ type: V.Type, _ name: String, namespace: String? = "default") throws -> V {
        let kind = try #require(V.type.kind)
        return V(object: try send(APIRequest(.get, ResourceName(kind, namespace: namespace, name: name))))
    }

    func exists(_ name: String) -> Bool { (try? get(Pod.self, name)) != nil }

    /// Creates a pod from JSON of its spec, bound to this node, with no token.
    @discardableResult
    func run(_ name: String, _ spec: String, labels: StringMap = [:]) throws -> Pod {
        let json = "{\"metadata\":{\"name\":\"\(name)\",\"namespace\":\"default\"},\"spec\":\(spec)}"
        var pod = Pod(object: try JSONDecoder.decode(Array(json.utf8), as: Pod.type).object)
        pod.spec.nodeName = "node-a"
        pod.metadata.labels = labels
        if pod.spec.automountServiceAccountToken == nil { pod.spec.automountServiceAccountToken = false }
        return Pod(object: try send(.create, pod))
    }

    func delete(_ name: String, grace: Int64? = nil) throws {
        var options = DeleteOptions()
        options.gracePeriodSeconds = grace
        try send(
            APIRequest(
                .delete, ResourceName(version: "v1", plural: "pods", namespace: "default", name: name),
                object: options.object))
    }

    /// A one-container pod's spec that runs a script.
    static func script(_ script: String, more: String = "", pod: String = "") -> String {
        let text = String(decoding: JSONEncoder.encode(.string(script)), as: UTF8.self)
        return
            "{\"containers\":[{\"name\":\"main\",\"image\":\"\(image)\",\"command\":[\"/bin/sh\",\"-c\",\(text)]\(more)}]\(pod)}"
    }

    // MARK: - waiting

    /// Seconds that anything may take, on however busy a machine.
    static let patience = 30

    func wait(_ what: String, seconds: Int = TestNode.patience, _ condition: () throws -> Bool) throws {
        let end = runtime.monotonic() + .seconds(seconds)
        repeat {
            if try condition() { return }
            poll(nil, 0, 2)
        } while runtime.monotonic() < end
        throw Timeout(what: what)
    }

    struct Timeout: Error, CustomStringConvertible {
        let what: String
        var description: String { "waited in vain for \(what)" }
    }

    @discardableResult
    func pod(_ name: String, seconds: Int = TestNode.patience, _ what: String = "", until condition: (Pod) -> Bool)
        throws -> Pod
    {
        var last: Pod?
        do {
            try wait("pod \(name) \(what)", seconds: seconds) {
                last = try? get(Pod.self, name)
                return last.map(condition) ?? false
            }
        } catch let error as Timeout {
            let status = last.map { String(decoding: JSONEncoder.encode($0.status.object), as: UTF8.self) } ?? ""
            throw Timeout(what: error.what + ": " + status)
        }
        return try #require(last)
    }

    /// What a call answers by its completion.
    func answer<Value: Sendable>(
        _ what: String,
        _ body: (@escaping @Sendable (Result<Value, StreamRefusal>) -> Void) -> Void
    ) throws -> Value {
        let slot = Slot<Value>()
        body { result in slot.value.withLock { $0 = result } }
        try wait(what) { slot.value.withLock { $0 != nil } }
        return try #require(slot.value.withLock { $0 }).get()
    }

    final class Slot<Value: Sendable>: Sendable { let value = Mutex<Result<Value, StreamRefusal>?>(nil) }

    func process(
        _ pod: String, _ command: [String], _ wanted: StandardStreams
    ) throws -> (process: any ContainerProcess, stream: TestStream) {
        let (streams, stream) = (try streams, TestStream())
        let target = ContainerTarget(namespace: "default", pod: pod, container: "main")
        let process: any ContainerProcess = try answer("a process") { streams.exec(target, command, wanted, $0) }
        process.start(onOutput: { stream.take($1) }, onExit: { stream.end($0) })
        return (process, stream)
    }

    func exec(_ pod: String, _ command: [String]) throws -> (code: Int32?, output: String) {
        let (process, stream) = try process(pod, command, StandardStreams(output: true))
        do { try wait("the end of \(command)") { stream.exit != nil } } catch let error as Timeout {
            throw Timeout(what: "\(error.what): \((process as? ExecProcess)?.progress ?? "")")
        }
        guard case .code(let code) = stream.exit else { return (nil, stream.text) }
        return (code, stream.text)
    }

    func output(_ pod: String, _ command: [String]) throws -> String { try exec(pod, command).output }
    func execute(_ pod: String, _ command: [String]) throws -> Int32? { try exec(pod, command).code }

    /// Makes a file in a container without the kubelet's help.
    func write(_ pod: Pod, _ path: String) throws {
        let folder = "\(configuration.dataFolder)/\(pod.metadata.uid)/containers"
        let id = try #require(try Files.names(in: folder).first)
        _ = try MartinetContainers.Descriptor.open("\(folder)/\(id)/rootfs\(path)", O_WRONLY | O_CREAT, mode: 0o644)
    }

    func log(_ pod: Pod, container: String = "main", attempt: Int = 0) -> String {
        let path =
            "\(configuration.logFolder)/default_\(pod.metadata.name)_\(pod.metadata.uid)/\(container)/\(attempt).log"
        var text = ""
        for line in ((try? Files.read(path, limit: 1 << 24)) ?? []).split(separator: 10) {
            if let parsed = ContainerLog.parse(line) {
                text += String(decoding: parsed.text, as: UTF8.self) + (parsed.isPartial ? "" : "\n")
            }
        }
        return text
    }

    func events(_ pod: String) throws -> [Event] {
        let list = try send(APIRequest(.list, ResourceName(version: "v1", plural: "events", namespace: "default")))
        guard let slot = list.type.field(named: "items")?.slot, case .list(let items) = list[slot] else { return [] }
        return items.compactMap { if case .object(let object) = $0 { Event(object: object) } else { nil } }
            .filter { $0.involvedObject.name == pod }
    }
}

struct TestIssuer: TokenIssuer {
    func issue(_ claims: TokenClaims) -> String { "token-of-\(claims.account)-\(claims.boundName)" }
}
