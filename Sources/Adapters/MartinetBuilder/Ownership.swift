import Glibc
import MartinetArchive
import MartinetDockerfile
import MartinetImages

/// `--chown`: numbers, or names out of the image's own passwd and group files.
struct Ownership {
    let uid: UInt32
    let gid: UInt32

    init(_ text: String, in root: OpenFile, place: SourcePlace?) throws {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let user = parts.first ?? ""
        if let number = UInt32(user) {
            uid = number
            gid = parts.count == 2 ? try Ownership.group(parts[1], root, place) : number
            return
        }
        guard let line = try Ownership.find(user, in: "etc/passwd", root), line.count >= 4, let uid = UInt32(line[2]),
            let gid = UInt32(line[3])
        else { throw BuildError(place, "--chown: user \(user.debugDescription) is not in the image's /etc/passwd") }
        self.uid = uid
        self.gid = parts.count == 2 ? try Ownership.group(parts[1], root, place) : gid
    }

    private static func group(_ name: String, _ root: OpenFile, _ place: SourcePlace?) throws -> UInt32 {
        if let number = UInt32(name) { return number }
        guard let line = try find(name, in: "etc/group", root), line.count >= 3, let gid = UInt32(line[2]) else {
            throw BuildError(place, "--chown: group \(name.debugDescription) is not in the image's /etc/group")
        }
        return gid
    }

    private static func find(_ name: String, in path: String, _ root: OpenFile) throws -> [String]? {
        guard let folder = try root.folderInside("etc"), try folder.status(String(path.dropFirst(4))) != nil else {
            return nil
        }
        let content = try FileSource(try root.openInside(path, O_RDONLY)).readAll(limit: 1 << 20)
        for line in String(decoding: content, as: UTF8.self).split(separator: "\n") {
            let fields = line.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
            if fields.first == name { return fields }
        }
        return nil
    }
}
