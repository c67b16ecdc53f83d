import MartinetBase
import MartinetCertificates
import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import MartinetRegistryAccess
import MartinetTransport
import Synchronization
import Testing

private let login = RegistryCredentials(user: "me", secret: "secret")

/// A registry that has one image, and what it was pushed from.
private func pushed(
    _ site: RegistrySite, bytes: Int = 200_000
) async throws -> (place: Place, reference: ImageReference) {
    let place = try Place()
    let reference = try place.makeImage("\(site.host)/team/app:1", bytes: bytes)
    try await place.access(site).push(
        reference, from: place.store, as: reference, keyring: RegistryKeyring(login, for: site.host))
    site.state.withLock { $0.seen = [] }
    return (place, reference)
}

@Suite struct RegistryAccessTests {
    @Test func anImageTravelsOverTLSAndBlobsComeFromElsewhere() async throws {
        let site = try RegistrySite()
        let (place, reference) = try await pushed(site)
        let other = try Place()
        let image = try await other.access(site).pull(reference, into: other.store)
        #expect(try image.id == place.store.image(reference).id)
        let seen = site.state.withLock { $0.seen }
        let delivered = seen.filter { $0.host == site.blobHost }
        #expect(delivered.count == 3)
        #expect(delivered.allSatisfy { $0.authorization == nil }, "a token never reaches another host")
        #expect(seen.contains { $0.path.hasPrefix("/token?") })
        #expect(try other.store.isLocal(reference) == false)
        await site.stop()
    }

    @Test func aBrokenBlobGoesOnWhereItStopped() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        site.state.withLock { $0.breaks = (3, 50_000) }
        let other = try Place()
        try await other.access(site).pull(reference, into: other.store)
        #expect(site.state.withLock { $0.seen.contains { $0.range?.hasPrefix("bytes=") == true } })
        await site.stop()
    }

    @Test func aBlobThatStandsStillIsGivenUpAndGoneOnWith() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        site.state.withLock { $0.stalls = (1, 50_000) }
        let other = try Place()
        try await other.access(site) { $0.stallTimeout = .milliseconds(300) }.pull(reference, into: other.store)
        #expect(site.state.withLock { $0.seen.contains { $0.range != nil } })
        await site.stop()
    }

    @Test func contentThatIsNotItsDigestIsRefused() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        site.state.withLock { $0.damaged = 1000 }
        let other = try Place()
        let error = await #expect(throws: ImageStoreError.self) {
            try await other.access(site) { $0.attemptsMax = 2 }.pull(reference, into: other.store)
        }
        #expect(error?.code == .mismatch)
        #expect(error?.message.hasPrefix("pull \(site.host)/team/app:1: \(site.host): blob ") == true)
        #expect(try other.store.allNames().isEmpty)
        await site.stop()
    }

    @Test func aBusyRegistryIsWaitedForAsLongAsItSays() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        site.state.withLock { $0.tooMany = 2 }
        let other = try Place()
        let began = ProductionRuntime().monotonic()
        try await other.access(site).pull(reference, into: other.store)
        #expect(ProductionRuntime().monotonic() - began >= .seconds(1))
        await site.stop()
    }

    @Test func anUnknownAuthorityIsRefusedAndTheWayOutIsTold() async throws {
        let site = try RegistrySite()
        let other = try Place()
        let reference = try ImageReference("\(site.host)/team/app:1")
        let error = await #expect(throws: ImageStoreError.self) {
            try await other.access(nil).pull(reference, into: other.store)
        }
        #expect(error?.isRetryable == false)
        #expect(error?.message.contains("signed by an unknown authority") == true, "\(error.debugDescription)")
        #expect(error?.message.contains("/etc/martinet/certs.d/\(site.host)/ca.crt") == true)
        await site.stop()
    }

    @Test func theFoldersOfContainerdAndDockerAreRead() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        let other = try Place()
        try other.write("certs.d/\(site.host)/ca.crt", site.authority.certificatePEM)
        // The host that blobs come from has a certificate of the same authority.
        try other.write("certs.d/_default/ca.crt", site.authority.certificatePEM)
        let error = await #expect(throws: ImageStoreError.self) {
            try await other.access(nil).pull(reference, into: other.store)
        }
        #expect(error?.message.contains(site.blobHost) == true, "\(error.debugDescription)")
        let direct = try RegistrySite(redirects: false)
        let (_, second) = try await pushed(direct)
        try other.write("certs.d/\(direct.host)/ca.crt", direct.authority.certificatePEM)
        try await other.access(nil).pull(second, into: other.store)
        await site.stop()
        await direct.stop()
    }

    @Test func mirrorsAreAskedFirstAndMayFail() async throws {
        let site = try RegistrySite(users: [:], redirects: false)
        let (_, reference) = try await pushed(site)
        let other = try Place()
        let wanted = ImageReference(domain: "registry.invalid", path: reference.path, tag: "1", digest: nil)
        try other.write(
            "certs.d/registry.invalid/hosts.toml",
            Array(
                """
                [host."https://127.0.0.1:1"]
                  capabilities = ["pull"]
                [host."https://\(site.host)"] # the one that works
                  capabilities = ["pull", "resolve"]
                  ca = "ca.pem"
                """.utf8))
        try other.write("certs.d/registry.invalid/ca.pem", site.authority.certificatePEM)
        let keyring = RegistryKeyring(login, for: "registry.invalid")
        try await other.access(nil) { $0.attemptsMax = 1 }.pull(wanted, into: other.store, keyring: keyring)
        #expect(try other.store.target(of: wanted) != nil)
        let seen = site.state.withLock { $0.seen }
        #expect(seen.contains { $0.path.contains("ns=registry.invalid") })
        #expect(seen.allSatisfy { $0.authorization == nil }, "a login is for the registry that it names")
        await site.stop()
    }

    @Test func aRegistryOfThisMachineMayBePlainHTTPAndNoOther() async throws {
        let site = try RegistrySite(secure: false, users: [:], redirects: false)
        let (_, reference) = try await pushed(site)
        let other = try Place()
        try await other.access(nil).pull(reference, into: other.store)
        #expect(RegistryAccess.speaksPlainByItself("10.0.0.1:5000") == false)
        #expect(RegistryAccess.speaksPlainByItself("127.evil.example") == false)
        #expect(RegistryAccess.speaksPlainByItself("localhost:5000"))
        await site.stop()
    }

    @Test func errorsNameImageRegistryAndStep() async throws {
        let site = try RegistrySite()
        let (place, reference) = try await pushed(site)
        let missing = await #expect(throws: ImageStoreError.self) {
            try await place.access(site).pull(reference.with(tag: "none"), into: place.store)
        }
        #expect(
            missing?.message
                == "pull \(site.host)/team/app:none: \(site.host): manifest: 404 MANIFEST_UNKNOWN, "
                + "no manifest none in team/app")
        let denied = await #expect(throws: ImageStoreError.self) {
            let wrong = RegistryKeyring(RegistryCredentials(user: "me", secret: "wrong"), for: site.host)
            try await place.access(site).pull(reference, into: place.store, keyring: wrong)
        }
        #expect(denied?.code == .unauthorized)
        #expect(denied?.message.contains("\(site.host): token: ") == true)
        #expect(denied?.description.contains("wrong") == false)
        await site.stop()
    }

    @Test func eachLoginThatFitsIsTried() async throws {
        let site = try RegistrySite()
        let (place, reference) = try await pushed(site)
        var keyring = RegistryKeyring(RegistryCredentials(user: "old", secret: "old"), for: "\(site.host)/team")
        keyring.add(RegistryKeyring(login, for: site.host))
        try await place.access(site).pull(reference, into: place.store, keyring: keyring)
        try await place.access(site).check(login, domain: site.host)
        await #expect(throws: ImageStoreError.self) {
            try await place.access(site).check(RegistryCredentials(user: "a", secret: "b"), domain: site.host)
        }
        await site.stop()
    }

    @Test func twoThatWantTheSameFetchItOnce() async throws {
        let site = try RegistrySite()
        let (_, reference) = try await pushed(site)
        let other = try Place()
        let access = try other.access(site)
        let store = other.store
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 { group.addTask { try await access.pull(reference, into: store) } }
            try await group.waitForAll()
        }
        #expect(site.state.withLock { $0.seen.filter { $0.host == site.blobHost }.count } == 3)
        await site.stop()
    }

    @Test func aProxyOpensATunnelThatItCannotLookInto() async throws {
        let site = try RegistrySite(users: [:], redirects: false)
        let (_, reference) = try await pushed(site)
        let proxy = try TunnelProxy(leadingTo: site.port)
        let other = try Place()
        let wanted = ImageReference(domain: "registry.test", path: reference.path, tag: "1", digest: nil)
        let environment = ["HTTPS_PROXY": "http://who:pw@127.0.0.1:\(proxy.port)"]
        let access = try other.access(site) { $0.proxies = try ProxySettings(environment: environment) }
        try await access.pull(wanted, into: other.store)
        #expect(proxy.heads.allSatisfy { $0.hasPrefix("CONNECT registry.test:443 HTTP/1.1\r\n") })
        #expect(proxy.heads.first?.contains("proxy-authorization: Basic d2hvOnB3\r\n") == true)
        proxy.stop()
        let refusing = try TunnelProxy(leadingTo: site.port, status: "403 Forbidden")
        let third = try Place()
        let error = await #expect(throws: ImageStoreError.self) {
            let environment = ["HTTPS_PROXY": "127.0.0.1:\(refusing.port)"]
            let access = try third.access(site) {
                $0.proxies = try ProxySettings(environment: environment)
                $0.attemptsMax = 1
            }
            try await access.pull(wanted, into: third.store)
        }
        #expect(error?.description.contains("refuses the tunnel to registry.test:443: 403 Forbidden") == true)
        refusing.stop()
        await site.stop()
    }
}
