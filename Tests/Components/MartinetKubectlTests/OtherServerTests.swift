import MartinetBase
import MartinetKubectl
import MartinetToolPorts
import Synchronization
import Testing

/// Reads of the past against a server that passes over what it does not know, as all but Martinet do.
@Suite struct OtherServerTests {
    @Test(
        "a server that knows no past is told by name, and nothing of the present is shown for it",
        arguments: [
            "get cm --at 10m", "get cm a --at-revision 3 -o yaml", "history cm a", "history cm gone", "undo cm a",
            "undo cm gone --at 10m", "diff cm a --at 10m",
        ])
    func refused(_ line: String) async {
        let terminal = MemoryTerminal(input: "")
        let session = ForgetfulSession()
        let code = await KubectlCommand.run(
            arguments: ["--server", "http://other"] + line.split(separator: " ").map(String.init),
            terminal: terminal, host: MemoryHost(files: [:]), runtime: ProductionRuntime(), environment: [:]
        ) { _ in session }
        #expect(code == 1)
        #expect(terminal.text(1).isEmpty)
        #expect(terminal.text(2).contains("the server remembers nothing of the past"), "\(terminal.text(2))")
        #expect(session.methods.withLock { $0.allSatisfy { $0 == "GET" } })
    }
}

private final class ForgetfulSession: APISession {
    let methods = Mutex<[String]>([])
    let server = "http://other"

    func send(_ request: SessionRequest) async throws -> SessionResponse {
        methods.withLock { $0.append(request.method) }
        let object = #"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a","namespace":"default"}}"#
        let (status, text) =
            switch request.path {
            case "/api/v1/namespaces/default/configmaps/a": (200, object)
            case "/api/v1/namespaces/default/configmaps":
                (200, #"{"apiVersion":"v1","kind":"ConfigMapList","metadata":{"resourceVersion":"9"},"items":[]}"#)
            default: (404, #"{"kind":"Status","code":404,"reason":"NotFound","message":"not found"}"#)
            }
        return SessionResponse(status: status, headers: [], body: Body(text))
    }

    func openSocket(_ request: SessionRequest, subprotocols: [String]) async throws -> any SessionSocket {
        throw SessionError(.refused, "there are no sockets in this test")
    }

    private final class Body: SessionBody {
        private let rest: Mutex<[UInt8]?>
        init(_ text: String) { rest = Mutex(Array(text.utf8)) }
        func next() async throws -> [UInt8]? {
            rest.withLock { rest in
                defer { rest = nil }
                return rest
            }
        }
    }
}
