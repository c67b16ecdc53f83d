import Glibc
import MartinetBase
import MartinetCertificates
import MartinetEtcdServer
import MartinetEtcdStore
import MartinetStore
import MartinetStoreContract
import MartinetTransport
import Testing

@Suite(.serialized, .enabled(if: EtcdPrograms.isThere, "\(EtcdPrograms.absent)"))
struct EtcdBehaviourTests {
    @Test("two servers on one etcd see each other's writes in one order, and settle as new as the other")
    func twoServers() throws {
        let cluster = try EtcdCluster()
        let (one, two) = (try harness(cluster, scope: "/r/"), try harness(cluster, scope: "/r/"))
        let (first, second) = (Recorder<StoreEvent>(), Recorder<StoreEvent>())
        one.store.observe { first.append(contentsOf: $0) }
        two.store.observe { second.append(contentsOf: $0) }
        for number in 0..<50 {
            let revision = try (number % 2 == 0 ? one : two).put("/r/\(number % 7)", "\(number)")
            let other = number % 2 == 0 ? two : one
            try settle(other)
            #expect(other.store.revision >= revision)
        }
        // A key that is nobody's moves the revision on, and no watch tells of it.
        try control(cluster, ["put", "/elsewhere", "1"])
        try settle(one)
        try settle(two)
        #expect(waitUntil(.seconds(10)) { first.all.count == 50 && second.all.count == 50 })
        #expect(first.all == second.all)
        try one.closeAndWait()
        try two.closeAndWait()
        cluster.kill(0)
    }

    private func settle(_ harness: StoreHarness) throws {
        let done = Recorder<StoreError?>()
        harness.store.settle { done.append($0) }
        #expect(waitUntil(.seconds(20)) { done.all.count == 1 })
        #expect(done.all == [nil])
    }

    private func control(_ cluster: EtcdCluster, _ arguments: [String]) throws {
        guard let program = EtcdPrograms.control else { return }
        let child = try ChildProcess(
            program, ["--endpoints", cluster.endpoints.joined(separator: ",")] + arguments,
            log: "\(cluster.folder.path)/control.log", environment: ["ETCDCTL_API=3"])
        #expect(child.wait() == 0, "etcdctl \(arguments)")
    }

    @Test("a user with a password is let in, and nobody else")
    func users() throws {
        let cluster = try EtcdCluster()
        _ = waitUntil(.seconds(2)) { false }
        try control(cluster, ["user", "add", "root:secret"])
        try control(cluster, ["role", "add", "root"])
        try control(cluster, ["user", "grant-role", "root", "root"])
        try control(cluster, ["auth", "enable"])
        let known = try harness(cluster, scope: "/r/") { configuration in
            configuration.user = "root"
            configuration.password = "secret"
        }
        try known.put("/r/a", "1")
        #expect(try known.store.get("/r/a")?.version == 1)
        #expect(throws: (any Error).self) {
            try harness(cluster, scope: "/r/") { $0.giveUpAfter = .seconds(2) }
        }
        try known.closeAndWait()
        cluster.kill(0)
    }

    @Test("over tls with a client certificate, and not without one")
    func certificates() throws {
        let now = ProductionRuntime().now()
        let authority = try CertificateAuthority.create(commonName: "etcd", now: now)
        let server = try authority.issue(
            .server("etcd", dnsNames: ["localhost"], addresses: ["127.0.0.1"]), now: now, validity: .seconds(3600))
        let client = try authority.issue(.client("martinet"), now: now, validity: .seconds(3600))
        let folder = try ScratchFolder()
        try CertificateFile.write(authority.certificatePEM, to: "\(folder.path)/ca.pem")
        try CertificateFile.write(server.certificatePEM, to: "\(folder.path)/server.pem")
        try CertificateFile.write(server.privateKeyPEM, to: "\(folder.path)/server.key")
        let cluster = try EtcdCluster(
            scheme: "https",
            [
                "--cert-file", "\(folder.path)/server.pem", "--key-file", "\(folder.path)/server.key",
                "--trusted-ca-file", "\(folder.path)/ca.pem", "--client-cert-auth",
            ])
        let known = try harness(cluster, scope: "/r/") { configuration in
            configuration.authorities = authority.certificatePEM
            configuration.certificate = client.certificatePEM
            configuration.key = client.privateKeyPEM
        }
        try known.put("/r/a", "1")
        #expect(try known.store.get("/r/a")?.version == 1)
        #expect(throws: (any Error).self) {
            try harness(cluster, scope: "/r/") { configuration in
                configuration.authorities = authority.certificatePEM
                configuration.giveUpAfter = .seconds(2)
            }
        }
        try known.closeAndWait()
        cluster.kill(0)
    }

    @Test("a store moves to an etcd and back: the same objects in the same order, and revisions that never go back")
    func moving() async throws {
        let runtime = ProductionRuntime()
        func memory(_ name: String) throws -> SQLiteStore {
            try SQLiteStore(inMemory: name, runtime: runtime, executor: ThreadExecutor(name: name))
        }
        let cluster = try EtcdCluster()
        let source = StoreHarness(store: try memory("source"), runtime: runtime, wait: { waitUntil($0, $1) })
        for number in 0..<40 { try source.put("/registry/x/\(number * 7 % 40)", "object \(number)") }
        let soon = runtime.now().advanced(by: .seconds(300))
        try source.put("/registry/y/ends", "1", expires: soon)
        let etcd = try harness(cluster, scope: "/registry/")
        let there = try StoreMover(source: source.store, target: etcd.store).run()
        let back = try memory("back")
        let here = try StoreMover(source: etcd.store, target: back).run()
        #expect(source.store.revision < there.revision && there.revision < here.revision)
        func order(_ store: any ObjectStore) throws -> [String] {
            try store.range(prefix: "/registry/").objects.sorted { $0.modified < $1.modified }
                .map { "\($0.key)=\(String(decoding: $0.value, as: UTF8.self))" }
        }
        #expect(try order(source.store) == order(etcd.store))
        #expect(try order(source.store) == order(back))
        #expect(try back.get("/registry/y/ends")?.expires == soon.rounded)
        #expect(waitUntil(.seconds(10)) { back.compacted > source.store.revision })
        #expect(throws: StoreError.self) {
            _ = try back.events(prefix: "/registry/", after: source.store.revision, limit: 0)
        }
        #expect(throws: StoreError.self) { try StoreMover(source: source.store, target: back).run() }
        try etcd.closeAndWait()
        cluster.kill(0)
    }

    @Test("etcd's own client on our service: keys, transactions, leases, watches, compaction")
    func ownClient() async throws {
        guard let program = EtcdPrograms.control else { return }
        let runtime = ProductionRuntime()
        let store = try SQLiteStore(inMemory: "served", runtime: runtime, executor: ThreadExecutor(name: "served"))
        let server = try EtcdServer(store: store, runtime: runtime)
        let loops = EventLoops(threads: 1)
        let port = try server.listen(.ip("127.0.0.1", port: 0), loops: loops)
        let folder = try ScratchFolder()
        func run(_ script: String) throws -> String {
            let log = "\(folder.path)/\(runtime.random())"
            let child = try ChildProcess(
                "/bin/sh", ["-c", script], log: log,
                environment: [
                    "ETCDCTL_API=3", "ETCDCTL_ENDPOINTS=http://127.0.0.1:\(port)", "E=\(program)",
                ])
            child.wait()
            return String(decoding: try CertificateFile.read(log), as: UTF8.self)
        }
        #expect(try run("$E put a 1; $E put b 2; $E get a b0 --print-value-only") == "OK\nOK\n1\n2\n")
        #expect(try run("$E get '' --prefix --keys-only --limit 1") == "a\n\n")
        #expect(try run("$E put a 3 --prev-kv") == "OK\na\n1\n")
        let transaction = "printf 'mod(\"a\") > \"0\"\n\nput c 4\nget c\n\nget a\n\n' | $E txn"
        #expect(try run(transaction).hasSuffix("SUCCESS\n\nOK\n\nc\n4\n"))
        #expect(try run("$E del a c --prev-kv; $E get a") == "2\na\n3\nb\n2\n")
        let watch = "timeout 20 $E watch --rev 2 --prefix '' > w & p=$!; for i in $(seq 100); do "
        let ends = "grep -q nine w && break; [ $i = 5 ] && $E put n nine >/dev/null; sleep 0.1; done; kill $p; cat w"
        let seen = try run("cd \(folder.path); " + watch + ends)
        #expect(seen == "PUT\na\n1\nPUT\nb\n2\nPUT\na\n3\nPUT\nc\n4\nDELETE\na\n\nDELETE\nb\n\nPUT\nn\nnine\n")
        let lease = "l=$($E lease grant 2 | cut -d' ' -f2); $E put leased 1 --lease=$l; $E lease timetolive $l --keys"
        #expect(try run(lease).contains("attached keys([leased])"))
        #expect(waitUntil(.seconds(20)) { (try? store.get("leased")) ?? nil == nil })
        #expect(try run("$E compact 4; $E get a --rev 3; $E compact 3").contains("has been compacted"))
        #expect(try run("$E endpoint status").contains(EtcdServer.version))
        #expect(try run("$E snapshot save \(folder.path)/s").contains("martinet does not serve"))
        await server.shutdown()
        store.close()
        await loops.shutdown()
    }
}

extension Timestamp {
    /// As a store keeps it.
    fileprivate var rounded: Timestamp { wholeMicroseconds }
}
