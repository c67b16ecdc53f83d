import Glibc
import MartinetBase
import MartinetStore

/// `bench FOLDER` measures the store on that folder's disk, `compaction FOLDER WRITES` what compaction does to the time of a
/// write there; `faults COUNT SEED` has a disk in memory fail so often. `write FILE` and `full FOLDER` are the children of tests:
/// one is killed while it writes, one runs on a disk that is too small.
@main
enum StoreBench {
    static func main() {
        let arguments = CommandLine.arguments
        do {
            switch arguments.dropFirst().first {
            case "bench" where arguments.count == 3: try Benchmark(folder: arguments[2]).run()
            case "compaction" where arguments.count == 4:
                try CompactionBench(folder: arguments[2], writes: Int(arguments[3]) ?? 100_000).run()
            case "faults" where arguments.count == 4:
                try FaultBench(faults: Int64(arguments[2]) ?? 10_000, seed: UInt64(arguments[3]) ?? 1).run()
            case "write" where arguments.count == 4:
                try CrashWriter(path: arguments[2], first: Int(arguments[3]) ?? 0).run()
            case "full" where arguments.count == 3: try FullDisk(folder: arguments[2]).run()
            default:
                say(
                    "usage: martinet-store-bench bench FOLDER | compaction FOLDER WRITES | faults COUNT SEED | "
                        + "write FILE FIRST-NUMBER | full FOLDER")
                exit(64)
            }
        } catch {
            say("failed: \(error)")
            exit(1)
        }
    }
}

/// Writes a line in one call: whoever reads it gets it even if this process is killed right afterwards.
func say(_ line: String) {
    let bytes = Array((line + "\n").utf8)
    _ = write(1, bytes, bytes.count)
}
