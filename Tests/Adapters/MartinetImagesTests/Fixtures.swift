import Glibc
import MartinetArchive
import MartinetBase
import MartinetImageSpec
import MartinetImages
import Testing

/// A store in a folder of its own, gone with the test.
final class Scratch {
    let path: String
    let store: ImageStore

    init(_ name: String = #function) throws {
        let word = ProductionRuntime().random()
        path = "/tmp/images/\(getpid())-\(String(word, radix: 36))"
        store = try ImageStore(
            root: path + "/store", runtime: ProductionRuntime(), log: Log(component: "test") { _ in })
    }

    deinit {
        guard let folder = try? OpenFile.folder("/tmp/images") else { return }
        try? FileTree.remove(String(path.dropFirst("/tmp/images/".count)), in: folder)
    }

    func exists(_ name: String) -> Bool { access("\(path)/\(name)", F_OK) == 0 }
}

let isRoot = getuid() == 0

func tar(_ entries: [(TarEntry, String)]) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = TarWriter(sink)
    for (entry, content) in entries { try writer.append(entry, content: Array(content.utf8)) }
    try writer.finish()
    return sink.bytes
}

func gzip(_ bytes: [UInt8]) throws -> [UInt8] {
    let sink = MemorySink()
    let gzip = try GzipSink(sink)
    try gzip.write(bytes)
    try gzip.finish()
    return sink.bytes
}

/// An archive as `docker save` wrote it before OCI layouts: one folder a layer.
func dockerArchive(layers: [[UInt8]], names: [String]) throws -> [UInt8] {
    var config = ImageConfig(platform: .host, diffIDs: try layers.map { ContentDigest(of: try unpacked($0)) })
    config.config?.command = ["/bin/sh"]
    let configBytes = try ImageJSON.encode(config)
    let sink = MemorySink()
    let writer = TarWriter(sink)
    for (index, layer) in layers.enumerated() { try writer.append(TarEntry("l\(index)/layer.tar"), content: layer) }
    let configName = ContentDigest(of: configBytes).hex + ".json"
    try writer.append(TarEntry(configName), content: configBytes)
    let item = DockerArchiveItem(config: configName, repoTags: names, layers: layers.indices.map { "l\($0)/layer.tar" })
    try writer.append(TarEntry("manifest.json"), content: try ImageJSON.encode([item]))
    try writer.finish()
    return sink.bytes
}

func unpacked(_ bytes: [UInt8]) throws -> [UInt8] {
    try decompressed(MemorySource(bytes)).source.readAll(limit: 1 << 28)
}
