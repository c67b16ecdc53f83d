import MartinetBase
import MartinetCommandLine
import MartinetToolPorts
import MartinetYAML

/// `kubectl port-forward`: each local connection is a WebSocket of its own, with one port.
///
/// The server must offer the subprotocol `v4.channel.k8s.io` at `/portforward?ports=N`: messages begin with a channel
/// number, 0 data and 1 error; the first message of each channel is the port, two bytes, the lowest first.
struct PortForwardCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    static let subprotocols = ["v4.channel.k8s.io"]

    struct Pair: Sendable, Equatable {
        let local: UInt16
        let remote: UInt16
    }

    func run() async throws {
        let words = context.arguments
        let target = try await PodFinder(context).target(words[0])
        let object = try await target.name.mapAsync { try await context.get(target.resource, target.namespace, $0) }
        guard let pod = try await PodFinder(context).pods(of: target, first: true).first else {
            throw KubectlError("\(words[0]) has no pods")
        }
        guard words.count > 1 else { throw KubectlError("at least 1 PORT is required for port-forward") }
        let pairs = try words.dropFirst().map { try pair($0, target, object ?? pod, pod) }
        let running = try await PodFinder(context).untilRunning(
            pod.metaName, pod.metaNamespace, timeout: context.flags.duration("pod-running-timeout"))
        guard running.text("status", "phase") == "Running" else {
            throw KubectlError(
                "unable to forward port because pod is not running. Current status=\(running.text("status", "phase"))")
        }
        let pods = try await context.discovery.resource("pods")
        let path = pods.path(namespace: pod.metaNamespace, name: pod.metaName, subresource: "portforward")
        let session = try await context.session()
        let terminal = context.terminal
        var listeners: [(any HostListener, Pair)] = []
        for pair in pairs { listeners += try listen(pair) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (listener, pair) in listeners {
                group.addTask {
                    try await withThrowingDiscardingTaskGroup { connections in
                        while let connection = try await listener.accept() {
                            terminal.write("Handling connection for \(listener.port)\n")
                            connections.addTask {
                                do {
                                    try await Self.forward(connection, pair.remote, path, session)
                                } catch {
                                    terminal.writeError("error: lost connection for port \(pair.remote): \(error)\n")
                                }
                                connection.close()
                            }
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    private func listen(_ pair: Pair) throws -> [(any HostListener, Pair)] {
        var listeners: [(any HostListener, Pair)] = []
        var failure: (any Error)?
        for address in context.flags.strings("address") {
            for numeric in address == "localhost" ? ["127.0.0.1", "::1"] : [address] {
                do {
                    let port = listeners.first?.0.port ?? pair.local
                    let listener = try context.host.listen(address: numeric, port: port)
                    listeners.append((listener, pair))
                    let shown = numeric.contains(":") ? "[\(numeric)]" : numeric
                    context.out("Forwarding from \(shown):\(listener.port) -> \(pair.remote)\n")
                } catch {
                    failure = error
                    // A machine without IPv6 has no ::1; that is no fault where 127.0.0.1 works.
                    if numeric != "::1" {
                        context.say(
                            "Unable to listen on port \(pair.local): Listeners failed to create with the following errors: [\(error)]"
                        )
                    }
                }
            }
        }
        guard !listeners.isEmpty else {
            throw KubectlError(
                "unable to listen on any of the requested ports: [{\(pair.local) \(pair.remote)}]\(failure.map { ": \($0)" } ?? "")"
            )
        }
        return listeners
    }

    static func forward(
        _ connection: any HostConnection, _ port: UInt16, _ path: String, _ session: any APISession
    ) async throws {
        let socket = try await session.openSocket(
            SessionRequest("GET", path, query: [(name: "ports", value: String(port))]), subprotocols: subprotocols)
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                while let bytes = try await connection.read() { try await socket.send([0] + bytes) }
                return false
            }
            group.addTask {
                var begun: Set<UInt8> = []
                while let message = try await socket.receive() {
                    guard let channel = message.first else { continue }
                    let rest = Array(message.dropFirst())
                    // The first message of a channel repeats the port.
                    if begun.insert(channel).inserted { continue }
                    if channel == 0 {
                        try await connection.write(rest)
                    } else if channel == 1, !rest.isEmpty {
                        throw KubectlError(String(decoding: rest, as: UTF8.self))
                    }
                }
                return true
            }
            while let isOver = try await group.next() {
                // The protocol cannot say that one side has ended: the answer may still be on its way.
                guard isOver else { continue }
                connection.close()
                group.cancelAll()
            }
        }
        socket.close()
    }

    // MARK: Ports

    private func pair(_ word: String, _ target: Target, _ object: YAMLNode, _ pod: YAMLNode) throws -> Pair {
        let sides = word.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard sides.count <= 2, let last = sides.last, !last.isEmpty else {
            throw KubectlError("invalid port format '\(word)': expected [LOCAL_PORT:]REMOTE_PORT")
        }
        let (remote, shown) = try remote(last, target, object, pod)
        guard sides.count == 2 else { return Pair(local: shown, remote: remote) }
        if sides[0].isEmpty { return Pair(local: 0, remote: remote) }
        guard let local = UInt16(sides[0]) else {
            throw KubectlError("invalid local port '\(sides[0])': expected 0 to 65535")
        }
        return Pair(local: local, remote: remote)
    }

    /// The container's port that a word means, and the port to listen on where none is given.
    private func remote(_ word: String, _ target: Target, _ object: YAMLNode, _ pod: YAMLNode) throws -> (
        UInt16, UInt16
    ) {
        func named(_ name: String) -> UInt16? {
            for container in pod.items("spec", "containers") {
                for port in container.items("ports") where port.text("name") == name {
                    return port.number("containerPort").flatMap { UInt16(exactly: $0) }
                }
            }
            return nil
        }
        if target.resource.kind == "Service" {
            let number = Int64(word)
            guard
                let port = object.items("spec", "ports").first(where: {
                    $0.number("port") == number || $0.text("name") == word
                })
            else {
                let known = object.items("spec", "ports").map { $0.text("port") }.joined(separator: ", ")
                throw KubectlError(
                    "Service \(object.metaName) does not have a service port \(word); there are \(known)")
            }
            let shown = port.number("port").flatMap { UInt16(exactly: $0) } ?? 0
            if let to = port.at("targetPort") {
                if let number = to.int, let port = UInt16(exactly: number) { return (port, shown) }
                guard let name = to.string, let port = named(name) else {
                    throw KubectlError("Pod '\(pod.metaName)' does not have a named port '\(to.string ?? "")'")
                }
                return (port, shown)
            }
            return (shown, shown)
        }
        if let number = UInt16(word), number > 0 { return (number, number) }
        guard let port = named(word) else {
            throw KubectlError("Pod '\(pod.metaName)' does not have a named port '\(word)'")
        }
        return (port, port)
    }
}

extension Optional {
    func mapAsync<T>(_ change: (Wrapped) async throws -> T) async throws -> T? {
        guard let self else { return nil }
        return try await change(self)
    }
}
