import Glibc
import MartinetContainers
import MartinetDocker
import Testing

private let canRun = getuid() == 0 && access("/bin/busybox", X_OK) == 0

@Suite(.serialized, .enabled(if: canRun, "needs root and /bin/busybox"))
struct DockerTests {
    @Test func theCommandsOfTheCourseDoWhatItSays() throws {
        let bench = try DockerBench()
        let built = try bench.buildBase()
        #expect(built.status == 0, "\(built.err)")
        #expect(built.out.contains("Successfully tagged base:latest"))
        let run = bench.run(
            "run", "--name", "mon-conteneur", "-e", "VARIABLE=valeur", "base", "sh", "-c",
            "echo $VARIABLE; echo wrong >&2; echo kept > /kept; exit 3")
        #expect(run.status == 3 && run.out == "valeur\n" && run.err == "wrong\n", "\(run)")
        #expect(bench.run("logs", "mon-conteneur").out == "valeur\n")
        #expect(bench.run("ps", "-a", "--format", "{{.Names}} {{.State}}").out == "mon-conteneur exited\n")
        #expect(bench.run("commit", "mon-conteneur", "backup/mon-conteneur").status == 0)
        let again = bench.run("run", "--rm", "backup/mon-conteneur", "cat", "/kept")
        #expect(again.out == "kept\n", "\(again)")
        let archive = bench.path + "/mon-image.tar"
        #expect(bench.run("save", "-o", archive, "backup/mon-conteneur").status == 0)
        #expect(bench.run("rmi", "backup/mon-conteneur").status == 0)
        #expect(bench.run("import", archive, "backup/mon-conteneur").status == 0)
        #expect(bench.run("images", "backup/mon-conteneur", "--format", "{{.Tag}}").out == "latest\n")
        #expect(bench.run("rm", "mon-conteneur").status == 0)
        #expect(bench.run("ps", "-aq").out.isEmpty)
        leavesNothing(bench)
    }

    @Test func aContainerInTheBackgroundIsReachedStoppedAndStartedAgain() throws {
        let bench = try DockerBench()
        _ = try bench.buildBase()
        let run = bench.run(
            "run", "-d", "--name", "web", "-p", "18081:80", "-m", "64m", "base", "sh", "-c",
            "trap 'exit 0' TERM; echo $$ >> /starts; while true; do sleep 0.05; done")
        #expect(run.status == 0, "\(run.err)")
        let exec = bench.run("exec", "web", "wc", "-l", "/starts")
        #expect(exec.status == 0)
        #expect(bench.run("exec", "web", "nothing").status == 127)
        let taken = bench.run("run", "-p", "18081:80", "base")
        #expect(taken.status == 125 && taken.err.contains("already allocated"))
        #expect(bench.run("run", "--name", "web", "base").err.contains("already in use"))
        #expect(bench.run("rm", "web").status == 1)
        #expect(bench.run("stop", "web").status == 0)
        #expect(bench.run("wait", "web").out == "0\n")
        #expect(bench.run("start", "web").status == 0)
        #expect(bench.run("inspect", "-f", "{{.State.Status}}", "web").out == "running\n")
        #expect(bench.run("rmi", "base").status == 1, "a container uses it")
        #expect(bench.run("kill", "web").status == 0)
        #expect(bench.run("wait", "web").out == "137\n")
        #expect(bench.run("rm", "web").status == 0)
        leavesNothing(bench)
    }

    @Test func aBuildLeavesOnlyWhatItsStepsDid() throws {
        let bench = try DockerBench()
        _ = try bench.buildBase()
        try bench.write("Dockerfile", "FROM base\nARG who\nRUN echo \"hi $who\" > /a\nRUN exit 4\n")
        let failed = bench.run("build", "--build-arg", "who=you", "\(bench.path)/context")
        #expect(failed.status == 1 && failed.err.contains("RUN ended with status 4"), "\(failed)")
        try bench.write("Dockerfile", "FROM base\nARG who\nRUN echo \"hi $who\" > /a\n")
        let built = bench.run("build", "-t", "a", "--build-arg", "who=you", "\(bench.path)/context")
        #expect(built.out.contains("Using cache"), "\(built)")
        let seen = bench.run("run", "--rm", "a", "sh", "-c", "cat /a; ls -d /proc /etc")
        #expect(seen.out == "hi you\n/etc\n/proc\n", "\(seen)")
        leavesNothing(bench)
    }

    @Test func whatCannotBeHonouredIsRefusedByName() throws {
        let bench = try DockerBench()
        _ = try bench.buildBase()
        for (words, expected) in [
            (["--network=mine"], "--network=mine is not supported"),
            (["-p", "8000-8010:80"], "ranges of ports are not supported"),
            (["-p", "0:80"], "0 is no port"), (["-m", "lots"], "--memory: expected 512m or 1g"),
            (["--restart", "often"], "--restart: expected no, always"), (["-v", "a:b:c:d"], "expected source:target"),
            (["--tmpfs", "/x:size=1m"], "--tmpfs with options is not supported"), (["--nonsense"], "unknown flag"),
            (["--name", "a b"], "--name a b: expected"),
        ] {
            let run = bench.run(["run"] + words + ["base"])
            #expect(run.status == 125 && run.err.contains(expected), "\(words): \(run)")
        }
        #expect(bench.run("build", "https://example.org/x.git").err.contains("is not supported"))
        #expect(bench.run("frobnicate").err.contains("unknown command"))
        #expect(bench.run("run", "base", "nothing").status == 127)
        leavesNothing(bench)
    }

    @Test func anImageThatIsNowhereSaysWhereItWasLookedFor() throws {
        let bench = try DockerBench()
        let pulled = bench.run("pull", "127.0.0.1:1/a/b:c")
        #expect(pulled.status == 1)
        #expect(pulled.err.contains("pull 127.0.0.1:1/a/b:c: 127.0.0.1:1: manifest: "), "\(pulled.err)")
    }

    /// No container, mount, cgroup or namespace of a test's stays.
    private func leavesNothing(_ bench: DockerBench) {
        for folder in ["pods", "netns", "builds"] {
            #expect(((try? Files.names(in: "\(bench.configuration.run)/\(folder)")) ?? []).isEmpty)
        }
        #expect((try? Files.names(in: "/sys/fs/cgroup/memory" + bench.configuration.cgroupParent)) == nil)
        let mounts = (try? Files.read("/proc/self/mountinfo", limit: 64 << 20)) ?? []
        #expect(!String(decoding: mounts, as: UTF8.self).contains(bench.path))
    }
}
