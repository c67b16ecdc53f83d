import CMartinetContainers
import CMartinetStage
import Glibc
import MartinetBase
import MartinetContainers
import MartinetOCI
import MartinetStagePlan

/// The figures of docs/decisions/stage.md: `martinet-oci measure <bundle>`.
enum Measure {
    static func run(bundle: String) throws {
        let clock = ProductionRuntime()
        let runtime = try ContainerRuntime()
        func median(_ name: String, _ body: () throws -> Void) rethrows {
            var times: [Duration] = []
            for _ in 0..<200 {
                let start = clock.monotonic()
                try body()
                times.append(clock.monotonic() - start)
            }
            times.sort()
            print("\(name): median \(times[100]), p95 \(times[190])")
        }
        var bare = StagePlan()
        bare.add(StageOperation(MARTINET_OP_CLONE, "clone()"))
        let program = ["/bin/busybox", "/bin/busybox", "true"]
        bare.add(StageOperation(MARTINET_OP_EXEC, "exec", texts: program, a: 1, b: 2))
        try median("memfd stage, clone, exec") {
            guard case .running(let pid) = try runtime.stage.run(bare).wait() else { return }
            reap(pid)
        }
        median("posix_spawn of the program alone") {
            var pid: pid_t = 0
            var argv: [UnsafeMutablePointer<CChar>?] = [strdup("busybox"), strdup("true"), nil]
            posix_spawn(&pid, "/bin/busybox", nil, nil, &argv, environ)
            reap(pid)
        }
        let folder = bundle + "/measure"
        try Files.makeFolders(folder)
        let monitor = try runtime.startMonitor(folder: folder) { _ in }
        let spec = try OCICodec.decode(
            OCISpec.self, from: try Files.read(bundle + "/config.json"), named: "config.json")
        var number = 0
        var made: [ContainerRuntime.Container] = []
        var createTimes: [Duration] = []
        try median("create + start of a whole container, by the monitor") {
            number += 1
            var own = spec
            own.linux?.cgroupsPath = "/stage-measure/c\(number)"
            own.process?.terminal = false
            own.process?.args = ["/bin/busybox", "sleep", "1000"]
            let start = clock.monotonic()
            let container = try runtime.create(
                ContainerRuntime.ContainerRequest(
                    id: "c\(number)", spec: own, bundle: bundle, logPath: folder + "/log"), on: monitor)
            createTimes.append(clock.monotonic() - start)
            try runtime.start(container, on: monitor)
            made.append(container)
            if made.count == 1 { try memory(folder, container.pid) }
        }
        createTimes.sort()
        print("  of that, create: median \(createTimes[100])")
        try memory(folder, made[0].pid)
        for container in made {
            try monitor.signal(container.id, SIGKILL)
            while try monitor.status().contains(where: { $0.id == container.id && $0.state != .exited }) {}
            try monitor.remove(container.id)
            try container.cgroup.remove()
        }
        try monitor.shutdown()
    }

    private static func memory(_ folder: String, _ pid: Int32) throws {
        let monitor = try Files.text(folder + "/monitor.pid").filter(\.isNumber)
        for line in try Files.text("/proc/\(monitor)/status").split(separator: "\n")
        where line.hasPrefix("VmRSS") || line.hasPrefix("Rss") {
            print("  monitor \(line)")
        }
        for line in try Files.text("/proc/\(monitor)/smaps_rollup").split(separator: "\n")
        where line.hasPrefix("Pss:") || line.hasPrefix("Private") {
            print("  monitor \(line)")
        }
    }

    private static func reap(_ pid: Int32) {
        var code: Int32 = 0
        var signal: Int32 = 0
        _ = martinet_wait(pid, &code, &signal)
    }
}
