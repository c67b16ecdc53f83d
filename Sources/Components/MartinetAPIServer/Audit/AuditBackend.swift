import MartinetAudit
import MartinetBase
import MartinetMetrics
import Synchronization

/// Where events are kept. Nobody waits for it.
protocol AuditBackend: Sendable {
    var name: String { get }
    /// What was dropped or could not be kept.
    var failures: UInt64 { get }
    func add(_ event: AuditEvent)
    /// Keeps what waits, as far as that can be done now, then calls `done`.
    func close(_ done: @escaping @Sendable () -> Void)
}

/// Appends events to a file, a line each, on an executor of its own. A file that is too long is put aside.
final class AuditFile: AuditBackend {
    private struct State {
        var queue = AuditQueue()
        var isWriting = false
        var lost: UInt64 = 0
    }

    let name = "log"
    private let isLegacy: Bool
    private let file: RotatedFile
    private let executor: any SerialExecutorPort
    private let log: Log
    private let state = Mutex(State())
    private static let batch = 256
    private static let piece = 256 << 10

    init(_ flags: AuditFlags, runtime: any Runtime, log: Log) throws(SystemError) {
        var rotation = AuditRotation()
        if flags.megabytes > 0 { rotation.sizeMax = flags.megabytes << 20 }
        rotation.daysMax = flags.days
        rotation.backupsMax = flags.backups
        isLegacy = flags.isLegacy
        file = try RotatedFile(flags.log, rotation, runtime: runtime)
        executor = runtime.executor(named: "martinet.apiserver.audit")
        self.log = log
    }

    var failures: UInt64 { state.withLock { $0.queue.dropped &+ $0.lost } }

    func add(_ event: AuditEvent) {
        let begins = state.withLock { state in
            guard state.queue.add(event), !state.isWriting else { return false }
            state.isWriting = true
            return true
        }
        if begins { executor.submit { [self] in drain() } }
    }

    private func drain() {
        while true {
            let events = state.withLock { state in
                let events = state.queue.take(atMost: AuditFile.batch)
                if events.isEmpty { state.isWriting = false }
                return events
            }
            if events.isEmpty { return }
            var (lines, count) = ([UInt8](), 0)
            for event in events {
                let line = isLegacy ? event.legacyLine : event.json
                // What is written at once goes into one file: it is small, or one line.
                if count > 0, lines.count + line.count >= AuditFile.piece {
                    write(lines, count)
                    (lines, count) = ([], 0)
                }
                lines += line
                lines.append(10)
                count += 1
            }
            write(lines, count)
        }
    }

    private func write(_ lines: [UInt8], _ count: Int) {
        do throws(SystemError) {
            try file.append(lines)
        } catch {
            let isFirst = state.withLock { state in
                state.lost &+= UInt64(count)
                return state.lost == UInt64(count)
            }
            if isFirst { log.error("audit events are lost", [("error", "\(error)")]) }
        }
    }

    func close(_ done: @escaping @Sendable () -> Void) {
        executor.submit { [self] in
            drain()
            done()
        }
    }
}
