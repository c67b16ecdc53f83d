import CMartinetContainers
import Glibc
import MartinetBase
import Testing

@testable import MartinetContainers

@Suite(.enabled(if: Bench.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(2)), .serialized)
struct KeeperTests {
    private func pid(_ path: String) -> Int32? { (try? Files.text(path)).flatMap { Int32($0.filter(\.isNumber)) } }

    /// Whether a process is gone, or only waits for its new parent to ask for its exit code.
    private func hasEnded(_ pid: Int32) -> Bool { (try? Files.text("/proc/\(pid)/stat").contains(") Z")) ?? true }

    @Test func aKilledWorkerIsStartedAgainWithItsSocketsAndSIGTERMEndsAll() throws {
        let bench = try Bench()
        let socket = bench.folder + "/api.sock"
        let file = bench.folder + "/worker.pid"
        let stage = try Stage()
        let keeper = try stage.startKeeper(
            KeeperConfiguration(
                listeners: [.unix(path: socket, mode: 0o600)],
                workers: [
                    KeeperConfiguration.Worker(
                        name: "server",
                        command: [
                            "/bin/busybox", "sh", "-c",
                            "readlink /proc/$$/fd/3 > \(bench.folder)/fd; exec /bin/busybox sleep 1000",
                        ],
                        pidFile: file)
                ], environment: ["PATH=/bin:/usr/bin"]))
        #expect(bench.wait { pid(file) != nil && Files.exists(bench.folder + "/fd") })
        let first = try #require(pid(file))
        #expect(bench.wait { (try? Files.text(bench.folder + "/fd").hasPrefix("socket:")) == true })
        kill(first, SIGKILL)
        #expect(bench.wait { pid(file) != nil && pid(file) != first })
        // Nobody accepts, and yet nobody is refused: the keeper's socket queues.
        #expect(throws: Never.self) { _ = try Host.connect(socket) }
        kill(keeper, SIGTERM)
        var (code, signal): (Int32, Int32) = (-1, -1)
        #expect(bench.wait { martinet_wait_now(keeper, &code, &signal) == 0 }, "the keeper's end")
        #expect(code == 0)
        #expect(!Files.exists(file))
    }

    @Test func aKilledKeeperIsFollowedByItsTwinWithTheSameSockets() throws {
        let bench = try Bench()
        let socket = bench.folder + "/api.sock"
        let (file, own) = (bench.folder + "/worker.pid", bench.folder + "/keeper.pid")
        _ = try Stage().startKeeper(
            KeeperConfiguration(
                listeners: [.unix(path: socket, mode: 0o600)],
                workers: [
                    KeeperConfiguration.Worker(
                        name: "server", command: ["/bin/busybox", "sleep", "1000"], pidFile: file)
                ], pidFile: own))
        for _ in 0..<3 {
            #expect(bench.wait { pid(own) != nil && pid(file) != nil })
            let (keeper, worker) = (try #require(pid(own)), try #require(pid(file)))
            kill(keeper, SIGKILL)
            #expect(bench.wait { pid(own) != nil && pid(own) != keeper && pid(file) != nil && pid(file) != worker })
            #expect(hasEnded(worker))
            #expect(throws: Never.self) { _ = try Host.connect(socket) }
        }
        let last = try #require(pid(own))
        kill(last, SIGTERM)
        #expect(bench.wait { hasEnded(last) && !Files.exists(own) && !Files.exists(file) })
    }

    @Test func aSilentWorkerIsEnded() throws {
        let bench = try Bench()
        let file = bench.folder + "/worker.pid"
        let beats =
            "i=0; while [ $i -lt 3 ]; do echo >&$MARTINET_HEARTBEAT_FD; /bin/busybox sleep 0.2; i=$((i+1)); done; exec /bin/busybox sleep 1000"
        let keeper = try Stage().startKeeper(
            KeeperConfiguration(
                listeners: [],
                workers: [
                    KeeperConfiguration.Worker(
                        name: "node", command: ["/bin/busybox", "sh", "-c", beats], heartbeatSeconds: 1, pidFile: file)
                ]))
        #expect(bench.wait { pid(file) != nil })
        let first = try #require(pid(file))
        #expect(bench.wait { pid(file) != nil && pid(file) != first })
        kill(keeper, SIGTERM)
        var (code, signal): (Int32, Int32) = (-1, -1)
        #expect(bench.wait { martinet_wait_now(keeper, &code, &signal) == 0 }, "the keeper's end")
        #expect(code == 0)
    }

    @Test func aTakenAddressIsTold() throws {
        let bench = try Bench()
        let folder = bench.folder + "/not/there.sock"
        let keeper = try Stage().startKeeper(
            KeeperConfiguration(listeners: [.unix(path: folder, mode: 0o600)], workers: []))
        var (code, signal): (Int32, Int32) = (-1, -1)
        #expect(bench.wait { martinet_wait_now(keeper, &code, &signal) == 0 }, "the keeper's end")
        #expect(code == ENOENT)
    }
}
