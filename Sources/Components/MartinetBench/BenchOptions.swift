import MartinetTransport

/// What a measurement is asked to do: the flags of `bench`.
struct BenchOptions: Sendable {
    /// One API server to measure.
    struct Server: Sendable {
        var url: String?
        var kubeconfig: String?
        var context: String?
        var token: String?
        var certificate: String?
        var key: String?
        var authority: String?
        var isInsecure = false
        /// The process whose memory is read, where it runs on this machine.
        var process: Int?
    }

    enum Operation: String, Sendable, CaseIterable {
        case create, get, update, patch, delete, list, fanout, latency, memory
    }

    /// None: an API server of its own. Two: they are compared.
    var servers: [Server] = []
    var http2 = true
    var connections = 4
    var concurrency = 64
    var seconds = 3
    var operations = Operation.allCases
    var kind = BenchKind.configmaps
    /// Bytes of an object's own data.
    var size = 1024
    /// How many objects a list has.
    var listed = 10_000
    /// At how many objects memory is read.
    var remembered = 100_000
    var watchers = 100
    var isJSON = false

    static let usage = """
        martinet bench [FLAGS]: how fast an API server is

        Without a server, one of its own is started in a fresh folder and measured.

          --server=URL        an API server; given twice (or with --kubeconfig), two are compared in turns
          --kubeconfig=FILE   a server and its credentials   --context=NAME
          --token=TEXT  --certificate=FILE  --key=FILE  --ca=FILE  --insecure   credentials of the server before them
          --process=PID       the server's process, for its memory
          --http=1|2          the protocol (2)
          --connections=N     connections (4; with HTTP/1.1 as many as --concurrency)
          --concurrency=N     requests under way at once (64)
          --seconds=N         how long each operation is measured (3)
          --only=OP,OP        create, get, update, patch, delete, list, fanout, latency, memory
          --kind=KIND         configmaps, secrets or pods (configmaps)
          --size=BYTES        of an object's data (1024)
          --listed=N          objects in the list (10000)
          --remembered=N      objects at which memory is read (100000)
          --watchers=N        of the fan-out (100)
          --json              figures for programs
        """

    init(_ arguments: [String]) throws(BenchError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw BenchError("unexpected argument \(argument.debugDescription)")
            }
            let sides = argument.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(sides[0])
            if name == "json" || name == "insecure" {
                guard sides.count == 1 else { throw BenchError("--\(name) takes no value") }
                if name == "json" { isJSON = true } else { try last { $0.isInsecure = true } }
                continue
            }
            guard let value = sides.count > 1 ? String(sides[1]) : rest.popFirst() else {
                throw BenchError("--\(name) needs a value")
            }
            try set(name, value)
        }
        if !http2 { connections = concurrency }
        connections = min(connections, concurrency)
        guard servers.count <= 2 else { throw BenchError("at most two servers are compared") }
    }

    private mutating func last(_ change: (inout Server) -> Void) throws(BenchError) {
        guard !servers.isEmpty else { throw BenchError("credentials come after the --server they are for") }
        change(&servers[servers.count - 1])
    }

    private mutating func set(_ name: String, _ value: String) throws(BenchError) {
        func number(_ range: ClosedRange<Int>) throws(BenchError) -> Int {
            guard let number = Int(value), range.contains(number) else {
                throw BenchError(
                    "--\(name) must be a number from \(range.lowerBound) to \(range.upperBound), found \(value.debugDescription)"
                )
            }
            return number
        }
        switch name {
        case "server":
            servers.append(Server(url: value))
        case "kubeconfig": servers.append(Server(kubeconfig: value))
        case "context": try last { $0.context = value }
        case "token": try last { $0.token = value }
        case "certificate": try last { $0.certificate = value }
        case "key": try last { $0.key = value }
        case "ca": try last { $0.authority = value }
        case "process":
            let process = try number(1...Int(Int32.max))
            try last { $0.process = process }
        case "http": http2 = try number(1...2) == 2
        case "connections": connections = try number(1...1000)
        case "concurrency": concurrency = try number(1...10_000)
        case "seconds": seconds = try number(1...3600)
        case "size": size = try number(0...1_000_000)
        case "listed": listed = try number(1...1_000_000)
        case "remembered": remembered = try number(1...10_000_000)
        case "watchers": watchers = try number(1...10_000)
        case "kind":
            guard let kind = BenchKind(rawValue: value) else {
                throw BenchError("--kind must be configmaps, secrets or pods, found \(value.debugDescription)")
            }
            self.kind = kind
        case "only":
            operations = []
            for word in value.split(separator: ",") {
                guard let operation = Operation(rawValue: String(word)) else {
                    throw BenchError("--only knows no operation \(word.debugDescription)")
                }
                operations.append(operation)
            }
        default: throw BenchError("there is no flag --\(name)")
        }
    }
}

/// Why a measurement could not be made.
struct BenchError: Error, Sendable, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
