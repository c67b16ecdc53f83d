import Glibc
import MartinetBase
import MartinetCertificates
import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import MartinetRegistryAccess
import MartinetTransport
import Synchronization

// What a pull costs against what it cannot avoid: the same bytes digested and written to the same disk, without a network.
// Both ends of the connection run here, so on two cores they share the machine.

let megabytes = 100
let runtime = ProductionRuntime()
let folder = "/tmp/martinet-registry-bench-\(getpid())"
try FileTree.makeFolders(folder)
defer {
    if let parent = try? OpenFile.folder("/tmp") {
        try? FileTree.remove("martinet-registry-bench-\(getpid())", in: parent)  // a temporary folder
    }
}

/// Noise, so that nothing can be saved on the way.
func noise(_ bytes: Int) -> [UInt8] {
    var random = SplitMix64(state: 7)
    return [UInt8](unsafeUninitializedCapacity: bytes) { buffer, count in
        let raw = UnsafeMutableRawBufferPointer(buffer)
        for offset in stride(from: 0, to: bytes - 7, by: 8) {
            raw.storeBytes(of: random.next(), toByteOffset: offset, as: UInt64.self)
        }
        count = bytes
    }
}

/// What something took: on the clock, and of the processors, which does not depend on who else uses them.
struct Cost {
    var seconds: Double
    var processorSeconds: Double

    static let none = Cost(seconds: .infinity, processorSeconds: .infinity)

    func best(_ other: Cost) -> Cost {
        Cost(
            seconds: min(seconds, other.seconds), processorSeconds: min(processorSeconds, other.processorSeconds))
    }
}

func cost(_ body: () async throws -> Void) async rethrows -> Cost {
    func used() -> Double {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let times = [usage.ru_utime, usage.ru_stime]
        return times.reduce(0) { $0 + Double($1.tv_sec) + Double($1.tv_usec) / 1e6 }
    }
    let (began, before) = (runtime.monotonic(), used())
    try await body()
    return Cost(
        seconds: Double((runtime.monotonic() - began).nanoseconds) / 1e9, processorSeconds: used() - before)
}

/// Digest and write, in pieces as they come from a socket, with the fsync that a stored blob ends with.
func copyLimit(_ content: [UInt8]) async throws -> Cost {
    let store = try ImageStore(root: folder + "/limit", runtime: runtime)
    return try await cost {
        let writer = try store.newBlob()
        try content.withUnsafeBytes { whole in
            for offset in stride(from: 0, to: whole.count, by: 64 << 10) {
                try writer.write(UnsafeRawBufferPointer(rebasing: whole[offset..<min(offset + 64 << 10, whole.count)]))
            }
        }
        try writer.commit()
    }
}

func pull(layers: [[UInt8]], secure: Bool) async throws -> Cost {
    let loops = EventLoops(threads: 1)
    let authority = try CertificateAuthority.create(commonName: "bench", now: runtime.now())
    let issued = try authority.issue(
        .server("localhost", dnsNames: ["localhost"], addresses: ["127.0.0.1"]), now: runtime.now(),
        validity: .seconds(3600))
    let identity = TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)
    var limits = ServerLimits()
    limits.bodyBytes = 256 << 20
    limits.streamBuffer = 256 << 20
    let registry = Mutex(RegistryServer())
    let box = Box(registry)
    let server = try HTTPServer(
        loops: EventLoops(threads: 1), tls: ServerTLS(identity: identity), limits: limits,
        handler: FunctionHandler { request, exchange in
            let response = box.registry.withLock {
                $0.handle(
                    .init(
                        method: request.method, host: request.headers["host"] ?? "",
                        target: request.path + (request.query.map { "?" + $0 } ?? ""),
                        headers: request.headers.fields.map { ($0.name, $0.value) }, body: request.body))
            }
            exchange.respond(
                response.status, response.headers.filter { $0.0.lowercased() != "content-length" },
                .bytes(response.body))
        })
    let port = try server.listen(.ip("127.0.0.1", port: 0), secure: secure)
    let reference = try ImageReference("127.0.0.1:\(port)/bench/image:1")

    let name = String(runtime.random(), radix: 36)
    let source = try ImageStore(root: "\(folder)/source-\(name)", runtime: runtime)
    var config = ImageConfig(platform: .host)
    var descriptors: [Descriptor] = []
    for layer in layers {
        let digest = try source.putBlob(layer)
        descriptors.append(Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: Int64(layer.count)))
        config.rootfs.diffIDs.append(digest)
    }
    try source.setName(reference, to: try source.putImage(config, layers: descriptors).target)
    var settings = RegistryAccessConfiguration()
    settings.folders = []
    settings.authorities = authority.certificatePEM
    let access = RegistryAccess(loops: loops, runtime: runtime, log: Log(component: "bench"), settings)
    try await access.push(reference, from: source, as: reference)
    // The best of five: others use the machine, too.
    var best = Cost.none
    for run in 0..<5 {
        let name = "target-\(name)-\(run)"
        let target = try ImageStore(root: "\(folder)/\(name)", runtime: runtime)
        best = best.best(try await cost { try await access.pull(reference, into: target) })
        try FileTree.remove(name, in: try OpenFile.folder(folder))
    }
    access.shutdown()
    await server.shutdown(grace: .seconds(1))
    return best
}

/// A lock that closures can share.
final class Box: Sendable {
    let registry: Mutex<RegistryServer>
    init(_ registry: consuming Mutex<RegistryServer>) { self.registry = registry }
}

func report(_ what: String, _ took: Cost, _ limit: Cost) {
    let rate = Int(Double(megabytes) / took.seconds)
    let share = Int((limit.seconds / took.seconds * 100).rounded())
    let cost = took.processorSeconds / limit.processorSeconds
    print(
        "\(what): \(rate) MB/s, \(share) % of the limit; both ends use "
            + "\((cost * 10).rounded() / 10) times its processor time")
}

let whole = noise(megabytes * 1_000_000)
let third = whole.count / 3
let parts = [0, 1, 2].map { Array(whole[($0 * third)..<($0 == 2 ? whole.count : ($0 + 1) * third)]) }
_ = try await copyLimit(noise(1_000_000))
var limit = Cost.none
for _ in 0..<5 {
    limit = limit.best(try await copyLimit(whole))
    try FileTree.remove("limit", in: try OpenFile.folder(folder))
}
print("limit, digest + write + fsync of \(megabytes) MB: \(Int(Double(megabytes) / limit.seconds)) MB/s")
report("pull over TLS on loopback, one layer", try await pull(layers: [whole], secure: true), limit)
report("pull over TLS on loopback, three layers", try await pull(layers: parts, secure: true), limit)
report("pull in the clear on loopback, one layer", try await pull(layers: [whole], secure: false), limit)
