import Dispatch
import Glibc
import MartinetAPI
package import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetNetwork
import MartinetPodLifecycle
import MartinetSchema
package import MartinetStreaming
import Synchronization

/// What the kubelet's pods have inside: logs, commands, terminals, ports.
package final class KubeletStreams: ContainerStreams {
    private let kubelet: Kubelet
    private let watcher: DirectoryWatcher
    private let files: any SerialExecutorPort

    package init(_ kubelet: Kubelet) throws(SystemError) {
        self.kubelet = kubelet
        watcher = try DirectoryWatcher()
        files = kubelet.context.runtime.executor(named: "martinet.streams.files")
    }

    private func worker(_ namespace: String, _ pod: String) throws(StreamRefusal) -> PodWorker {
        guard let worker = kubelet.worker(namespace: namespace, name: pod) else {
            throw StreamRefusal(404, "pod \"\(namespace)/\(pod)\" is not on this node")
        }
        return worker
    }

    private func find(
        _ target: ContainerTarget
    ) throws(StreamRefusal) -> (worker: PodWorker, container: ContainerRecord) {
        let worker = try worker(target.namespace, target.pod)
        guard let container = worker.state.withLock({ $0.lifecycle.record(target.container) }) else {
            throw StreamRefusal(404, "container \"\(target.container)\" is not in pod \"\(target.pod)\"")
        }
        return (worker, container)
    }

    private func running(_ target: ContainerTarget) throws(StreamRefusal) -> (worker: PodWorker, run: ContainerRun) {
        let (worker, container) = try find(target)
        guard let run = container.run else {
            throw StreamRefusal(500, "container \"\(target.container)\" in pod \"\(target.pod)\" does not run")
        }
        return (worker, run)
    }

    /// Does what may block on a thread that may.
    private func work<Value: Sendable>(
        on executor: any SerialExecutorPort, _ completion: @escaping @Sendable (Result<Value, StreamRefusal>) -> Void,
        _ body: @escaping @Sendable () throws -> Value
    ) {
        executor.submit {
            do {
                completion(.success(try body()))
            } catch let refusal as StreamRefusal {
                completion(.failure(refusal))
            } catch {
                completion(.failure(StreamRefusal(500, "\(error)")))
            }
        }
    }

    package func check(_ target: ContainerTarget, _ completion: @escaping @Sendable (StreamRefusal?) -> Void) {
        do throws(StreamRefusal) {
            if target.container.isEmpty {
                _ = try worker(target.namespace, target.pod)
            } else {
                _ = try find(target)
            }
            completion(nil)
        } catch { completion(error) }
    }

    package func pods(_ completion: @escaping @Sendable ([UInt8]) -> Void) {
        guard let type = Pod.type.kind?.listType else { return completion(Array("{}".utf8)) }
        var list = Object(type: type)
        list[1] = .list(
            kubelet.workers.map { worker in
                let (pod, status) = worker.state.withLock { ($0.lifecycle.pod, $0.written) }
                var copy = pod
                copy.status = status
                return .object(copy.object)
            })
        completion(JSONEncoder.encode(list))
    }

    // MARK: - logs

    package func log(
        _ target: ContainerTarget, _ options: LogOptions,
        _ completion: @escaping @Sendable (Result<any LogSource, StreamRefusal>) -> Void
    ) {
        work(on: files, completion) { try self.openLog(target, options) }
    }

    private func openLog(_ target: ContainerTarget, _ options: LogOptions) throws -> any LogSource {
        let (worker, container) = try find(target)
        let name = target.container
        let folder = "\(worker.sandbox.logFolder)/\(name)"
        guard let path = LogReader.path(in: folder, previous: options.previous) else {
            guard !options.previous else {
                throw StreamRefusal(
                    400, "previous terminated container \"\(name)\" in pod \"\(target.pod)\" not found")
            }
            var reason = "ContainerCreating"
            if case .waiting(let known, _) = container.state, !known.isEmpty { reason = known }
            throw StreamRefusal(
                400, "container \"\(name)\" in pod \"\(target.pod)\" is waiting to start: \(reason)")
        }
        let run = options.previous ? nil : container.run?.id
        let reader = try LogReader(
            path, options, isRunning: run != nil, runtime: kubelet.context.runtime, watcher: watcher)
        guard options.follow, let run else { return reader }
        let isRunning = worker.state.withLock { state in
            state.logs.removeAll { $0.reader == nil }
            state.logs.append(FollowedLog(container: name, reader: reader))
            return state.lifecycle.record(name)?.run?.id == run
        }
        if !isRunning { reader.containerEnded() }
        return reader
    }

    // MARK: - processes

    package func exec(
        _ target: ContainerTarget, _ command: [String], _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void
    ) {
        let executor = kubelet.context.runtime.executor(named: "martinet.streams.exec")
        work(on: executor, completion) { [self] in
            let (worker, run) = try running(target)
            let execID = "exec-\(kubelet.context.runtime.uid())"
            let sandbox = worker.sandbox
            let relay = ExitRelay()
            let kill: @Sendable () -> Void = {
                // It may have ended already.
                executor.submit { try? sandbox.connection()?.signal(execID, SIGKILL) }
            }
            worker.state.withLock { $0.execs[execID] = { relay.exited($0) } }
            do {
                let process = try start(streams, kill) { terminal, descriptors in
                    try sandbox.exec(
                        command, in: run.id, execID: execID, terminal: terminal, descriptors: descriptors)
                }
                relay.attach(process)
                return process
            } catch {
                _ = worker.state.withLock { $0.execs.removeValue(forKey: execID) }
                throw StreamRefusal(500, "failed to exec in container: \(error)")
            }
        }
    }

    private func start(
        _ streams: StandardStreams, _ kill: @escaping @Sendable () -> Void,
        _ run: (_ terminal: Bool, [Descriptor]) throws -> Void
    ) throws -> ExecProcess {
        if streams.tty {
            let (mine, theirs) = try Descriptor.socketPair()
            try run(true, [theirs])
            return ExecProcess(
                terminal: try Descriptor.receive(from: mine), takesInput: streams.input, kill: kill)
        }
        let null = try Descriptor.open("/dev/null", O_RDWR)
        let input = streams.input ? try Descriptor.pipe() : nil
        let output = streams.output ? try Descriptor.pipe() : nil
        let errors = streams.errors ? try Descriptor.pipe() : nil
        try run(false, [input?.read ?? null, output?.write ?? null, errors?.write ?? null])
        return ExecProcess(input: input?.write, output: output?.read, errors: errors?.read, kill: kill)
    }

    package func attach(
        _ target: ContainerTarget, _ streams: StandardStreams,
        _ completion: @escaping @Sendable (Result<any ContainerProcess, StreamRefusal>) -> Void
    ) {
        let runtime = kubelet.context.runtime
        work(on: runtime.executor(named: "martinet.streams.attach"), completion) { [self] in
            let (worker, run) = try running(target)
            guard let spec = worker.state.withLock({ $0.lifecycle.record(target.container)?.spec }),
                let folder = worker.sandbox.connection()?.folder
            else {
                throw StreamRefusal(500, "pod \"\(target.pod)\" does not run")
            }
            let process = AttachedProcess(
                id: run.id, isInputOnce: streams.input && spec.stdinOnce == true, isTerminal: spec.tty == true,
                runtime: runtime)
            try process.open(folder)
            return process
        }
    }

    // MARK: - ports

    package func portForward(
        namespace: String, pod: String, port: UInt16,
        _ completion: @escaping @Sendable (Result<any ContainerPipe, StreamRefusal>) -> Void
    ) {
        let context = kubelet.context
        work(on: context.runtime.executor(named: "martinet.streams.ports"), completion) { [self] in
            let worker = try worker(namespace, pod)
            let (spec, isReady) = worker.state.withLock { ($0.lifecycle.pod.spec, $0.lifecycle.sandbox == .ready) }
            guard isReady else { throw StreamRefusal(500, "pod \"\(pod)\" does not run") }
            let engine = context.engine
            let place =
                spec.hostNetwork == true
                ? engine.network.configuration.node : try engine.network.attach(owner: worker.uid).namespace
            let dialer = NodeDialer(engine: engine)
            let socket: Descriptor
            do {
                socket = try dialer.dial("127.0.0.1", port, .seconds(5), in: place)
            } catch let refusal {
                guard let other = try? dialer.dial("::1", port, .seconds(5), in: place) else {
                    throw StreamRefusal(500, "failed to connect to localhost:\(port) inside namespace: \(refusal)")
                }
                socket = other
            }
            return DescriptorPipe(
                output: socket, input: socket, .socket, queue: DispatchQueue(label: "martinet.streams.port"))
        }
    }
}

/// A log that somebody follows, to be told when its container ends.
struct FollowedLog: Sendable {
    let container: String
    weak let reader: LogReader?
}

/// Holds the exit of a process that ends before there is somebody to tell.
private final class ExitRelay: Sendable {
    private struct State {
        var code: Int32??
        var process: ExecProcess?
    }
    private let state = Mutex(State())

    func exited(_ code: Int32?) {
        let process = state.withLock { state in
            state.code = .some(code)
            return state.process
        }
        process?.exited(code)
    }

    func attach(_ process: ExecProcess) {
        let code: Int32?? = state.withLock { state in
            state.process = process
            return state.code
        }
        if let code { process.exited(code) }
    }
}
