import Glibc
import MartinetArchive
import MartinetBase
import MartinetBuilder
import MartinetImageSpec
import MartinetImages
import Testing

/// The packages as `make images` unpacks them; MARTINET_PACKAGES names another folder.
private let packages: String? = {
    let named = getenv("MARTINET_PACKAGES").map { String(cString: $0) }
    let home = getenv("HOME").map { String(cString: $0) } ?? "/root"
    let cache = getenv("XDG_CACHE_HOME").map { String(cString: $0) } ?? home + "/.cache"
    return [named, cache + "/martinet/packages/root"].compactMap { $0 }.first {
        access($0 + "/usr/sbin/nginx", X_OK) == 0
    }
}()

private let repository = String(#filePath.split(separator: "/").dropLast(4).reduce("") { $0 + "/" + $1 })

@Suite(.enabled(if: getuid() == 0 && packages != nil, "needs root, and the packages that make images downloads"))
struct StandInTests {
    @Test func theCoursesImagesAreBuiltAndTheirProgramsStart() throws {
        let bench = try Workbench()
        let standIns = StandIns(
            sources: repository + "/Images", packageFolders: [try #require(packages)], scratch: bench.path + "/contexts"
        )
        let names = try standIns.build(into: bench.store)
        #expect(names.map(\.familiar).contains("nginx:1.7.9"))
        #expect(try bench.store.find("k8s.gcr.io/busybox").defaults.command == ["sh"])
        #expect(
            try bench.store.find("nginx").id != bench.store.find("nginx:1.7.9").id, "labels say which tag was meant")
        for (name, arguments) in [
            ("nginx", ["nginx", "-v"]), ("redis", ["redis-server", "--version"]), ("mysql", ["nc", "--help"]),
        ] {
            let layers = try bench.store.unpack(try bench.store.find(name))
            let merged = "\(bench.path)/merged-\(name)"
            try FileTree.makeFolders(merged)
            let options = "lowerdir=" + layers.reversed().joined(separator: ":")
            #expect(options.utf8.count < 4096)
            #expect(mount("overlay", merged, "overlay", UInt(MS_RDONLY), options) == 0)
            defer { umount2(merged, Int32(MNT_DETACH)) }
            let step = BuildStep(
                rootfs: merged, arguments: arguments, environment: ["PATH=/bin:/usr/bin:/usr/sbin"],
                workingDirectory: "/", user: "")
            #expect(try ChrootRunner().run(step, output: { _ in }) == 0, "\(name)")
        }
    }
}
