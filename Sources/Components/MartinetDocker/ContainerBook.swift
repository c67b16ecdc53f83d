import Glibc
import MartinetBase
import MartinetContainers
import MartinetOCI
import MartinetServiceRules

/// The records of all containers of `docker run`: one folder each, named after its id.
struct ContainerBook {
    let folder: String

    /// The newest first. One that cannot be read is set aside, and told of by its name.
    func all() throws -> [ContainerRecord] {
        guard Files.exists(folder) else { return [] }
        var records: [ContainerRecord] = []
        for id in try Files.names(in: folder) {
            let path = "\(folder)/\(id)/docker.json"
            guard Files.exists(path) else { continue }
            do {
                let bytes = try Files.read(path, limit: 4 << 20)
                records.append(try OCICodec.decode(ContainerRecord.self, from: bytes, named: path))
            } catch {
                rename(path, path + ".damaged")
                Log.standardError("docker: \(path) is damaged and set aside: \(error)")
            }
        }
        return records.sorted { ($0.created, $0.id) > ($1.created, $1.id) }
    }

    /// The container that somebody means by its name, its id, or the first digits of it.
    func find(_ word: String) throws -> ContainerRecord {
        let records = try all()
        if let found = records.first(where: { $0.name == word || $0.id == word }) { return found }
        let begun = word.isEmpty ? [] : records.filter { $0.id.hasPrefix(word) }
        guard begun.count <= 1 else { throw DockerError("\(word): begins the ids of \(begun.count) containers") }
        guard let found = begun.first else { throw DockerError("No such container: \(word)") }
        return found
    }

    func save(_ record: ContainerRecord) throws {
        let path = "\(folder)/\(record.id)"
        try Files.makeFolders(path, mode: 0o700)
        try Files.replace(path + "/docker.json", try OCICodec.encode(record))
    }

    /// As it is on disk now; nil where it has been removed.
    func again(_ record: ContainerRecord) throws -> ContainerRecord? {
        let path = "\(folder)/\(record.id)/docker.json"
        guard Files.exists(path) else { return nil }
        return try OCICodec.decode(ContainerRecord.self, from: try Files.read(path, limit: 4 << 20), named: path)
    }

    func remove(_ record: ContainerRecord) throws { try Files.removeFlatFolder("\(folder)/\(record.id)") }

    /// The ports of the containers that run.
    func published(_ configuration: DockerConfiguration, except id: String? = nil) throws -> [ServiceInput] {
        try all().filter { $0.id != id && !$0.options.ports.isEmpty }.filter {
            try ContainerState(of: $0, configuration).isRunning
        }.flatMap(\.published)
    }
}
