import MartinetKubectl
import MartinetBase
import MartinetToolPorts
import Synchronization
import Testing

/// A WebSocket whose other side the test plays.
final class ScriptedSocket: SessionSocket {
    let subprotocol: String?
    private let state: Mutex<(incoming: [[UInt8]], sent: [[UInt8]], isClosed: Bool)>
    init(_ incoming: [[UInt8]], subprotocol: String = "v5.channel.k8s.io") {
        self.subprotocol = subprotocol
        state = Mutex((incoming, [], false))
    }
    var sent: [[UInt8]] { state.withLock { $0.sent } }
    func send(_ bytes: [UInt8]) async throws { state.withLock { $0.sent.append(bytes) } }
    func receive() async throws -> [UInt8]? { state.withLock { $0.incoming.isEmpty ? nil : $0.incoming.removeFirst() } }
    func close() { state.withLock { $0.isClosed = true } }
}

@Suite struct StreamTests {
    private func message(_ stream: UInt8, _ text: String) -> [UInt8] { [stream] + Array(text.utf8) }

    @Test func streamsAreTakenApartAndTheStatusEndsThem() async throws {
        let socket = ScriptedSocket([
            message(1, "out"), message(2, "err"), message(3, #"{"status":"Success"}"#), message(1, "late"),
        ])
        let terminal = MemoryTerminal(input: "")
        let code = try await RemoteStreams(socket: socket, terminal: terminal, options: .init()).run()
        #expect(code == 0)
        #expect(terminal.text(1) == "out")
        #expect(terminal.text(2) == "err")
    }

    @Test func theExitCodeIsTheCommands() async throws {
        let status =
            #"{"status":"Failure","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"7"}]}}"#
        let socket = ScriptedSocket([message(3, status)])
        let error = await #expect(throws: KubectlError.self) {
            try await RemoteStreams(socket: socket, terminal: MemoryTerminal(input: ""), options: .init()).run()
        }
        #expect(error?.exitCode == 7)
        #expect(error?.description == "command terminated with exit code 7")
    }

    @Test func aConnectionThatEndsWithoutStatusIsAnError() async {
        let socket = ScriptedSocket([message(1, "half")])
        await #expect(throws: SessionError.self) {
            try await RemoteStreams(socket: socket, terminal: MemoryTerminal(input: ""), options: .init()).run()
        }
    }

    @Test func statusesOfAnyFormAreRead() throws {
        #expect(try RemoteStreams.exitCode([]) == 0)
        #expect(try RemoteStreams.exitCode(Array(#"{"status":"Success"}"#.utf8)) == 0)
        #expect(throws: KubectlError.self) { try RemoteStreams.exitCode(Array("no shell".utf8)) }
        #expect(throws: KubectlError.self) { try RemoteStreams.exitCode([0xFF, 0xFE]) }
    }
}
