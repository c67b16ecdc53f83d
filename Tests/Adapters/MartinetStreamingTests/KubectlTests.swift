import Dispatch
import Glibc
import MartinetBase
import MartinetStreaming
import MartinetTransport
import Synchronization
import Testing

/// The ordinary kubectl, through the API server's proxy and a node's endpoint over TLS.
@Suite("kubectl", .enabled(if: access("/usr/bin/kubectl", X_OK) == 0, "kubectl is not installed"))
struct KubectlTests {
    /// A kubectl from before WebSocket (up to 1.28), where there is one.
    static let old = getenv("MARTINET_OLD_KUBECTL").map { String(cString: $0) }
    static let ways = ["websocket", "spdy"] + (old == nil ? [] : ["old"])

    static func program(_ way: String) -> String { way == "old" ? old ?? "" : "/usr/bin/kubectl" }

    func kubectl(_ api: FakeAPI, _ way: String, _ arguments: [String], input: String? = nil) async throws -> Program {
        let switches = way == "spdy" ? "false" : "true"
        return try await Program.run(
            Self.program(way), ["--server", "http://127.0.0.1:\(api.port)", "--namespace", "default"] + arguments,
            environment: [
                "KUBECTL_REMOTE_COMMAND_WEBSOCKETS=\(switches)", "KUBECTL_PORT_FORWARD_WEBSOCKETS=\(switches)",
                "KUBECONFIG=/dev/null", "HOME=/tmp/streaming-kubectl", "PATH=/usr/bin:/bin",
            ], input: input)
    }

    @Test("exec tells output, errors and the exit code", arguments: ways)
    func exec(way: String) async throws {
        let api = try FakeAPI()
        let ended = try await kubectl(api, way, ["exec", "p", "--", "exit", "7"])
        #expect(ended.status == 7, "\(ended)")
        #expect(ended.output == "out\n" && ended.errors.hasPrefix("err\n"))
        let echoed = try await kubectl(api, way, ["exec", "-i", "p", "-c", "c", "--", "cat"], input: "hello\nworld")
        #expect(echoed.status == 0 && echoed.output == "hello\nworld", "\(echoed)")
        let attached = try await kubectl(api, way, ["attach", "-i", "p"], input: "attached")
        #expect(attached.output == "attached", "\(attached)")
        let many = (0..<200_000).map { "line \($0)\n" }.joined()
        let bulk = try await kubectl(api, way, ["exec", "-i", "p", "--", "cat"], input: many)
        #expect(bulk.status == 0 && bulk.output == many, "\(bulk.output.count) of \(many.count)")
        let failed = try await kubectl(api, way, ["exec", "p", "--", "nosuch"])
        #expect(failed.status == 1 && failed.errors.contains("not found"), "\(failed)")
        await api.stop()
    }

    @Test("port-forward carries bytes both ways, and tells of a closed port", arguments: ways)
    func portForward(way: String) async throws {
        let api = try FakeAPI()
        let forward = try Program.start(
            Self.program(way),
            ["--server", "http://127.0.0.1:\(api.port)", "port-forward", "p", ":80", ":81"],
            environment: [
                "KUBECTL_PORT_FORWARD_WEBSOCKETS=\(way == "spdy" ? "false" : "true")", "KUBECONFIG=/dev/null",
                "HOME=/tmp/streaming-kubectl", "PATH=/usr/bin:/bin",
            ])
        #expect(await Support.eventually(20) { forward.output.contains("-> 80") && forward.output.contains("-> 81") })
        let ports = forward.output.split(separator: "\n").compactMap { line in
            line.hasPrefix("Forwarding from 127.0.0.1:")
                ? Int(line.dropFirst(26).prefix { $0.isNumber }) : nil
        }
        try #require(ports.count == 2, "\(forward.output)")
        let total = 4 << 20
        let answer = try await Support.blocking {
            let socket = try Socket(port: ports[0])
            let writer = Support.thread {
                for start in stride(from: 0, to: total, by: 64 << 10) { socket.send(Support.bytes(start, 64 << 10)) }
            }
            let got = socket.receive(count: total + 8)
            writer.wait()
            return got
        }
        #expect(answer.starts(with: Array("port 80\n".utf8)) && answer.count == total + 8)
        var wrong = 0
        for start in stride(from: 0, to: answer.count - 8, by: 64 << 10)
        where !Support.same(
            answer[(8 + start)..<min(8 + start + 64 << 10, answer.count)], Support.bytes(start, 64 << 10))
        {
            wrong += 1
        }
        #expect(wrong == 0)
        let refused = try await Support.blocking { try Socket(port: ports[1]).receive(count: 1) }
        #expect(refused.isEmpty)
        #expect(await Support.eventually { forward.errors.contains("ECONNREFUSED") }, "\(forward.errors)")
        forward.stop()
        await api.stop()
    }

    @Test("logs come whole, and a container that is not there yet is told as upstream tells it")
    func logs() async throws {
        let api = try FakeAPI()
        let text = (0..<300_000).map { "line \($0)\n" }.joined()
        api.fake.logs.withLock { $0["c"] = Array(text.utf8) }
        let whole = try await kubectl(api, "", ["logs", "p", "--tail=-1"])
        #expect(whole.output == text, "\(whole.output.count) of \(text.utf8.count): \(whole.errors)")
        let waiting = try await kubectl(api, "", ["logs", "two", "-c", "d"])
        #expect(
            waiting.errors == "Error from server (BadRequest): container \"d\" is waiting to start: ContainerCreating\n"
        )
        #expect(try await kubectl(api, "", ["logs", "pending"]).output.isEmpty)
        await api.stop()
    }

    @Test("what cannot be served is refused as upstream refuses it")
    func refusals() async throws {
        let api = try FakeAPI()
        for (path, code, message) in [
            (
                "two/exec?command=x&stdout=1", 400,
                "a container name must be specified for pod two, choose one of: [c d]"
            ),
            ("p/exec?command=x&container=z&stdout=1", 400, "container z is not valid for pod p"),
            ("pending/exec?command=x&stdout=1", 400, "pod pending does not have a host assigned"),
            ("p/exec?command=x&stdout=1", 400, "Upgrade request required"),
            ("p/log?tailLines=-1", 422, "tailLines must be 0 or more, not -1"),
        ] {
            let answer = try await api.plain.send(ClientRequest("GET", api.url(path)))
            let body = String(decoding: try await answer.body.reduce(into: []) { $0 += $1 }, as: UTF8.self)
            #expect(answer.status == code && body.contains(message), "\(path): \(answer.status) \(body)")
        }
        await api.stop()
        for (groups, word) in [(["nobody"], "Unauthorized"), (["system:nodes"], "Forbidden")] {
            let other = try FakeAPI(user: "somebody", groups: groups)
            other.fake.logs.withLock { $0["c"] = [65] }
            let answer = try await other.plain.send(ClientRequest("GET", other.url("p/log")))
            let body = String(decoding: try await answer.body.reduce(into: []) { $0 += $1 }, as: UTF8.self)
            #expect(answer.status == 500 && body.contains(word), "\(answer.status) \(body)")
            await other.stop()
        }
    }
}
