import CMartinetContainers
import CMartinetStage
import Dispatch
import Glibc
package import MartinetBase
package import MartinetStagePlan
import Synchronization

/// A connection to a pod's monitor. Closing it, or being killed, ends nothing: whoever connects next learns all.
///
/// Calls block until the monitor has answered, so they belong on a thread of one's own. Events arrive on the
/// connection's own queue, in order; a handler must not call back into the connection from there.
package final class MonitorConnection: Sendable {
    package enum Event: Sendable {
        /// A container or an exec has ended.
        case exited(TaskStatus)
        /// Output of a container that this connection has attached to; stream 1 or 2.
        case output(id: String, stream: Int, bytes: [UInt8])
        /// The container's log cannot be written; its output waits until it can.
        case logBlocked(id: String, errno: Int32)
        /// The monitor is gone, or has let this connection go because it did not read. Nothing more comes.
        case lost
    }

    private struct Answer: Sendable {
        var a: Int64
        var statuses: [TaskStatus]
    }

    private struct Waiting: Sendable {
        var statuses: [TaskStatus] = []
        var plan: StagePlan?
        let finish: @Sendable (Result<Answer, SystemError>) -> Void
    }

    private struct State: ~Copyable {
        var next: UInt32 = 1
        var waiting: [UInt32: Waiting] = [:]
        var isLost = false
        /// Whether the monitor has answered once: before, a failure is the initializer's error and no event.
        var isReady = false
    }

    /// Seconds that a monitor may take to answer. All it waits for itself is the kernel, so this is for one that was
    /// stopped, or a mount that hangs: its pod fails with a message and does not stand still.
    private static let patience = 60

    package let folder: String
    private let socket: Descriptor
    private let state = Mutex(State())
    private let queue: DispatchQueue
    private let readiness: Readiness
    private let onEvent: @Sendable (Event) -> Void

    /// Connects to the monitor of a pod's folder; ENOENT or ECONNREFUSED where there is none.
    package init(folder: String, onEvent: @escaping @Sendable (Event) -> Void) throws(SystemError) {
        let place = try Descriptor.open(folder, O_RDONLY | O_DIRECTORY)
        let socket = Descriptor(
            owning: try check(
                "connect", folder + "/monitor.sock", martinet_connect_in(place.number, "monitor.sock", 1)))
        _ = fcntl(socket.number, F_SETFL, O_NONBLOCK)
        self.folder = folder
        self.socket = socket
        self.onEvent = onEvent
        queue = DispatchQueue(label: "martinet.monitor")
        readiness = Readiness(socket, isForReading: true, on: queue)
        readiness.wait { [weak self] in self?.readable() }
        let version = try request(MARTINET_REQ_HELLO).a
        guard version == Int64(MARTINET_MONITOR_VERSION) else {
            throw SystemError(call: "hello", operand: folder + "/monitor.sock", errno: EPROTONOSUPPORT)
        }
        let isLost = state.withLock { state in
            state.isReady = true
            return state.isLost
        }
        if isLost { throw SystemError(call: "recvmsg", operand: folder + "/monitor.sock", errno: ECONNRESET) }
    }

    // MARK: - requests

    /// Makes a container ready, up to its program; returns its process id.
    package func create(
        _ id: String, plan: StagePlan, logPath: String?, oomFile: String?, terminal: Bool, stdin: Bool
    ) throws -> Int32 {
        let file = try Descriptor.sealedFile("plan", try plan.bytes())
        let flags = (terminal ? MARTINET_TASK_TTY : 0) | (stdin ? MARTINET_TASK_STDIN : 0)
        let answer = try request(
            MARTINET_REQ_CREATE, [id, logPath ?? "", oomFile ?? ""], flags: flags, descriptors: [file], plan: plan)
        return Int32(clamping: answer.a)
    }

    /// Runs a created container's program; returns once it has been executed.
    package func start(_ id: String, plan: StagePlan? = nil) throws(SystemError) {
        try request(MARTINET_REQ_START, [id], plan: plan)
    }

    /// Executes one more process; returns its process id once it runs. Its end comes as an event.
    ///
    /// - Parameter descriptors: its standard input, output and error; with `terminal` one connected unix socket that
    ///   gets the terminal's master.
    package func exec(
        _ id: String, plan: StagePlan, terminal: Bool, descriptors: [Descriptor]
    ) throws -> Int32 {
        let file = try Descriptor.sealedFile("plan", try plan.bytes())
        let answer = try request(
            MARTINET_REQ_EXEC, [id], flags: terminal ? MARTINET_TASK_TTY : 0, descriptors: [file] + descriptors,
            plan: plan)
        return Int32(clamping: answer.a)
    }

    package func signal(_ id: String, _ signal: Int32) throws(SystemError) {
        try request(MARTINET_REQ_SIGNAL, [id], a: Int64(signal))
    }

    /// In characters; ENOTTY where it has no terminal.
    package func resize(_ id: String, columns: UInt16, rows: UInt16) throws(SystemError) {
        try request(MARTINET_REQ_RESIZE, [id], a: Int64(columns), b: Int64(rows))
    }

    /// From now on the container's output comes as events, too.
    package func attach(_ id: String) throws(SystemError) { try request(MARTINET_REQ_ATTACH, [id]) }
    package func detach(_ id: String) throws(SystemError) { try request(MARTINET_REQ_DETACH, [id]) }

    /// Gives bytes to the container's standard input.
    package func write(_ id: String, _ bytes: [UInt8]) throws(SystemError) {
        var rest = bytes[...]
        while !rest.isEmpty {
            try request(MARTINET_REQ_STDIN, [id], body: Array(rest.prefix(32768)))
            rest = rest.dropFirst(32768)
        }
    }

    package func closeInput(_ id: String) throws(SystemError) { try request(MARTINET_REQ_STDIN, [id]) }
    /// After the log has been renamed: the next line goes to a new file of the old name.
    package func reopenLog(_ id: String) throws(SystemError) { try request(MARTINET_REQ_REOPEN, [id]) }
    /// Everything that the monitor knows, what has ended included.
    package func status() throws(SystemError) -> [TaskStatus] { try request(MARTINET_REQ_STATUS).statuses }
    /// Forgets a container that has ended, a predecessor's included; EBUSY where it has not.
    package func remove(_ id: String) throws(SystemError) {
        do {
            try request(MARTINET_REQ_REMOVE, [id])
        } catch  where error.errno == ENOENT {
            for suffix in [".1", ".2", ".b1", ".b2", ".ctl", ".exit", ".task"] {
                let path = "\(folder)/\(id)\(suffix)"
                guard unlink(path) == 0 || errno == ENOENT else { throw SystemError.last("unlink", path) }
            }
        }
    }
    /// Ends the monitor; EBUSY while something runs.
    package func shutdown() throws(SystemError) { try request(MARTINET_REQ_SHUTDOWN) }

    func adopt(
        _ id: String, pid: Int32, startTime: UInt64, logPath: String, oomFile: String, flags: Int
    ) throws(SystemError) {
        try request(
            MARTINET_REQ_ADOPT, [id, logPath, oomFile], a: Int64(pid), c: Int64(bitPattern: startTime), flags: flags)
    }

    // MARK: - packets

    @discardableResult
    private func request(
        _ type: martinet_request, _ texts: [String] = [], a: Int64 = 0, b: Int64 = 0, c: Int64 = 0, flags: Int = 0,
        body: [UInt8] = [], descriptors: [Descriptor] = [], plan: StagePlan? = nil
    ) throws(SystemError) -> Answer {
        let done = DispatchSemaphore(value: 0)
        let slot = Mutex<Result<Answer, SystemError>?>(nil)
        let holder = Holder(slot: slot)
        let waiting = Waiting(plan: plan) { result in
            holder.slot.withLock { $0 = result }
            done.signal()
        }
        let number: UInt32? = state.withLock { state in
            guard !state.isLost else { return nil }
            let number = state.next
            state.next = number == .max ? 1 : number + 1
            state.waiting[number] = waiting
            return number
        }
        guard let number else { throw SystemError(call: "sendmsg", operand: folder, errno: EPIPE) }
        var head = martinet_message()
        head.type = UInt32(type.rawValue)
        head.request = number
        head.flags = UInt32(truncatingIfNeeded: flags)
        (head.a, head.b, head.c) = (a, b, c)
        let payload = texts.flatMap { Array($0.utf8) + [0] } + body
        head.size = UInt32(payload.count)
        var result: Int32
        repeat {
            let numbers = descriptors.map(\.number)
            result = martinet_send(
                socket.number, &head, MemoryLayout<martinet_message>.size, payload, payload.count, numbers,
                Int32(numbers.count))
            if result == -EAGAIN {
                var entry = pollfd(fd: socket.number, events: Int16(POLLOUT), revents: 0)
                poll(&entry, 1, 1000)
            }
        } while result == -EAGAIN
        guard result == 0 else {
            _ = state.withLock { $0.waiting.removeValue(forKey: number) }
            throw SystemError(call: "sendmsg", operand: folder + "/monitor.sock", errno: -result)
        }
        withExtendedLifetime(descriptors) {}
        guard done.wait(timeout: .now() + .seconds(MonitorConnection.patience)) == .success else {
            _ = state.withLock { $0.waiting.removeValue(forKey: number) }
            let call = "monitor's answer to request \(type.rawValue)"
            throw SystemError(call: call, operand: "\(folder) \(texts.first ?? "")", errno: ETIMEDOUT)
        }
        guard let answer = holder.slot.withLock({ $0 }) else {
            throw SystemError(call: "recvmsg", operand: folder, errno: EPROTO)
        }
        return try answer.get()
    }

    /// Carries the answer from the connection's queue to the thread that waits.
    private final class Holder: Sendable {
        let slot: Mutex<Result<Answer, SystemError>?>
        init(slot: consuming Mutex<Result<Answer, SystemError>?>) { self.slot = slot }
    }

    private func readable() {
        var buffer = [UInt8](repeating: 0, count: Int(MARTINET_MONITOR_PACKET_MAX))
        while true {
            var count: Int32 = 0
            let got = martinet_receive(socket.number, &buffer, buffer.count, nil, 0, &count)
            if got == Int64(-EAGAIN) { return readiness.wait { [weak self] in self?.readable() } }
            guard got >= Int64(MemoryLayout<martinet_message>.size) else {
                lose()
                return
            }
            buffer.withUnsafeBytes { raw in
                let head = raw.loadUnaligned(as: martinet_message.self)
                receive(head, Array(raw[MemoryLayout<martinet_message>.size..<Int(got)]))
            }
        }
    }

    private func receive(_ head: martinet_message, _ payload: [UInt8]) {
        let zero = payload.firstIndex(of: 0)
        let id = zero.map { String(decoding: payload[..<$0], as: UTF8.self) } ?? ""
        let body = zero.map { Array(payload[($0 + 1)...]) } ?? []
        func status() -> TaskStatus? {
            guard body.count == MemoryLayout<martinet_status>.size else { return nil }
            return TaskStatus(id: id, body.withUnsafeBytes { $0.loadUnaligned(as: martinet_status.self) })
        }
        switch head.type {
        case UInt32(MARTINET_EVT_EXIT.rawValue):
            if let status = status() { onEvent(.exited(status)) }
        case UInt32(MARTINET_EVT_OUTPUT.rawValue):
            onEvent(.output(id: id, stream: Int(head.a), bytes: body))
        case UInt32(MARTINET_EVT_LOG_BLOCKED.rawValue):
            onEvent(.logBlocked(id: id, errno: Int32(clamping: head.b)))
        case UInt32(MARTINET_ANS_STATUS.rawValue):
            guard let status = status() else { return }
            state.withLock { $0.waiting[head.request]?.statuses.append(status) }
        default:
            guard let waiting = state.withLock({ $0.waiting.removeValue(forKey: head.request) }) else { return }
            if head.type == UInt32(MARTINET_ANS_OK.rawValue) {
                waiting.finish(.success(Answer(a: head.a, statuses: waiting.statuses)))
            } else if head.a >= 0, let step = UInt32(exactly: head.a) {
                waiting.finish(
                    .failure(
                        StageResult.failure(step: step, errno: Int32(clamping: head.b), plan: waiting.plan)))
            } else {
                waiting.finish(
                    .failure(SystemError(call: "monitor", operand: folder, errno: Int32(clamping: head.b))))
            }
        }
    }

    private func lose() {
        let (waiting, wasReady) = state.withLock { state in
            state.isLost = true
            let all = state.waiting
            state.waiting = [:]
            return (all, state.isReady)
        }
        for entry in waiting.values {
            entry.finish(.failure(SystemError(call: "recvmsg", operand: folder + "/monitor.sock", errno: ECONNRESET)))
        }
        if wasReady { onEvent(.lost) }
    }
}
