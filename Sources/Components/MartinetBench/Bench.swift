import Glibc
import MartinetBase
import MartinetCertificates
import NIOCore
import NIOPosix

/// The program `bench`: a load generator for any Kubernetes API server.
package enum Bench {
    /// - Parameters:
    ///   - command: how this program calls itself, for the servers that it starts: its name and the words before the flags.
    ///   - serve: runs an API server of its own in a folder until standard input ends. It calls back, once it answers, with
    ///     its port; the folder then has `ca.crt`, `admin.crt` and `admin.key`. When it commits, it appends lines of a
    ///     revision and the monotonic clock's nanoseconds to `commits` there.
    package static func run(
        _ arguments: [String], command: [String],
        serve: (_ folder: String, _ ready: @Sendable (Int) -> Void) async throws -> Void
    ) async -> Int32 {
        do {
            switch arguments.first {
            case "--serve-api":
                try await serve(arguments.count > 1 ? arguments[1] : ".") { BenchChild.serve(String($0)) }
                return 0
            case "--serve-nothing":
                try await NothingServer.run()
                return 0
            case "--help", "-h", "help":
                print(BenchOptions.usage)
                return 0
            default: break
            }
            let options = try BenchOptions(arguments)
            let report = try await BenchRun(options, command: command).run()
            print(options.isJSON ? report.json : report.text)
            return report.failed ? 1 : 0
        } catch {
            Log.standardError("martinet bench: \(error)")
            return 2
        }
    }
}

/// One measurement from beginning to end: servers started, operations taken in turns, figures put beside the limit.
struct BenchRun {
    let options: BenchOptions
    let command: [String]
    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)

    init(_ options: BenchOptions, command: [String]) {
        self.options = options
        self.command = command
    }

    func run() async throws -> BenchReport {
        var sessions: [BenchSession] = []
        var own: [(child: BenchChild, folder: String)] = []
        defer {
            for (child, folder) in own {
                child.stop()
                BenchRun.remove(folder)
            }
        }
        let tag = String(nanoseconds() % 1_000_000_007, radix: 36)
        if options.servers.isEmpty {
            let (child, folder, target) = try startOwn()
            own.append((child, folder))
            sessions = [BenchSession(target, options, group, tag: tag, commits: folder + "/commits")]
        } else {
            for server in options.servers {
                sessions.append(
                    BenchSession(
                        try LoadTarget(server, http2: options.http2), options, group, tag: tag, commits: nil))
            }
        }
        let nothing = try BenchChild(command + ["--serve-nothing"])
        defer { nothing.stop() }
        var report = BenchReport(options, names: sessions.map { $0.target.name })
        for session in sessions { try await session.prepare() }
        for operation in options.operations {
            // A B A B: what drifts on the machine meets both.
            for _ in 0..<(sessions.count == 2 ? 2 : 1) {
                for (index, session) in sessions.enumerated() {
                    if operation == .memory, session.target.process == nil { continue }
                    var session = session
                    if operation == .memory, !own.isEmpty {
                        // A server that has done nothing yet: it holds these objects and no others.
                        let (child, folder, target) = try startOwn()
                        own.append((child, folder))
                        session = BenchSession(target, options, group, tag: tag, commits: nil)
                        try await session.prepare()
                    }
                    do {
                        for figures in try await session.measure(operation) { report.add(figures, to: index) }
                    } catch let error as BenchError {
                        report.problems.append("\(session.target.name): \(error)")
                    }
                    note(operation, session)
                }
            }
            if let figures = report.measured(operation) {
                report.limits[figures.operation] = try await limit(figures, nothing)
            }
        }
        if own.isEmpty { for session in sessions { await session.cleanUp() } }
        try await group.shutdownGracefully()
        return report
    }

    private func note(_ operation: BenchOptions.Operation, _ session: BenchSession) {
        guard !options.isJSON, isatty(2) == 1 else { return }
        Log.standardError("measured \(operation.rawValue) of \(session.target.name)")
    }

    /// As many bytes, from a server that does nothing.
    private func limit(_ figures: Figures, _ nothing: BenchChild) async throws -> Figures {
        let target = try LoadTarget(
            url: "https://127.0.0.1:\(nothing.line)", LoadTarget.Credentials(isInsecure: true), http2: options.http2,
            process: nothing.process)
        let body = [UInt8](repeating: 120, count: figures.sent)
        let places = figures.operation.hasPrefix("list") ? 4 : options.concurrency
        let run = LoadRun(accepted: { $0 == 200 }) {
            LoadRequest(
                method: body.isEmpty ? "GET" : "POST", target: "/\(figures.bytes)",
                contentType: body.isEmpty ? nil : "application/json", body: body)
        }
        return try await run.run(
            "limit", target, group, connections: min(options.connections, places), concurrency: places,
            warm: 200_000_000, time: options.seconds * 1_000_000_000
        )
    }

    private func startOwn() throws -> (BenchChild, String, LoadTarget) {
        var template = Array("/tmp/martinet-bench-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp/martinet-bench-XXXXXX") }
        let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let child = try BenchChild(command + ["--serve-api", folder])
        let credentials = LoadTarget.Credentials(
            authority: try CertificateFile.read(folder + "/ca.crt"),
            certificate: try CertificateFile.read(folder + "/admin.crt"),
            key: try CertificateFile.read(folder + "/admin.key"))
        let target = try LoadTarget(
            url: "https://127.0.0.1:\(child.line)", credentials, http2: options.http2, process: child.process)
        return (child, folder, target)
    }

    private static func remove(_ folder: String) {
        guard let entries = opendir(folder) else { return }
        while let entry = readdir(entries) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { unlink("\(folder)/\(name)") }
        }
        closedir(entries)
        rmdir(folder)
    }
}
