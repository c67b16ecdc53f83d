import MartinetContainers
import MartinetEngine
import MartinetImageSpec
import MartinetOCI

/// The images that the pods of a run folder use.
enum PodImages {
    static func ids(in folder: String) throws -> [ContentDigest] {
        guard Files.exists(folder) else { return [] }
        var ids: [ContentDigest] = []
        for pod in try Files.names(in: folder) {
            // A pod may be going meanwhile: what it used is then used no more.
            for name in (try? Files.names(in: "\(folder)/\(pod)")) ?? [] where name.hasSuffix(".container") {
                let path = "\(folder)/\(pod)/\(name)"
                guard let bytes = try? Files.read(path, limit: 8 << 20) else { continue }
                let file = try OCICodec.decode(ContainerFile.self, from: bytes, named: path)
                if let id = try? ContentDigest(file.imageID) { ids.append(id) }
            }
        }
        return ids
    }
}
