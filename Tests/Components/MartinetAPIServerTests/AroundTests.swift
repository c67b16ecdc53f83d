import Glibc
import MartinetAPIServer
import MartinetBase
import MartinetCertificates
import MartinetSchema
import MartinetTransport
import Synchronization
import Testing

@Suite("The server around the API, over TLS", .serialized)
struct AroundTests {
    private static func with(
        _ flags: [String: String], _ body: (TestServer) async throws -> Void
    ) async throws {
        var access = AccessFlags()
        for (name, value) in flags { #expect(try access.set(name, value)) }
        try await TestServer.with(access: access, body)
    }

    // MARK: - Health

    @Test("each check has a name and an address, and what is wrong is said to those alone who may ask for the check")
    func health() async throws {
        try await TestServer.with { server in
            #expect(try await server.send("GET", "/readyz", token: nil).text == "ok")
            let verbose = try await server.send("GET", "/readyz?verbose", token: nil)
            #expect(verbose.status == 200)
            #expect(verbose.text.hasPrefix("[+]ping ok\n[+]etcd ok\n[+]etcd-readiness ok\n[+]informer-sync ok\n"))
            #expect(verbose.text.contains("[+]poststarthook/rbac/bootstrap-roles ok\n"))
            #expect(verbose.text.hasSuffix("[+]shutdown ok\nreadyz check passed\n"))
            #expect(verbose.headers["x-content-type-options"] == "nosniff")
            let excluded = try await server.send("GET", "/livez?verbose&exclude=etcd&exclude=none", token: nil)
            #expect(excluded.text.contains("[+]etcd excluded: ok\n"))
            #expect(
                excluded.text.hasSuffix(
                    "warn: some health checks cannot be excluded: no matches for \"none\"\nlivez check passed\n"))
            for path in ["/readyz/etcd", "/livez/poststarthook/rbac/bootstrap-roles", "/healthz/ping"] {
                let answer = try await server.send("GET", path)
                #expect(answer.status == 200 && answer.text == "ok", "\(path): \(answer.text)")
                #expect(try await server.send("GET", path, token: nil).status == 403)
            }
            #expect(try await server.send("GET", "/livez/shutdown").status == 404)
            server.server.health.stop()
            let stopping = try await server.send("GET", "/readyz", token: nil)
            #expect(stopping.status == 500)
            #expect(stopping.text.contains("[-]shutdown failed: reason withheld\n"))
            #expect(stopping.text.hasSuffix("readyz check failed\n"))
            let why = try await server.send("GET", "/readyz/shutdown")
            #expect(why.status == 500 && why.text == "internal server error: process is shutting down\n")
            #expect(try await server.send("GET", "/readyz?exclude=shutdown", token: nil).text == "ok")
            #expect(try await server.send("GET", "/livez", token: nil).status == 200)
        }
    }

    // MARK: - Metrics

    @Test("requests are counted under upstream's names, and foreign names make no series")
    func metrics() async throws {
        try await TestServer.with { server in
            let maps = "/api/v1/namespaces/default/configmaps"
            _ = try await server.send(
                "POST", maps, contentType: "application/json", TestServer.configMap("counted"))
            for _ in 0..<3 { _ = try await server.send("GET", maps) }
            _ = try await server.send("GET", maps + "?watch=1&timeoutSeconds=1")
            _ = try await server.send("GET", maps, token: "nobody-in-particular")
            _ = try await server.send("GET", maps, token: "wrong")
            _ = try await server.send("GET", "/apis/evil.example.com/v1/whatever")
            _ = try await server.send("GET", "/api/v1/namespaces/default/pods/x/strange")
            #expect(try await server.send("GET", "/metrics", token: nil).status == 403)
            let page = try await server.send("GET", "/metrics")
            #expect(page.headers["content-type"]?.hasPrefix("text/plain; version=0.0.4") == true)
            func value(_ name: String, _ labels: String...) -> Double? {
                let line = page.text.split(separator: "\n").first { line in
                    line.hasPrefix(name) && labels.allSatisfy { line.contains($0) }
                }
                return line.flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
            }
            let configMaps = #"resource="configmaps",scope="namespace""#
            let total = "apiserver_request_total{"
            #expect(value(total, #"code="200""#, configMaps, #"verb="LIST""#) == 3)
            #expect(value(total, #"code="403""#, configMaps, #"verb="LIST""#) == 1)
            #expect(value(total, #"code="401""#, configMaps, #"verb="LIST""#) == 1)
            #expect(value(total, #"code="200""#, configMaps, #"verb="WATCH""#) == 1)
            #expect(value(total, #"code="201""#, #"resource="configmaps",scope="resource""#, #"verb="POST""#) == 1)
            #expect(value("apiserver_request_duration_seconds_count{", configMaps, #"verb="LIST""#) == 5)
            #expect(value("apiserver_response_sizes_count{", configMaps, #"verb="LIST""#) == 5)
            #expect(value("apiserver_storage_objects{", #"resource="configmaps"}"#) == 2)
            #expect(value("apiserver_resource_objects{", #"group="",resource="configmaps""#) == 2)
            #expect(value("apiserver_flowcontrol_dispatched_requests_total{", #"priority_level="catch-all""#) != nil)
            #expect(value("authentication_attempts{", "failure") == 1)
            #expect((value("process_resident_memory_bytes") ?? 0) > 1e6)
            #expect((value("process_start_time_seconds") ?? 0) > 1.6e9)
            #expect((value("process_cpu_seconds_total") ?? 0) > 0 && (value("process_open_fds") ?? 0) > 3)
            #expect(value("kubernetes_build_info{", #"major="1",minor="36""#) == 1)
            #expect(value("apiserver_current_inflight_requests{", "mutating") == 0)
            #expect(!page.text.contains("evil") && !page.text.contains("strange"))
        }
    }

    // MARK: - Audit

    private static let policy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: None
          nonResourceURLs: [/readyz*, /healthz*]
        - level: Metadata
          resources: [{group: "", resources: [secrets]}]
        - level: RequestResponse
          omitManagedFields: true
          verbs: [create]
          resources: [{group: "", resources: [configmaps]}]
        - level: Metadata
          omitStages: []
          namespaces: [default]
        """

    private static func events(_ text: String) -> [Map] {
        text.split(separator: "\n").compactMap { line in
            guard case .map(let map)? = try? JSONDecoder.decodeAny(Array(line.utf8)).value else { return nil }
            return map
        }
    }

    private static func text(_ map: Map, _ path: String...) -> String {
        var value: Value = .map(map)
        for key in path {
            guard case .map(let map) = value, let next = map[key] else { return "" }
            value = next
        }
        switch value {
        case .string(let text): return text
        case .int(let number): return String(number)
        default: return "\(value)"
        }
    }

    private static func read(_ file: String, until enough: (String) -> Bool) async throws -> String {
        var text = ""
        for _ in 0..<1000 {
            text = String(decoding: try CertificateFile.read(file), as: UTF8.self)
            if enough(text) { return text }
            await TestServer.moment()
        }
        throw TestServer.Failure(description: "what was waited for is not in the log: \(text)")
    }

    @Test("the log holds what the policy asks for, each stage of it, and no secret")
    func log() async throws {
        let (policy, file) = ("/tmp/martinet-audit-\(getpid()).yaml", "/tmp/martinet-audit-\(getpid()).log")
        defer { for name in [policy, file] { unlink(name) } }
        try CertificateFile.write(Array(Self.policy.utf8), to: policy)
        try await Self.with(["audit-policy-file": policy, "audit-log-path": file]) { server in
            let space = "/api/v1/namespaces/default"
            let made = try await server.send(
                "POST", space + "/configmaps", contentType: "application/json",
                headers: [("audit-id", "given"), ("x-forwarded-for", "192.0.2.7")], TestServer.configMap("audited"))
            #expect(made.status == 201 && made.headers["audit-id"] == "given")
            let secret = #"{"kind":"Secret","apiVersion":"v1","metadata":{"name":"s"},"data":{"k":"aHVudGVyMg=="}}"#
            _ = try await server.send(
                "POST", space + "/secrets", contentType: "application/json", Array(secret.utf8))
            let broken = secret.replacing("aHVudGVyMg==", with: "hunter2!")
            let refused = try await server.send(
                "POST", space + "/secrets", contentType: "application/json", Array(broken.utf8))
            #expect(refused.status == 400)
            _ = try await server.send("GET", space + "/pods", token: "nobody-in-particular")
            _ = try await server.send("GET", space + "/pods", token: "the-wrong-token")
            _ = try await server.send(
                "GET", space + "/pods?watch=1&timeoutSeconds=1", headers: [("impersonate-user", "ann")])
            _ = try await server.send("GET", space + "/services?watch=1&timeoutSeconds=1")
            let text = try await Self.read(file) { text in
                Self.events(text).contains {
                    Self.text($0, "stage") == "ResponseComplete" && Self.text($0, "objectRef", "resource") == "services"
                }
            }
            let events = Self.events(text)
            #expect(!text.contains("aHVudGVyMg") && !text.contains("hunter2") && !text.contains("wrong-token"))
            #expect(!text.contains("readyz") && !text.contains(TestServer.token))
            let first = try #require(events.first { Self.text($0, "auditID") == "given" })
            #expect(Self.text(first, "level") == "RequestResponse" && Self.text(first, "stage") == "ResponseComplete")
            #expect(Self.text(first, "user", "username") == "kubernetes-admin")
            #expect(Self.text(first, "objectRef", "name") == "audited")
            #expect(Self.text(first, "requestObject", "data", "a") == "b")
            #expect(!Self.text(first, "responseObject", "metadata", "uid").isEmpty)
            #expect(Self.text(first, "responseStatus", "code") == "201")
            #expect(Self.text(first, "annotations", "authorization.k8s.io/decision") == "allow")
            #expect(Self.text(first, "sourceIPs").contains("192.0.2.7") && !text.contains("managedFields"))
            let jane = try #require(events.first { Self.text($0, "user", "username") == "jane" })
            #expect(Self.text(jane, "responseStatus", "code") == "403")
            #expect(Self.text(jane, "annotations", "authorization.k8s.io/decision") == "forbid")
            let nobody = try #require(events.first { Self.text($0, "responseStatus", "code") == "401" })
            #expect(Self.text(nobody, "user", "username").isEmpty)
            #expect(events.contains { Self.text($0, "impersonatedUser", "username") == "ann" })
            let stages = events.filter { Self.text($0, "objectRef", "resource") == "services" }
                .map { Self.text($0, "stage") }
            #expect(stages == ["ResponseStarted", "ResponseComplete"])
            let page = try await server.send("GET", "/metrics").text
            #expect(page.contains("apiserver_audit_error_total{plugin=\"log\"} 0\n"))
        }
    }

    @Test("a log that is too long is put aside, and so many are kept")
    func rotation() async throws {
        var template = Array("/tmp/martinet-audit-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        defer { for name in Self.names(folder) + [""] { remove("\(folder)/\(name)") } }
        let policy = "\(folder)/policy.yaml"
        try CertificateFile.write(
            Array("{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: RequestResponse}]}".utf8), to: policy)
        let flags = [
            "audit-policy-file": policy, "audit-log-path": folder + "/audit.log", "audit-log-maxsize": "1",
            "audit-log-maxbackup": "2",
        ]
        try await Self.with(flags) { server in
            let value = String(repeating: "v", count: 300_000)
            let map = #"{"kind":"ConfigMap","apiVersion":"v1","metadata":{"name":"n"},"data":{"a":"\#(value)"}}"#
            for index in 0..<12 {
                _ = try await server.send(
                    "POST", "/api/v1/namespaces/default/configmaps", contentType: "application/json",
                    Array(map.replacing("\"n\"", with: "\"n\(index)\"").utf8))
            }
        }
        let names = Self.names(folder).filter { $0.hasPrefix("audit") }
        #expect(names.count == 3 && names.contains("audit.log"), "\(names)")
        for name in names {
            var status = stat()
            #expect(stat("\(folder)/\(name)", &status) == 0 && status.st_size <= 1 << 20 && status.st_mode & 0o077 == 0)
        }
    }

    @Test("a webhook is sent events in batches, and a batch that it refuses again")
    func webhook() async throws {
        let refusals = Mutex(1)
        let outside = try Outside { _ in
            let refuses = refusals.withLock { left in
                defer { left = max(0, left - 1) }
                return left > 0
            }
            return refuses ? (500, "later") : (200, "{}")
        }
        let file = try outside.kubeconfig(try outside.start())
        let policy = "/tmp/martinet-audit-webhook-\(getpid()).yaml"
        defer { for name in [file, policy] { unlink(name) } }
        let text = "{apiVersion: audit.k8s.io/v1, kind: Policy, rules: [{level: Metadata, namespaces: [default]}]}"
        try CertificateFile.write(Array(text.utf8), to: policy)
        let flags = [
            "audit-policy-file": policy, "audit-webhook-config-file": file, "audit-webhook-batch-max-size": "4",
            "audit-webhook-batch-max-wait": "50ms", "audit-webhook-initial-backoff": "20ms",
        ]
        try await Self.with(flags) { server in
            for _ in 0..<5 { _ = try await server.send("GET", "/api/v1/namespaces/default/pods") }
            func batches() -> [[Value]] {
                outside.requests.withLock { requests in
                    requests.flatMap { Self.events($0) }.compactMap { map in
                        guard Self.text(map, "kind") == "EventList", case .list(let items)? = map["items"] else {
                            return nil
                        }
                        return items
                    }
                }
            }
            for _ in 0..<1000 where batches().dropFirst().reduce(0, { $0 + $1.count }) < 10 {
                await TestServer.moment()
            }
            let all = batches()
            #expect(all.count >= 3 && all.allSatisfy { (1...4).contains($0.count) }, "\(all.map(\.count))")
            #expect(all.first == all.dropFirst().first, "what was refused comes again")
            // Two stages of each of five requests.
            #expect(all.dropFirst().reduce(0) { $0 + $1.count } == 10)
        }
        await outside.stop()
    }

    private static func names(_ folder: String) -> [String] {
        var names: [String] = []
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @Test("a flag or a policy that cannot be is refused by name")
    func refusals() throws {
        var flags = AccessFlags()
        #expect(throws: AccessError.self) { try flags.set("audit-log-maxage", "-1") }
        #expect(throws: AccessError.self) { try flags.set("audit-log-format", "xml") }
        #expect(try !flags.set("audit-log-mode", "blocking-strict"))
        _ = try flags.set("audit-policy-file", "/nowhere/policy.yaml")
        _ = try flags.set("audit-log-path", "-")
        #expect(throws: (any Error).self) { try TestServer(access: flags) }
    }
}
