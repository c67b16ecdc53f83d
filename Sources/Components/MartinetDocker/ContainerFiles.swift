import MartinetContainers
import MartinetEngine
import MartinetOCI

/// What the engine keeps of a container.
enum ContainerFiles {
    /// Nil where there is nothing: it never started, or the machine has started since.
    static func read(_ task: String, in folder: String) throws -> ContainerFile? {
        let path = "\(folder)/\(task).container"
        guard Files.exists(path) else { return nil }
        return try OCICodec.decode(ContainerFile.self, from: try Files.read(path, limit: 8 << 20), named: path)
    }
}
