import MartinetArchive
import MartinetBase
import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import Synchronization
import Testing

private let host = "registry.test:5000"

private func server() -> RegistryServer {
    RegistryServer(
        authentication: .init(realm: "https://\(host)/token", service: "registry.test", users: ["me": "secret"]),
        blobHost: "cdn.test")
}

private func client(_ transport: MemoryTransport, login: Bool = true, attempts: Int = 5) -> RegistryClient {
    var configuration = RegistryClient.Configuration()
    configuration.credentials = login ? RegistryCredentials(user: "me", secret: "secret") : nil
    configuration.firstDelay = .milliseconds(1)
    configuration.attemptsMax = attempts
    return RegistryClient(
        domain: host, transport: transport, runtime: ProductionRuntime(), configuration: configuration)
}

/// A store with one image of two layers, and a registry that has it too.
private func pushed() async throws -> (Scratch, MemoryTransport, ImageReference) {
    let scratch = try Scratch()
    var random = SplitMix64(state: 3)
    let noise = String((0..<50_000).map { _ in Character(Unicode.Scalar(UInt8(97 + random.next() % 26))) })
    let layers = [try tar([(TarEntry("a"), noise)]), try gzip(try tar([(TarEntry("b"), String(noise.reversed()))]))]
    let reference = try ImageReference("\(host)/team/app:1")
    _ = try scratch.store.load(MemorySource(try dockerArchive(layers: layers, names: [reference.description])))
    let transport = MemoryTransport(server())
    try await client(transport).push(reference, from: scratch.store, as: reference)
    transport.state.withLock { $0.requests = [] }
    return (scratch, transport, reference)
}

@Suite struct RegistryTests {
    @Test func whatIsPushedIsPulledAgain() async throws {
        let (scratch, transport, reference) = try await pushed()
        let other = try Scratch()
        let image = try await client(transport, login: false).pull(reference, into: other.store)
        #expect(try image.id == scratch.store.image(reference).id)
        #expect(try image.manifestDigest == other.store.image(reference).manifestDigest)
        let requests = transport.state.withLock { $0.requests }
        let delivered = requests.filter { $0.url.contains("cdn.test") }
        #expect(delivered.count == 3)
        #expect(delivered.allSatisfy { $0.authorization == nil }, "a token never reaches another host")
        #expect(requests.filter { $0.url.contains("/token?") }.count <= 3)
        _ = try await client(transport, login: false).pull(reference, into: other.store)
        #expect(
            transport.state.withLock { $0.requests.filter { $0.url.contains("cdn.test") }.count } == 3, "nothing twice")
    }

    @Test func aBrokenConnectionGoesOnWhereItStopped() async throws {
        let (_, transport, reference) = try await pushed()
        transport.state.withLock {
            $0.breaks = (4, 7_000)
            $0.unavailable = 2
        }
        let other = try Scratch()
        _ = try await client(transport).pull(reference, into: other.store)
        #expect(transport.state.withLock { $0.requests.contains { $0.range?.hasPrefix("bytes=7000-") == true } })
    }

    @Test func damagedContentIsNeverStored() async throws {
        let (_, transport, reference) = try await pushed()
        transport.state.withLock { $0.damaged = 1 }
        let other = try Scratch()
        _ = try await client(transport).pull(reference, into: other.store)
        transport.state.withLock { $0.damaged = 1000 }
        let third = try Scratch()
        let error = await #expect(throws: ImageStoreError.self) {
            try await client(transport, attempts: 2).pull(reference, into: third.store)
        }
        #expect(error?.code == .mismatch)
        #expect(try third.store.allNames().isEmpty)
    }

    @Test func refusalsAreTold() async throws {
        let (scratch, transport, reference) = try await pushed()
        let denied = await #expect(throws: ImageStoreError.self) {
            try await client(transport, login: false).push(
                reference, from: scratch.store, as: try ImageReference("\(host)/team/other:1"))
        }
        #expect(denied?.code == .unauthorized)
        let missing = await #expect(throws: ImageStoreError.self) {
            try await client(transport).pull(try ImageReference("\(host)/team/app:none"), into: scratch.store)
        }
        #expect(missing?.code == .notFound && missing?.message.contains("MANIFEST_UNKNOWN") == true)
        transport.state.withLock { $0.unavailable = 1000 }
        let down = await #expect(throws: ImageStoreError.self) {
            try await client(transport, attempts: 2).pull(reference, into: scratch.store)
        }
        #expect(down?.isRetryable == true)
    }

    @Test func expiredTokensAreRenewed() async throws {
        let (_, transport, reference) = try await pushed()
        let one = client(transport)
        let (first, second) = (try Scratch(), try Scratch())
        _ = try await one.pull(reference, into: first.store)
        transport.state.withLock { $0.server.expireTokens() }
        _ = try await one.pull(reference, into: second.store)
    }

    @Test func thePlatformIsChosenFromAList() async throws {
        let (scratch, transport, reference) = try await pushed()
        let image = try scratch.store.image(reference)
        var mine = image.target
        mine.platform = .host
        var other = mine
        other.platform = Platform(architecture: "s390x")
        let index = try ImageJSON.encode(ImageIndex(manifests: [other, mine]))
        let list = reference.with(tag: "multi")
        let put = try await client(transport).perform(
            RegistryRequest(
                "PUT", RegistryURL(isSecure: true, authority: host, target: "/v2/team/app/manifests/multi"),
                headers: [("Content-Type", MediaType.ociIndex)], body: .bytes(index)),
            scope: "repository:team/app:pull,push", step: "manifest")
        #expect(put.status == 201)
        let fresh = try Scratch()
        let pulled = try await client(transport).pull(list, into: fresh.store)
        #expect(pulled.id == image.id && pulled.target.digest == ContentDigest(of: index))
        #expect(try fresh.store.collectGarbage().blobs == 0, "an index keeps what it leads to")
        await #expect(throws: ImageStoreError.self) {
            try await client(transport).pull(list, into: fresh.store, platform: Platform(architecture: "mips"))
        }
    }

    @Test func addressesAndChallengesAreRead() {
        let base = RegistryURL("https://a.b/v2/")
        #expect(RegistryURL("HTTPS://A.b:443/x?y=1#z")?.description == "https://a.b/x?y=1")
        #expect(RegistryURL("/x", relativeTo: base)?.description == "https://a.b/x")
        for wrong in ["//evil/x", "ftp://a", "https://u:p@a/", "https:///x", "x", "https://a b"] {
            #expect(RegistryURL(wrong, relativeTo: base) == nil)
        }
    }
}
