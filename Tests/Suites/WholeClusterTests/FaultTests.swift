import Glibc
import MartinetBase
import MartinetTesting
import Synchronization
import Testing

/// Everything of Martinet is killed, again and again, while somebody writes and pods run.
@Suite(.enabled(if: geteuid() == 0, "a cluster needs root"), .serialized)
struct FaultTests {
    /// How many kills; MARTINET_KILLS asks for more.
    private static var kills: Int { getenv("MARTINET_KILLS").flatMap { Int(String(cString: $0)) } ?? 12 }

    /// Counts from zero without end, a line every 10 ms.
    private static let counter = """
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "counter"},
         "spec": {"terminationGracePeriodSeconds": 0,
                  "containers": [{"name": "counter", "image": "busybox", "imagePullPolicy": "Never",
                    "command": ["sh", "-c", "i=0; while :; do echo $i; i=$((i+1)); usleep 10000; done"]}]}}
        """

    /// Writes ConfigMaps one after the other and keeps the names of those that were acknowledged.
    private final class Writer: Sendable {
        private let state = Mutex<(written: [Int], isOver: Bool, hasEnded: Bool)>(([], false, false))

        func run(_ write: @escaping @Sendable (Int) -> Bool) {
            var number = 0
            while !state.withLock({ $0.isOver }) {
                let isWritten = write(number)
                state.withLock { if isWritten { $0.written.append(number) } }
                number += 1
            }
            state.withLock { $0.hasEnded = true }
        }

        func stop() { state.withLock { $0.isOver = true } }
        var hasEnded: Bool { state.withLock { $0.hasEnded } }
        var written: [Int] { state.withLock { $0.written } }
    }

    @Test("killed again and again: no write is lost, no container ends, no line is missing, everything goes on")
    func kills() throws {
        let cluster = try Cluster()
        defer { cluster.remove() }
        let up = try cluster.up()
        #expect(up.code == 0, "\(up.output)")
        #expect(try cluster.kubectl("apply", "-f", "-", input: FaultTests.counter).code == 0)
        #expect(try cluster.eventually { try phase(cluster, "counter") == "Running" })
        let before = try containers(cluster)
        let writer = Writer()
        nonisolated(unsafe) let writing = cluster
        let thread = Thread {
            writer.run { number in
                let document = #"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "written-\#(number)"}}"#
                return (try? writing.kubectl("create", "-f", "-", input: document))?.code == 0
            }
        }
        try thread.start()
        for number in 0..<FaultTests.kills {
            let victim = ["server", "node", "keeper", "monitor"][number % 4]
            let count = writer.written.count
            if victim == "monitor" {
                let monitors = cluster.monitors()
                kill(try #require(monitors.randomElement()), SIGKILL)
                #expect(cluster.eventually { cluster.monitors().count == monitors.count }, "another takes over")
            } else {
                let process = try #require(cluster.process(victim), "\(victim) before kill \(number)")
                kill(process, SIGKILL)
                #expect(cluster.eventually { cluster.process(victim).map { $0 != process } ?? false }, "\(victim)")
            }
            #expect(cluster.eventually { writer.written.count > count + 2 }, "writes after kill \(number) of \(victim)")
        }
        writer.stop()
        #expect(cluster.eventually { writer.hasEnded })

        let found = Set(
            try cluster.kubectl("get", "configmaps", "-o", "name").output.split(separator: "\n").map(String.init))
        let lost = writer.written.filter { !found.contains("configmap/written-\($0)") }
        #expect(lost == [], "of \(writer.written.count) acknowledged writes")
        #expect(try cluster.eventually { try isReady(cluster) })
        #expect(try containers(cluster) == before, "the same containers, none started again")
        try expectWholeLog(cluster)
        // The cluster does its work after all that.
        #expect(try cluster.kubectl("scale", "deployment", "hello", "--replicas=5").code == 0)
        let isScaled = try cluster.eventually {
            try cluster.kubectl("get", "deployment", "hello", "-o", "jsonpath={.status.readyReplicas}").output == "5"
        }
        #expect(isScaled, "\(cluster.told("get", "pods"))")
    }

    @Test("on a full disk reads go on, writes are refused with the reason, and with room they go on")
    func fullDisk() throws {
        let cluster = try Cluster()
        defer { cluster.remove() }
        mkdir(cluster.state, 0o755)
        let size = "size=512m"
        #expect(mount("whole-full", cluster.state, "tmpfs", 0, size) == 0)
        defer { umount2(cluster.state, Int32(MNT_DETACH)) }
        let up = try cluster.up(["--no-workload"])
        #expect(up.code == 0, "\(up.output)")
        #expect(try cluster.kubectl("create", "configmap", "before", "--from-literal=a=b").code == 0)
        let filler = open(cluster.state + "/filler", O_WRONLY | O_CREAT, 0o600)
        let block = [UInt8](repeating: 1, count: 1 << 20)
        var piece = block.count
        while piece > 0 { if write(filler, block, piece) <= 0 { piece /= 2 } }
        let big = String(repeating: "x", count: 500_000)
        let document =
            #"{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"generateName": "big-"}, "data": {"a": "\#(big)"}}"#
        var refused = Machine.Outcome(code: 0, output: "")
        for _ in 0..<40 where refused.code == 0 { refused = try cluster.kubectl("create", "-f", "-", input: document) }
        #expect(refused.code != 0 && refused.output.contains("full"), "\(refused)")
        let read = try cluster.kubectl("get", "configmap", "before", "-o", "jsonpath={.data.a}")
        #expect(read.code == 0 && read.output == "b", "\(read)")
        ftruncate(filler, 0)
        close(filler)
        #expect(try cluster.eventually { try cluster.kubectl("create", "-f", "-", input: document).code == 0 })
        #expect(try cluster.down().code == 0)
    }

    private func status(_ cluster: Cluster, _ path: String) throws -> String {
        try cluster.kubectl("get", "pod", "counter", "-o", "jsonpath=\(path)").output
    }

    private func phase(_ cluster: Cluster, _ pod: String) throws -> String {
        try cluster.kubectl("get", "pod", pod, "-o", "jsonpath={.status.phase}").output
    }

    private func isReady(_ cluster: Cluster) throws -> Bool {
        let path = "jsonpath={range .items[*]}{.status.conditions[?(@.type==\"Ready\")].status} {end}"
        let states = try cluster.kubectl("get", "pods", "-o", path).output.split(separator: " ")
        return states.count == 4 && states.allSatisfy { $0 == "True" }
    }

    /// Each pod with its container and when it was started.
    private func containers(_ cluster: Cluster) throws -> [String] {
        let path = """
            jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} \
            {.status.containerStatuses[0].restartCount} {.status.containerStatuses[0].state.running.startedAt}{"\\n"}{end}
            """
        return try cluster.kubectl("get", "pods", "-o", path).output.split(separator: "\n").map(String.init)
    }

    /// The log is the numbers from zero, none missing, none twice.
    private func expectWholeLog(_ cluster: Cluster) throws {
        let lines = try cluster.kubectl("logs", "counter").output.split(separator: "\n").map { Int($0) ?? -1 }
        #expect(lines.count > 100)
        let wrong = lines.enumerated().first { $0.offset != $0.element }
        #expect(wrong == nil, "of \(lines.count) lines")
    }
}

/// A thread of its own for what blocks.
private final class Thread: Sendable {
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func start() throws {
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            {
                Unmanaged<Thread>.fromOpaque($0!).takeRetainedValue().body()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        guard code == 0 else { throw SystemError(call: "pthread_create", operand: "writer", errno: code) }
        pthread_detach(thread)
    }
}
