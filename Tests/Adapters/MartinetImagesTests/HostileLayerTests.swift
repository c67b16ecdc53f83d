import Glibc
import MartinetArchive
import MartinetBase
import MartinetImageSpec
import MartinetImages
import Testing

/// Unpacks entries into `root/` of a scratch folder that has a secret beside it.
private func unpack(_ entries: [(TarEntry, String)], into scratch: Scratch) throws -> OpenFile {
    try FileTree.makeFolders(scratch.path + "/root")
    try FileTree.makeFolders(scratch.path + "/outside")
    try FileTree.makeFolders(scratch.path + "/trash")
    let root = try OpenFile.folder(scratch.path + "/root")
    let trash = try OpenFile.folder(scratch.path + "/trash")
    let source = MemorySource(try tar(entries))
    try LayerUnpacker(root: root, trash: trash, trashName: "t").unpack(TarReader(source))
    return root
}

private func link(_ path: String, _ target: String) -> (TarEntry, String) {
    (TarEntry(path, kind: .symlink, linkTarget: target), "")
}
private func file(_ path: String, _ content: String = "evil") -> (TarEntry, String) { (TarEntry(path), content) }
private func folder(_ path: String) -> (TarEntry, String) { (TarEntry(path, kind: .directory, mode: 0o755), "") }

@Suite(.enabled(if: isRoot, "needs root: devices and trusted attributes")) struct HostileLayerTests {
    @Test func nothingLandsOutside() throws {
        let outside = "/tmp/images/never-\(getpid())"
        let attacks: [[(TarEntry, String)]] = [
            [file("../outside/x")], [file("/../../outside/x")], [file("a/../../outside/x")],
            [link("out", "../outside"), file("out/x")], [link("out", outside), file("out")],
            [link("a", "b"), link("b", "../../../../../../../../../../tmp/images"), file("a/never-\(getpid())")],
            [link("out", ".."), folder("out/outside/x")], [link("x", "../outside/secret"), file("x")],
            [(TarEntry("h", kind: .hardlink, linkTarget: "../outside/secret"), "")],
            [link("d", "/etc"), (TarEntry("h", kind: .hardlink, linkTarget: "d/passwd"), "")],
            [link("out", "../outside"), (TarEntry("out/.wh.secret"), "")], [(TarEntry(".wh..."), "")],
            [(TarEntry(".wh.."), "")], [(TarEntry(".wh."), "")],
            [link("out", "../outside"), (TarEntry("out/.wh..wh..opq"), "")],
            [link(".", "../outside")], [file("..")], [link("loop", "loop"), file("loop/x")],
        ]
        for attack in attacks {
            let scratch = try Scratch()
            try FileTree.makeFolders(scratch.path + "/outside")
            try FileSink(try OpenFile.open(scratch.path + "/outside/secret", O_WRONLY | O_CREAT)).write([1])
            _ = try? unpack(attack, into: scratch)
            #expect(try OpenFile.folder(scratch.path + "/outside").names() == ["secret"], "\(attack[0].0.pathText)")
            #expect(try FileSource(path: scratch.path + "/outside/secret").readAll(limit: 9) == [1])
            #expect(access(outside, F_OK) != 0)
        }
    }

    @Test func absoluteLinksLeadInside() throws {
        let scratch = try Scratch()
        let root = try unpack(
            [folder("usr"), folder("usr/lib"), link("lib", "/usr/lib"), file("lib/x", "in")], into: scratch)
        #expect(try root.status("usr/lib/x")?.size == 2)
    }

    @Test func attributesOfOverlayfsAreRefused() throws {
        for name in ["trusted.overlay.redirect", "trusted.overlay.opaque", "user.overlay.metacopy"] {
            var entry = TarEntry("d", kind: .directory)
            entry.attributes = [.init(name: name, value: Array("/etc".utf8))]
            let scratch = try Scratch()
            let error = #expect(throws: ImageStoreError.self) { try unpack([(entry, "")], into: scratch) }
            #expect(error?.message.contains(name) == true)
        }
    }

    @Test func laterEntriesReplaceEarlierOnes() throws {
        let scratch = try Scratch()
        let root = try unpack(
            [
                folder("d"), file("d/x"), link("d", "other"), file("f", "1"), folder("f"), file("f/y", "2"),
                file(".wh.g", ""), folder("g"), folder("h"), file(".wh.h", ""), file("i"),
                (TarEntry("i", kind: .fifo), ""),
            ], into: scratch)
        #expect(try root.status("d")?.isLink == true)
        #expect(try root.status("f/y")?.size == 1)
        for name in ["g", "h"] {
            let made = try root.openInside(name, O_RDONLY)
            #expect(ExtendedAttributes.value("trusted.overlay.opaque", of: made) == Array("y".utf8))
        }
        #expect(try OpenFile.folder(scratch.path + "/trash").names().isEmpty)
    }

    @Test func ownersModesAndTimesAreKept() throws {
        let scratch = try Scratch()
        var entry = TarEntry("bin", mode: 0o6755)
        entry.uid = 70_000
        entry.gid = 5
        entry.modified = Timestamp(seconds: 1000, nanoseconds: 7)
        entry.attributes = [.init(name: "user.note", value: [1, 2])]
        var home = TarEntry("home", kind: .directory, mode: 0o1777)
        home.modified = Timestamp(seconds: 2000)
        let root = try unpack([(home, ""), file("home/x"), (entry, "b")], into: scratch)
        let status = try #require(try root.status("bin"))
        #expect(status.uid == 70_000 && status.gid == 5 && status.mode & 0o7777 == 0o6755)
        #expect(status.modified == entry.modified)
        #expect(try ExtendedAttributes.read("bin", in: root) == entry.attributes)
        #expect(try root.status("home")?.modified.seconds == 2000)
        #expect(try root.status("home")?.mode == 0o041777)
    }

    @Test func treesDeeperThanAnyPathAreRemoved() throws {
        let scratch = try Scratch()
        var path = ""
        var entries: [(TarEntry, String)] = []
        // A link back to the deepest folder lets an archive nest beyond the longest path.
        for round in 0..<3 {
            for _ in 0..<300 { path += "abcdefgh/" }
            entries += [folder(path), link("back\(round)", "/" + path)]
            path = "back\(round)/"
        }
        _ = try unpack(entries, into: scratch)
        try FileTree.remove("root", in: try OpenFile.folder(scratch.path))
        #expect(!scratch.exists("root"))
    }
}

@Suite struct StoreTests {
    @Test func aDamagedLayerLeavesNoFolder() throws {
        let scratch = try Scratch()
        _ = try scratch.store.load(MemorySource(try dockerArchive(layers: [try tar([file("a")])], names: ["x"])))
        let image = try scratch.store.find("x")
        let digest = image.manifest.layers[0].digest
        let blob = try OpenFile.open(scratch.path + "/store/blobs/sha256/\(digest.hex)", O_WRONLY)
        try FileSink(blob).write(Array("A".utf8))
        #expect(throws: (any Error).self) { try scratch.store.unpack(image) }
        #expect(try OpenFile.folder(scratch.path + "/store/layers").names().isEmpty)
    }

    @Test func namesAreSetMovedAndTakenAway() throws {
        let scratch = try Scratch()
        let layer = try tar([file("a")])
        _ = try scratch.store.load(MemorySource(try dockerArchive(layers: [layer], names: ["x:1"])))
        let one = try ImageReference("x:1")
        try scratch.store.tag(one, as: try ImageReference("k8s.gcr.io/x"))
        #expect(
            try scratch.store.allNames().map(\.reference.description) == [
                "docker.io/library/x:1", "k8s.gcr.io/x:latest",
            ])
        #expect(
            try scratch.store.find(String(scratch.store.image(one).id.hex.prefix(6))).id == scratch.store.image(one).id)
        #expect(try scratch.store.removeName(one))
        #expect(try !scratch.store.removeName(one))
        #expect(throws: ImageStoreError.self) { try scratch.store.image(one) }
        #expect(try scratch.store.collectGarbage().blobs == 1, "manifest.json of the archive is nobody's")
        let id = try scratch.store.find("k8s.gcr.io/x").id
        try scratch.store.removeName(try ImageReference("k8s.gcr.io/x"))
        #expect(try scratch.store.collectGarbage(keeping: [id]).blobs == 0, "a container's image stays")
        let lease = try scratch.store.work()
        #expect(throws: ImageStoreError.self) { try scratch.store.collectGarbage() }
        lease.end()
        #expect(try scratch.store.collectGarbage().blobs == 3)
    }

    @Test func aDamagedNameIsSetAside() throws {
        let scratch = try Scratch()
        _ = try scratch.store.load(MemorySource(try dockerArchive(layers: [], names: ["x"])))
        let names = try OpenFile.folder(scratch.path + "/store/names")
        let name = try #require(try names.names().first)
        try FileSink(try OpenFile.open(name, O_WRONLY | O_TRUNC, at: names)).write(Array("{".utf8))
        #expect(try scratch.store.allNames().isEmpty)
        #expect(try names.names() == [name + ".damaged"])
    }

    @Test func whatAKilledProcessLeftIsSweptAtOpening() throws {
        let scratch = try Scratch()
        try FileTree.makeFolders(scratch.path + "/store/layers/new-1/deep/er")
        try FileTree.makeFolders(scratch.path + "/store/ingest")
        try FileSink(try OpenFile.open(scratch.path + "/store/ingest/new-2", O_WRONLY | O_CREAT)).write([1])
        let lease = try scratch.store.work()
        _ = try ImageStore(root: scratch.path + "/store", runtime: ProductionRuntime())
        #expect(scratch.exists("store/ingest/new-2"), "somebody works on it")
        lease.end()
        _ = try ImageStore(root: scratch.path + "/store", runtime: ProductionRuntime())
        #expect(!scratch.exists("store/ingest/new-2") && !scratch.exists("store/layers/new-1"))
    }

    @Test func otherArchivesAreRefusedByName() throws {
        let scratch = try Scratch()
        let error = #expect(throws: ImageStoreError.self) { try scratch.store.load(MemorySource(try tar([file("x")]))) }
        #expect(error?.message.contains("manifest.json") == true)
        let wrong = ContentDigest(of: "other")
        let layout = try tar([file("blobs/sha256/\(wrong.hex)", "content")])
        #expect(throws: ImageStoreError.self) { try scratch.store.load(MemorySource(layout)) }
        #expect(try OpenFile.folder(scratch.path + "/store/ingest").names().isEmpty)
    }

    @Test func aRootFileSystemIsImported() throws {
        let scratch = try Scratch()
        var defaults = ProcessDefaults()
        defaults.command = ["/a"]
        let archive = try gzip(try tar([file("a")]))
        let image = try scratch.store.importRootfs(
            MemorySource(archive, step: 77), defaults: defaults, as: try ImageReference("backup/mon-conteneur"))
        #expect(try scratch.store.find("backup/mon-conteneur").id == image.id)
        #expect(try scratch.store.unpack(image).count == 1)
    }
}
