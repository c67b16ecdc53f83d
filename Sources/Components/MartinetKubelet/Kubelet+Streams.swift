import Glibc
import MartinetAPI
import MartinetBase
package import MartinetContainers
import MartinetEngine
import MartinetNetwork
import MartinetPodLifecycle
import Synchronization

extension Kubelet: KubeletStreams {
    private func find(_ target: StreamTarget) throws -> (worker: PodWorker, container: ContainerRecord) {
        guard let worker = worker(namespace: target.namespace, name: target.pod) else {
            throw StreamError(code: 404, "pod \(target.namespace)/\(target.pod) is not on this node")
        }
        let containers = worker.state.withLock { $0.lifecycle.containers }
        if let name = target.container {
            guard let found = containers.first(where: { $0.spec.name == name }) else {
                throw StreamError(code: 400, "container \(name) is not valid for pod \(target.pod)")
            }
            return (worker, found)
        }
        let regular = containers.filter { $0.role == .regular }
        guard let only = regular.first, regular.count == 1 else {
            throw StreamError(
                code: 400,
                "a container name must be specified for pod \(target.pod), choose one of: \(containers.map(\.spec.name))"
            )
        }
        return (worker, only)
    }

    package func openLog(_ target: StreamTarget, _ options: LogOptions) throws -> LogReader {
        let (worker, record) = try find(target)
        let name = record.spec.name
        let attempt = record.restartCount - (options.previous ? 1 : 0)
        let path = "\(worker.sandbox.logFolder)/\(name)/\(attempt).log"
        guard attempt >= 0, Files.exists(path) else {
            if options.previous {
                throw StreamError(
                    code: 400, "previous terminated container \(name.debugDescription) in pod \(target.pod) not found")
            }
            var reason = "ContainerCreating"
            if case .waiting(let known, _) = record.state, !known.isEmpty { reason = known }
            throw StreamError(
                code: 400,
                "container \(name.debugDescription) in pod \(target.pod.debugDescription) is waiting to start: \(reason)"
            )
        }
        let id = record.run?.id
        let reader = try LogReader(path: path, options: options) { [weak worker] in
            guard let id, !options.previous else { return false }
            return worker?.state.withLock { $0.lifecycle.record(name)?.run?.id == id } ?? false
        }
        if options.follow {
            worker.state.withLock { state in
                state.nudges.removeAll { $0.reader == nil }
                state.nudges.append(WeakReader(reader))
            }
        }
        return reader
    }

    package func exec(_ target: StreamTarget, _ request: ExecRequest) throws -> ExecHandle {
        let (worker, record) = try find(target)
        guard let id = record.run?.id else {
            throw StreamError(code: 500, "container \(record.spec.name) in pod \(target.pod) does not run")
        }
        let execID = "exec-\(context.runtime.uid())"
        let sandbox = worker.sandbox
        let end: @Sendable () -> Void = {
            // It may have ended already.
            try? sandbox.connection()?.signal(execID, SIGKILL)
        }
        let handle: ExecHandle
        let theirs: [Descriptor]
        var console: Descriptor?
        if request.terminal {
            let (mine, other) = try Descriptor.socketPair()
            theirs = [other]
            console = mine
            handle = ExecHandle(input: nil, output: nil, error: nil, isTerminal: true, end: end)
        } else {
            let null = try Descriptor.open("/dev/null", O_RDWR)
            let input = request.stdin ? try Descriptor.pipe() : nil
            let output = request.stdout ? try Descriptor.pipe() : nil
            let error = request.stderr ? try Descriptor.pipe() : nil
            theirs = [input?.read ?? null, output?.write ?? null, error?.write ?? null]
            handle = ExecHandle(
                input: input?.write, output: output?.read, error: error?.read, isTerminal: false, end: end)
        }
        let relay = ExitRelay()
        worker.state.withLock { $0.execs[execID] = { relay.exited($0) } }
        do {
            try sandbox.exec(
                request.command, in: id, execID: execID, terminal: request.terminal, descriptors: theirs)
        } catch {
            _ = worker.state.withLock { $0.execs.removeValue(forKey: execID) }
            throw StreamError(code: 500, "failed to exec in container: \(error)")
        }
        guard let console else {
            relay.attach(handle)
            return handle
        }
        let master = try Descriptor.receive(from: console)
        let terminal = ExecHandle(
            input: request.stdin ? master : nil, output: master, error: nil, isTerminal: true, end: end)
        relay.attach(terminal)
        return terminal
    }

    package func attach(
        _ target: StreamTarget, output: @escaping @Sendable (Int, [UInt8]) -> Void
    ) throws -> AttachHandle {
        let (worker, record) = try find(target)
        guard let id = record.run?.id, let connection = worker.sandbox.connection() else {
            throw StreamError(code: 500, "container \(record.spec.name) in pod \(target.pod) does not run")
        }
        let key = "\(id)/\(context.runtime.uid())"
        let isFirst = worker.state.withLock { state in
            let isFirst = !state.outputs.keys.contains { $0.hasPrefix(id + "/") }
            state.outputs[key] = output
            return isFirst
        }
        if isFirst { try connection.attach(id) }
        return AttachHandle(connection: connection, id: id) { [weak worker] in
            guard let worker else { return }
            let isLast = worker.state.withLock { state in
                state.outputs[key] = nil
                return !state.outputs.keys.contains { $0.hasPrefix(id + "/") }
            }
            // The container may have ended already.
            if isLast { try? connection.detach(id) }
        }
    }

    package func portForward(_ target: StreamTarget, port: UInt16) throws -> Descriptor {
        guard let worker = worker(namespace: target.namespace, name: target.pod) else {
            throw StreamError(code: 404, "pod \(target.namespace)/\(target.pod) is not on this node")
        }
        let (pod, isReady) = worker.state.withLock { ($0.lifecycle.pod, $0.lifecycle.sandbox == .ready) }
        guard isReady else { throw StreamError(code: 500, "pod \(target.pod) does not run") }
        let engine = context.engine
        let place =
            pod.spec.hostNetwork
            ? engine.network.configuration.node : try engine.network.attach(owner: worker.uid).namespace
        do {
            return try NodeDialer(engine: engine).dial("127.0.0.1", port, .seconds(5), in: place)
        } catch {
            throw StreamError(code: 500, "failed to connect to localhost:\(port) inside namespace: \(error)")
        }
    }
}

struct WeakReader: Sendable {
    weak let reader: LogReader?
    init(_ reader: LogReader) { self.reader = reader }
}

/// Holds the exit of a process that ends before its handle is there.
private final class ExitRelay: Sendable {
    private struct State {
        var code: Int32??
        var handle: ExecHandle?
    }
    private let state = Mutex(State())

    func exited(_ code: Int32?) {
        let handle = state.withLock { state in
            state.code = .some(code)
            return state.handle
        }
        handle?.exited(code)
    }

    func attach(_ handle: ExecHandle) {
        let code: Int32?? = state.withLock { state in
            state.handle = handle
            return state.code
        }
        if let code { handle.exited(code) }
    }
}
