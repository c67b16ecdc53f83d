import Glibc
import MartinetBase
import MartinetOCI
import MartinetStagePlan
import Testing

@testable import MartinetContainers

@Suite(.enabled(if: Bench.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(2)), .serialized)
struct OCIRuntimeTests {
    /// The command's exit code and what it wrote to its log.
    private func oci(_ bench: Bench, _ words: String...) -> Int32 {
        OCIRuntimeCommand.run(
            ["--root", bench.folder + "/oci", "--log", bench.folder + "/oci.log", "--log-format", "json"] + words,
            runtime: ProductionRuntime())
    }

    private func write(_ bench: Bench, _ script: String, _ change: (inout OCISpec) -> Void = { _ in }) throws {
        var spec = bench.spec(script, id: "c")
        change(&spec)
        try Files.replace(bench.bundle + "/config.json", try OCICodec.encode(spec))
    }

    @Test func aContainersLifeByRuncsCommands() throws {
        let bench = try Bench()
        let runtime = OCIRuntime(root: bench.folder + "/oci", stage: bench.runtime.stage, runtime: ProductionRuntime())
        try write(bench, "/bin/busybox touch /dev/shm/began; exec /bin/busybox sleep 1000")
        #expect(oci(bench, "create", "--bundle", bench.bundle, "--pid-file", bench.folder + "/pid", "c") == 0)
        defer { _ = oci(bench, "delete", "--force", "c") }
        let created = try runtime.state("c")
        #expect(created.status == .created && created.bundle == bench.bundle)
        #expect(try Files.text(bench.folder + "/pid") == "\(created.pid)")
        // Created is not running: the program has not been executed.
        #expect(try link("/proc/\(created.pid)/exe").contains("martinet-stage"))
        #expect(oci(bench, "create", "--bundle", bench.bundle, "c") == 1)
        #expect(try Files.text(bench.folder + "/oci.log").contains("\"msg\":\"container with id exists: c\""))
        #expect(oci(bench, "start", "c") == 0)
        #expect(try runtime.state("c").status == .running)
        #expect(try link("/proc/\(created.pid)/exe").contains("busybox"))
        #expect(oci(bench, "start", "c") == 1)
        #expect(oci(bench, "exec", "--user", "5:6", "c", "/bin/busybox", "sh", "-c", "exit $(/bin/busybox id -u)") == 5)
        #expect(oci(bench, "pause", "c") == 0)
        #expect(try runtime.state("c").status == .paused)
        #expect(oci(bench, "exec", "c", "/bin/busybox", "true") == 1)
        #expect(oci(bench, "resume", "c") == 0)
        #expect(oci(bench, "update", "--memory", "33554432", "c") == 0)
        #expect(
            try runtime.statistics("c").memoryLimit == 33_554_432 || bench.runtime.facts.cgroups.file("memory") == nil)
        #expect(oci(bench, "delete", "c") == 1)
        #expect(oci(bench, "kill", "c", "KILL") == 0)
        #expect(try bench.wait { try runtime.state("c").status == .stopped })
        #expect(oci(bench, "kill", "c") == 1)
        #expect(oci(bench, "delete", "c") == 0)
        #expect(oci(bench, "state", "c") == 1)
        #expect(try Files.text(bench.folder + "/oci.log").hasSuffix("\"msg\":\"container does not exist\"") == false)
        #expect(try Cgroup(layout: bench.runtime.facts.cgroups, path: "/\(bench.name)/c").exists == false)
    }

    @Test func aProgramsCodeIsRunsCode() throws {
        let bench = try Bench()
        try write(bench, "exit 33")
        #expect(oci(bench, "run", "--bundle", bench.bundle, "c") == 33)
        try write(bench, "") { $0.process?.args = ["/no/such"] }
        #expect(oci(bench, "run", "--bundle", bench.bundle, "c") == 1)
        #expect(try Files.text(bench.folder + "/oci.log").contains("exec(/no/such): ENOENT"))
        #expect(oci(bench, "--systemd-cgroup", "list") == 1)
        #expect(try Files.names(in: bench.folder + "/oci").isEmpty)
    }

    @Test func aUserNamespacesRootIsNobodyOutside() throws {
        let bench = try Bench()
        try write(
            bench, "/bin/busybox id -u; /bin/busybox cat /proc/self/uid_map > /dev/shm/map; [ -c /dev/null ] && exit 21"
        ) {
            $0.linux?.namespaces?.append(OCINamespace(type: "user"))
            $0.linux?.uidMappings = [OCIIDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
            $0.linux?.gidMappings = [OCIIDMapping(containerID: 0, hostID: 100_000, size: 65_536)]
            $0.mounts?.removeAll { $0.type == "cgroup" }
        }
        // An engine gives the files to the container's root; other users must reach the bundle.
        #expect(system("chmod 755 \(bench.folder) && chown -R 100000:100000 \(bench.bundle)/rootfs") == 0)
        #expect(oci(bench, "run", "--bundle", bench.bundle, "c") == 21)
    }

    @Test func wrongWordsAreTold() {
        for words in [
            ["nothing"], ["state"], ["state", "../x"], ["create", "--nope", "a"], ["kill", "a", "SIGNOPE"],
        ] {
            var log: [String] = []
            log = words
            #expect(OCIRuntimeCommand.run(["--root", "/nonexistent/oci"] + log, runtime: ProductionRuntime()) == 1)
        }
        #expect(SignalName.number("SIGTERM") == 15 && SignalName.number("9") == 9 && SignalName.number("65") == nil)
    }

    private func link(_ path: String) throws -> String {
        guard let resolved = realpath(path, nil) else { return "martinet-stage" }  // a memory file has no path
        defer { free(resolved) }
        return String(cString: resolved)
    }
}

extension CgroupLayout {
    fileprivate func file(_ controller: String) -> String? { folder(of: controller, path: "/") }
}
