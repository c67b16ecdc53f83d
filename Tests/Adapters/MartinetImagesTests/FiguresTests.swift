import Glibc
import MartinetArchive
import MartinetBase
import MartinetImageSpec
import MartinetImages
import Testing

private let sample = getenv("MARTINET_FIGURES").map { String(cString: $0) }

/// Not a test but a measurement: MARTINET_FIGURES names a tar archive, docs/decisions/images.md has the results.
@Suite(.enabled(if: sample != nil, "set MARTINET_FIGURES to a tar archive to measure"), .serialized)
struct FiguresTests {
    private func measure(_ name: String, bytes: Int, _ body: () throws -> Void) rethrows {
        let runtime = ProductionRuntime()
        let start = runtime.monotonic()
        try body()
        let seconds = Double((runtime.monotonic() - start).nanoseconds) / 1e9
        print("figure: \(name): \(Int(Double(bytes) / 1e6 / seconds)) MB/s, \(Int(seconds * 1000)) ms")
    }

    @Test func figures() throws {
        let path = try #require(sample)
        let bytes = [UInt8](repeating: 7, count: 64 << 20)
        measure("sha-256, instructions", bytes: bytes.count * 4) {
            var hash = SHA256()
            for _ in 0..<4 { hash.update(bytes) }
            _ = hash.digest()
        }
        measure("sha-256, portable", bytes: bytes.count) {
            var hash = SHA256.portable()
            hash.update(bytes)
            _ = hash.digest()
        }
        let scratch = try Scratch()
        let size = Int(try OpenFile.open(path, O_RDONLY).status()?.size ?? 0)
        var image: Image?
        try measure("import (write, digest, read as tar)", bytes: size) {
            image = try scratch.store.importRootfs(FileSource(path: path))
        }
        let imported = try #require(image)
        try measure("unpack, verified and synced", bytes: size) { try scratch.store.unpack(imported) }
        try FileTree.makeFolders(scratch.path + "/tar")
        measure("tar -x, sync -f", bytes: size) {
            _ = system("tar -C \(scratch.path)/tar -xf \(path) --xattrs && sync -f \(scratch.path)/tar")
        }
        try FileTree.makeFolders(scratch.path + "/plain")
        let root = try OpenFile.folder(scratch.path + "/plain")
        try measure("unpack, neither verified nor synced", bytes: size) {
            try LayerUnpacker(root: root, trash: root, trashName: "t").unpack(TarReader(FileSource(path: path)))
        }
        let status = String(decoding: try FileSource(path: "/proc/self/status").readAll(limit: 1 << 20), as: UTF8.self)
        for line in status.split(separator: "\n") where line.hasPrefix("VmHWM") || line.hasPrefix("VmRSS") {
            print("figure: \(line) (64 MiB of it are the sample for sha-256)")
        }
    }
}
