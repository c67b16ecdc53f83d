import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetPodLifecycle
import MartinetSchema
import Synchronization

extension PodWorker {
    /// On `executor` only.
    func probe(_ name: String, _ id: String, _ kind: ProbeKind) {
        guard let spec = state.withLock({ $0.lifecycle.record(name)?.spec }) else { return }
        let found = [
            ProbeKind.startup: spec.startupProbe, .readiness: spec.readinessProbe, .liveness: spec.livenessProbe,
        ][kind]
        guard let probe = found ?? nil else { return }
        let timeout = Duration.seconds(Int64(max(1, probe.timeoutSeconds)))
        let done: @Sendable (String?) -> Void = { failure in
            self.submit(.probed(container: name, id: id, kind, failure: failure))
        }
        if let action = probe.exec {
            exec(action.command, in: id, timeout: timeout, done)
        } else if let action = probe.httpGet {
            http(action, spec, timeout, key: "\(name)/\(kind)", done)
        } else if let action = probe.tcpSocket {
            let host = action.host.isEmpty ? sandbox.addresses.first ?? "" : action.host
            guard let port = PodWorker.port(action.port, of: spec) else {
                return done("no port \(action.port?.description ?? "")")
            }
            blocking("\(name)/\(kind)") {
                do {
                    try NodeDialer(engine: self.context.engine).connect(host, port, timeout) { _ in }
                    done(nil)
                } catch {
                    done("dial tcp \(host):\(port): \(error)")
                }
            }
        } else if let action = probe.grpc {
            let host = sandbox.addresses.first ?? ""
            guard let port = UInt16(exactly: action.port) else { return done("no port \(action.port)") }
            let service = action.service ?? ""
            blocking("\(name)/\(kind)") {
                do {
                    done(try NodeDialer(engine: self.context.engine).checkHealth(host, port, service: service, timeout))
                } catch {
                    done("error: health rpc to \(host):\(port) failed: \(error)")
                }
            }
        } else {
            done("the probe has no handler")
        }
    }

    /// On `executor` only.
    func runHook(_ name: String, _ id: String, _ kind: HookKind) {
        guard let spec = state.withLock({ $0.lifecycle.record(name)?.spec }) else { return }
        let handler = kind == .postStart ? spec.lifecycle?.postStart : spec.lifecycle?.preStop
        let done: @Sendable (String?) -> Void = { failure in
            self.submit(.hookFinished(container: name, id: id, kind, failure: failure))
        }
        // A hook may take as long as the pod may take to end.
        let limit = Duration.seconds(max(1, pod.spec.terminationGracePeriodSeconds ?? 30))
        if let action = handler?.exec {
            exec(action.command, in: id, timeout: kind == .postStart ? .seconds(3600) : limit) { failure in
                done(failure.map { "\(kind.rawValue)Hook failed: \($0)" })
            }
        } else if let action = handler?.httpGet {
            http(action, spec, limit, key: "\(name)/\(kind)") { failure in
                done(failure.map { "\(kind.rawValue)Hook failed: \($0)" })
            }
        } else if let action = handler?.sleep {
            executor.submit(after: .seconds(max(0, min(action.seconds, 1 << 31)))) { done(nil) }
        } else {
            // `tcpSocket` is in the API and never was done by anybody.
            done("\(kind.rawValue)Hook failed: this kind of handler is not supported")
        }
    }

    private func http(
        _ action: HTTPGetAction, _ spec: Container, _ timeout: Duration, key: String,
        _ done: @escaping @Sendable (String?) -> Void
    ) {
        let host = action.host.isEmpty ? sandbox.addresses.first ?? "" : action.host
        guard let port = PodWorker.port(action.port, of: spec) else {
            return done("no port \(action.port?.description ?? "")")
        }
        let headers = action.httpHeaders.map { ($0.name, $0.value) }
        let path = action.path.isEmpty ? "/" : action.path
        let judge: @Sendable (Int) -> String? = { status in
            (200..<400).contains(status) ? nil : "HTTP probe failed with statuscode: \(status)"
        }
        if action.scheme.uppercased() == "HTTPS" {
            let place = host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
            let url = "https://\(place)\(path.hasPrefix("/") ? "" : "/")\(path)"
            context.secure.get(url, headers: headers, timeout) { result in
                switch result {
                case .success(let status): done(judge(status))
                case .failure(let error): done("Get \(url.debugDescription): \(error)")
                }
            }
            return
        }
        blocking(key) {
            do {
                let status = try NodeDialer(engine: self.context.engine).get(
                    host, port, path: path, headers: headers, timeout)
                done(judge(status))
            } catch {
                done("Get \"http://\(host):\(port)\(path)\": \(error)")
            }
        }
    }

    /// Runs what blocks for as long as its time-out on a thread that nothing else of the pod waits for.
    private func blocking(_ key: String, _ body: @escaping @Sendable () -> Void) {
        let runner = state.withLock { state in
            if let known = state.probers[key] { return known }
            let made = context.runtime.executor(named: "martinet.probe.\(key)")
            state.probers[key] = made
            return made
        }
        runner.submit(body)
    }

    static func port(_ port: IntOrString?, of spec: Container) -> UInt16? {
        switch port {
        case .int(let number): UInt16(exactly: number)
        case .string(let name):
            spec.ports.first { $0.name == name }.flatMap { UInt16(exactly: $0.containerPort) } ?? UInt16(name)
        case nil: nil
        }
    }

    // MARK: - exec

    /// Runs a command in a container; `done` gets nil where it ended with 0, else why not.
    func exec(
        _ command: [String], in id: String, timeout: Duration, _ done: @escaping @Sendable (String?) -> Void
    ) {
        let execID = "exec-\(context.runtime.uid())"
        let once = Once(done)
        block {
            do {
                let null = try Descriptor.open("/dev/null", O_RDWR)
                // A pipe holds 64 KiB: a probe that says more than that and waits for a reader runs into its time-out.
                let (read, write) = try Descriptor.pipe()
                _ = fcntl(read.number, F_SETFL, O_NONBLOCK)
                self.state.withLock { state in
                    state.execs[execID] = { code in
                        let output = (try? read.readAll(limit: 10_240)) ?? []
                        let text = String(decoding: output, as: UTF8.self)
                        once.call(
                            code == 0 ? nil : text.isEmpty ? "exit code \(code.map(String.init) ?? "unknown")" : text)
                    }
                }
                try self.sandbox.exec(
                    command, in: id, execID: execID, terminal: false, descriptors: [null, write, write])
            } catch {
                self.state.withLock { $0.execs[execID] = nil }
                once.call("\(error)")
            }
        }
        executor.submit(after: timeout) {
            guard once.call("command timed out: \(command.first ?? "") timed out after \(timeout)") else { return }
            self.block {
                // It may have ended in between.
                try? self.sandbox.connection()?.signal(execID, SIGKILL)
            }
        }
    }
}

/// A callback that runs for the first result only.
final class Once: Sendable {
    private let body: Mutex<(@Sendable (String?) -> Void)?>
    init(_ body: @escaping @Sendable (String?) -> Void) { self.body = Mutex(body) }

    @discardableResult
    func call(_ result: String?) -> Bool {
        let body = body.withLock { body in
            defer { body = nil }
            return body
        }
        body?(result)
        return body != nil
    }
}
