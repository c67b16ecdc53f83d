import MartinetPrinters
package import MartinetToolPorts
import MartinetYAML

/// Standard streams to and from a container over a WebSocket: each message begins with the number of its stream.
///
/// Source: the remotecommand protocol `v5.channel.k8s.io` (KEP-4006): 0 input, 1 output, 2 errors, 3 the final status,
/// 4 the terminal's size, 255 closes the stream that follows. `v4` is the same without 255.
package struct RemoteStreams: Sendable {
    package static let subprotocols = ["v5.channel.k8s.io", "v4.channel.k8s.io"]

    package struct Options: Sendable {
        package var stdin: Bool
        package var tty: Bool
        package init(stdin: Bool = false, tty: Bool = false) {
            self.stdin = stdin
            self.tty = tty
        }
    }

    let socket: any SessionSocket
    let terminal: any Terminal
    let options: Options

    private static let pieceMax = 32 << 10

    package init(socket: any SessionSocket, terminal: any Terminal, options: Options) {
        self.socket = socket
        self.terminal = terminal
        self.options = options
    }

    /// Copies until the other side has told its status. Returns the exit code.
    package func run() async throws -> Int32 {
        if options.tty { terminal.setRaw(true) }
        defer { if options.tty { terminal.setRaw(false) } }
        return try await withThrowingTaskGroup(of: Int32?.self) { group in
            group.addTask { try await receive() }
            if options.stdin {
                group.addTask {
                    try await sendInput()
                    return nil
                }
            }
            if options.tty {
                group.addTask {
                    try await sendSizes()
                    return nil
                }
            }
            while let code = try await group.next() {
                // Input may end long before the command does.
                guard let code else { continue }
                group.cancelAll()
                socket.close()
                return code
            }
            throw SessionError(.closed, "the connection ended without the command's status")
        }
    }

    private func receive() async throws -> Int32 {
        while let message = try await socket.receive() {
            guard let stream = message.first else { continue }
            let rest = Array(message.dropFirst())
            switch stream {
            case 1: terminal.write(rest)
            case 2: terminal.writeError(rest)
            case 3: return try Self.exitCode(rest)
            default: continue
            }
        }
        throw SessionError(.closed, "the connection ended without the command's status")
    }

    /// A Status: Success, or a failure whose cause `ExitCode` is the command's own.
    package static func exitCode(_ bytes: [UInt8]) throws -> Int32 {
        guard let status = (try? YAML.readJSON(bytes))?.first, status.map != nil else {
            if bytes.isEmpty { return 0 }
            throw KubectlError(String(decoding: bytes, as: UTF8.self))
        }
        if status.text("status") == "Success" { return 0 }
        let causes = status.at("details")?.items("causes") ?? []
        if status.text("reason") == "NonZeroExitCode",
            let code = causes.first(where: { $0.text("reason") == "ExitCode" }).flatMap({ Int32($0.text("message")) })
        {
            throw KubectlError("command terminated with exit code \(code)", exitCode: code, prefixed: false)
        }
        throw KubectlError(status.text("message"))
    }

    private func sendInput() async throws {
        while let bytes = try await terminal.readInput() {
            for start in stride(from: 0, to: bytes.count, by: Self.pieceMax) {
                try await socket.send([0] + bytes[start..<min(start + Self.pieceMax, bytes.count)])
            }
        }
        // Only v5 can say that the input is at its end.
        if socket.subprotocol == Self.subprotocols[0] { try await socket.send([255, 0]) }
    }

    private func sendSizes() async throws {
        var size = terminal.size
        while let now = size {
            try await socket.send([4] + Array(#"{"Width":\#(now.columns),"Height":\#(now.rows)}"#.utf8))
            size = await terminal.nextSize()
            try Task.checkCancellation()
        }
    }
}
