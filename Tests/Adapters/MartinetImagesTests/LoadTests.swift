import Glibc
import MartinetArchive
import MartinetImageSpec
import MartinetImages
import Testing

@Suite(.enabled(if: isRoot, "needs root: devices, owners and trusted attributes")) struct LoadTests {
    private func twoLayers() throws -> [[UInt8]] {
        [
            try tar([
                (TarEntry("etc", kind: .directory, mode: 0o711), ""), (TarEntry("etc/motd"), "lower"),
                (TarEntry("etc/gone"), "x"), (TarEntry("opt", kind: .directory, mode: 0o755), ""),
                (TarEntry("opt/a"), "a"),
            ]),
            try gzip(
                try tar([
                    (TarEntry("etc/motd"), "upper"), (TarEntry("etc/.wh.gone"), ""), (TarEntry("opt/.wh..wh..opq"), ""),
                    (TarEntry("opt/b"), "b"),
                ])),
        ]
    }

    @Test(arguments: [false, true]) func aDockerArchiveBecomesAnImageAndFoldersForOverlayfs(compressed: Bool) throws {
        let scratch = try Scratch()
        let plain = try dockerArchive(layers: try twoLayers(), names: ["nginx:1.7.9"])
        let loaded = try scratch.store.load(MemorySource(compressed ? try gzip(plain) : plain, step: 1000))
        #expect(loaded.first?.names.map(\.description) == ["docker.io/library/nginx:1.7.9"])
        let image = try scratch.store.find("nginx:1.7.9")
        #expect(image.defaults.command == ["/bin/sh"])
        let folders = try scratch.store.unpack(image)
        #expect(folders.count == 2)
        #expect(try scratch.store.unpack(image) == folders)
        let upper = try OpenFile.folder(folders[1])
        #expect(try upper.status("etc/gone")?.isWhiteout == true)
        #expect(
            try upper.status("etc")?.mode == 0o040711, "a parent that the archive left out is as the layer below has it"
        )
        // The kernel is the judge: both layers as one overlay.
        let merged = scratch.path + "/merged"
        try FileTree.makeFolders(merged)
        let options = "lowerdir=\(folders[1]):\(folders[0])"
        #expect(mount("overlay", merged, "overlay", UInt(MS_RDONLY), options) == 0)
        defer { umount2(merged, Int32(MNT_DETACH)) }
        #expect(try FileSource(path: merged + "/etc/motd").readAll(limit: 100) == Array("upper".utf8))
        let view = try OpenFile.folder(merged)
        #expect(try view.status("etc/gone") == nil)
        #expect(try view.status("opt/a") == nil)
        #expect(try view.status("opt/b") != nil)
    }

    @Test func whatIsSavedIsLoadedAgainTheSame() throws {
        let scratch = try Scratch()
        _ = try scratch.store.load(MemorySource(try dockerArchive(layers: try twoLayers(), names: ["a/b:1"])))
        let reference = try ImageReference("a/b:1")
        let sink = MemorySink()
        try scratch.store.save([reference], to: sink)
        let again = MemorySink()
        try scratch.store.save([reference], to: again)
        #expect(sink.bytes == again.bytes)
        let other = try Scratch()
        let loaded = try other.store.load(MemorySource(sink.bytes))
        #expect(loaded.first?.names == [reference])
        #expect(try other.store.find("a/b:1").id == scratch.store.find("a/b:1").id)
        #expect(try other.store.find("a/b:1").manifestDigest == scratch.store.find("a/b:1").manifestDigest)
    }
}
