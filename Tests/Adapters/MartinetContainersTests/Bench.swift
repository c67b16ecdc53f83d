import Glibc
import MartinetBase
import MartinetOCI
import MartinetStagePlan
import Synchronization
import Testing

@testable import MartinetContainers

/// A pod of a test's own: a folder, a root file system of busybox, a monitor; all of it gone at the end.
final class Bench: Sendable {
    static let isRoot = geteuid() == 0 && access("/bin/busybox", X_OK) == 0

    let folder: String
    let runtime: ContainerRuntime
    let events = Mutex<[MonitorConnection.Event]>([])

    var bundle: String { folder + "/bundle" }
    var pod: String { folder + "/pod" }
    func log(_ id: String) -> String { folder + "/" + id + ".log" }

    /// - Parameter unified: use this machine's cgroup version 2, which on a hybrid one has no controllers.
    init(unified: String? = nil) throws {
        var template = Array("/tmp/stage-test-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw SystemErrorBox("mkdtemp") }
        folder = String(cString: made)
        var facts = try Host.facts()
        if let unified { facts.cgroups = CgroupLayout(hierarchies: [], unified: unified) }
        runtime = try ContainerRuntime(facts: facts)
        for name in ["pod", "bundle/rootfs/bin", "bundle/rootfs/tmp"] { try Files.makeFolders(folder + "/" + name) }
        // A link: the root file system costs no copy.
        try #require(
            system("cp /bin/busybox \(bundle)/rootfs/bin/busybox && ln -s busybox \(bundle)/rootfs/bin/sh") == 0)
    }

    struct SystemErrorBox: Error {
        let call: String
        init(_ call: String) { self.call = call }
    }

    /// The test's unique prefix of names.
    var name: String { String(folder.dropFirst(5)) }

    deinit {
        for name in (try? Files.names(in: pod)) ?? [] where name.hasSuffix(".task") {
            let id = String(name.dropLast(5))
            if let cgroup = try? Cgroup(layout: runtime.facts.cgroups, path: "/\(self.name)/\(id)") {
                cgroup.signalAll(SIGKILL)
                try? cgroup.remove()
            }
        }
        if let text = try? Files.text(pod + "/monitor.pid"), let pid = Int32(text.filter(\.isNumber)) {
            kill(pid, SIGKILL)
        }
        if let cgroup = try? Cgroup(layout: runtime.facts.cgroups, path: "/" + name) {
            cgroup.signalAll(SIGKILL)
            try? cgroup.remove()
        }
        try? runtime.removeSandbox(folder: pod)
        _ = system("rm -rf \(folder)")
    }

    func monitor() throws -> MonitorConnection {
        try runtime.startMonitor(folder: pod) { [weak self] event in self?.events.withLock { $0.append(event) } }
    }

    func spec(_ script: String, id: String) -> OCISpec {
        var spec = OCISpec.example()
        spec.process?.args = ["/bin/busybox", "sh", "-c", script]
        spec.process?.terminal = false
        spec.process?.env = ["PATH=/bin"]
        spec.linux?.cgroupsPath = "/\(name)/\(id)"
        return spec
    }

    func request(_ id: String, _ spec: OCISpec, stdin: Bool = false) -> ContainerRuntime.ContainerRequest {
        ContainerRuntime.ContainerRequest(id: id, spec: spec, bundle: bundle, logPath: log(id), stdin: stdin)
    }

    /// Creates, starts and waits; the container's end and its log's text without stamps.
    func run(_ spec: OCISpec, id: String = "c") throws -> (status: TaskStatus, output: String) {
        let connection = try monitor()
        let container = try runtime.create(request(id, spec), on: connection)
        try runtime.start(container, on: connection)
        let status = try #require(try exit(of: id))
        return (status, try text(id))
    }

    func exit(of id: String, seconds: Int = 30) throws -> TaskStatus? {
        var found: TaskStatus?
        let isTold = wait(seconds: seconds) {
            found = events.withLock { events in
                events.lazy.compactMap { event in
                    if case .exited(let status) = event, status.id == id { return status }
                    return nil
                }.first
            }
            return found != nil
        }
        if !isTold { Issue.record("waited in vain for the end of \(id)") }
        return found
    }

    /// The log's contents as the program wrote them.
    func text(_ id: String, stream: String = "") throws -> String {
        var out = ""
        for line in try Files.read(log(id), limit: 1 << 30).split(separator: 10) {
            let words = line.split(separator: 32, maxSplits: 3, omittingEmptySubsequences: false)
            guard words.count == 4, words[0].count == 30 else { throw SystemErrorBox("log line \(line)") }
            guard stream.isEmpty || Array(words[1]) == Array(stream.utf8) else { continue }
            out += String(decoding: words[3], as: UTF8.self)
            if words[2].first == 70 { out += "\n" }
        }
        return out
    }

    /// Looks until it holds, with a deadline.
    func wait(seconds: Int = 30, _ condition: () throws -> Bool) rethrows -> Bool {
        let runtime = ProductionRuntime()
        let end = runtime.monotonic() + .seconds(seconds)
        repeat {
            if try condition() { return true }
            poll(nil, 0, 2)
        } while runtime.monotonic() < end
        return false
    }
}
