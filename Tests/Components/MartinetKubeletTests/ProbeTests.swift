import MartinetAPI
import MartinetBase
import MartinetCertificates
import MartinetTransport
import Testing

@testable import MartinetKubelet

@Suite struct GRPCHealthTests {
    private static let settings: [UInt8] = [0, 0, 0, 4, 0, 0, 0, 0, 0]
    private static let ping: [UInt8] = [0, 0, 8, 6, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]
    private static let replies: [UInt8] = [
        0, 0, 0, 4, 1, 0, 0, 0, 0, 0, 0, 8, 6, 1, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8,
    ]
    private static func data(_ status: UInt8, ends: Bool) -> [UInt8] {
        [0, 0, 7, 0, ends ? 1 : 0, 0, 0, 0, 1, 0, 0, 0, 0, 2, 8, status]
    }

    @Test func theRequestIsAsTheProtocolsHaveIt() throws {
        let bytes = try GRPCHealth.request(authority: "10.0.0.1:9000", service: "shop")
        let text = String(decoding: bytes, as: UTF8.self)
        #expect(text.hasPrefix("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"))
        #expect(text.contains("/grpc.health.v1.Health/Check") && text.contains("10.0.0.1:9000"))
        #expect(bytes.suffix(20) == [0, 0, 11, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 6, 10, 4] + Array("shop".utf8))
        let long = String(repeating: "s", count: 300)
        #expect(try GRPCHealth.request(authority: "a", service: long).suffix(303).starts(with: [10, 0xAC, 2]))
        #expect(throws: SystemError.self) {
            try GRPCHealth.request(authority: "a", service: String(repeating: "s", count: 5000))
        }
    }

    @Test func theAnswerIsTheSameInWhateverPiecesItComes() throws {
        let bytes =
            Self.settings + Self.ping + [0, 0, 1, 1, 4, 0, 0, 0, 1, 0x88] + Self.data(1, ends: false)
            + [0, 0, 0, 1, 5, 0, 0, 0, 1]
        for step in [1, 2, 7, bytes.count] {
            var answer = GRPCHealth.Answer()
            for start in stride(from: 0, to: bytes.count, by: step) {
                #expect(!answer.isOver)
                try answer.receive(bytes[start..<min(start + step, bytes.count)])
            }
            #expect(answer.isOver && answer.failure == nil)
            #expect(answer.takeReplies() == GRPCHealthTests.replies)
        }
    }

    @Test func allButServingIsUnhealthy() throws {
        for (bytes, words) in [
            (Self.data(2, ends: true), "NOT_SERVING"), (Self.data(0, ends: true), "UNKNOWN"),
            (Self.data(9, ends: true), "\"9\""), ([0, 0, 0, 1, 5, 0, 0, 0, 1], "not answered"),
            ([0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7], "not answered"),
        ] as [([UInt8], String)] {
            var answer = GRPCHealth.Answer()
            try answer.receive(bytes)
            #expect(answer.isOver && answer.failure?.contains(words) == true)
        }
        // Other fields are passed over, and what is cut off is no answer.
        #expect(GRPCHealth.status([0x12, 2, 8, 1, 8, 1][...]) == 1)
        #expect(GRPCHealth.status([0x12, 200, 8, 1][...]) == 0 && GRPCHealth.status([8, 0x80][...]) == 0)
    }

    @Test func whatIsNoProtocolIsAnError() {
        var answer = GRPCHealth.Answer()
        #expect(throws: SystemError.self) { try answer.receive(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)) }
        var padded = GRPCHealth.Answer()
        #expect(throws: SystemError.self) { try padded.receive([0, 0, 2, 0, 8, 0, 0, 0, 1, 9, 9]) }
    }
}

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct ProbeTests {
    private static func isReady(_ pod: Pod) -> Bool {
        pod.status.conditions.contains { $0.type == "Ready" && $0.status == "True" }
    }

    @Test func healthIsAskedOverGRPC() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        // What a server says: settings, headers with status 200, the message, the end.
        let answer = { (status: Int) in
            "\\000\\000\\000\\004\\000\\000\\000\\000\\000\\000\\000\\001\\001\\004\\000\\000\\000\\001\\210"
                + "\\000\\000\\007\\000\\001\\000\\000\\000\\001\\000\\000\\000\\000\\002\\010\\00\(status)"
        }
        let script =
            "printf '\(answer(2))' > /tmp/answer; while :; do nc -l -p 9000 -e sh -c 'cat /tmp/answer; sleep 1'; done"
        try node.run(
            "health",
            TestNode.script(
                script,
                more:
                    ",\"readinessProbe\":{\"grpc\":{\"port\":9000,\"service\":\"shop\"},\"periodSeconds\":1,\"timeoutSeconds\":5}",
                pod: ",\"terminationGracePeriodSeconds\":0"))
        try node.wait("an event") {
            try node.events("health").contains {
                $0.message == "Readiness probe failed: service unhealthy (responded with \"NOT_SERVING\")"
            }
        }
        #expect(try node.execute("health", ["sh", "-c", "printf '\(answer(1))' > /tmp/answer"]) == 0)
        try node.pod("health") { Self.isReady($0) }
    }

    @Test func certificatesOfPodsAreNotChecked() async throws {
        let now = ProductionRuntime().now()
        let authority = try CertificateAuthority.create(commonName: "nobody-knows-me", now: now)
        let issued = try authority.issue(
            .server("elsewhere", dnsNames: ["elsewhere"], addresses: []), now: now, validity: .seconds(3600))
        let loops = EventLoops(threads: 1)
        let server = try HTTPServer(
            loops: loops,
            tls: ServerTLS(
                identity: TLSIdentity(certificateChain: issued.certificatePEM, privateKey: issued.privateKeyPEM)),
            handler: FunctionHandler { request, exchange in
                exchange.respond(request.path == "/good" ? 200 : 500, text: "here")
            })
        let port = try server.listen(.ip("127.0.0.1", port: 0), secure: true)
        do {
            let node = try TestNode()
            defer { node.tearDown() }
            for path in ["good", "bad"] {
                try node.run(
                    path,
                    TestNode.script(
                        "exec sleep 1000",
                        more:
                            ",\"readinessProbe\":{\"httpGet\":{\"host\":\"127.0.0.1\",\"scheme\":\"HTTPS\",\"path\":\"/\(path)\",\"port\":\(port)},\"periodSeconds\":1,\"timeoutSeconds\":5}"
                    ))
            }
            try node.pod("good") { Self.isReady($0) }
            try node.wait("an event") {
                try node.events("bad").contains {
                    $0.message == "Readiness probe failed: HTTP probe failed with statuscode: 500"
                }
            }
        }
        await server.shutdown(grace: .seconds(1))
    }
}
