import Glibc
import MartinetArchive
import MartinetBase
package import MartinetImages

/// The user, group and further groups of a name or number, after an image's own passwd(5) and group(5).
package struct Account {
    package var uid: UInt32
    package var gid: UInt32
    package var groups: [UInt32] = []
    package var home: String?

    /// - Parameters:
    ///   - user: `name`, `uid`, `name:group`, `uid:gid`; empty is root.
    ///   - root: the container's root file system; nothing in it leads outside.
    package init(_ user: String, in root: OpenFile) throws(EngineError) {
        let parts = user.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        let name = parts.first ?? ""
        let people = Account.lines("/etc/passwd", in: root)
        let groups = Account.lines("/etc/group", in: root)
        let number = name.isEmpty ? 0 : UInt32(name)
        let entry = people.first { line in
            guard line.count > 5 else { return false }
            if let number { return UInt32(line[2]) == number }
            return line[0] == name
        }
        if let entry, let uid = UInt32(entry[2]), let gid = UInt32(entry[3]) {
            (self.uid, self.gid, home) = (uid, gid, entry[5])
        } else if let number {
            (uid, gid) = (number, 0)
        } else {
            throw EngineError.config("unable to find user \(name): no matching entries in passwd file")
        }
        if parts.count > 1 {
            let named = groups.first { $0.count > 2 && $0[0] == parts[1] }.flatMap { UInt32($0[2]) }
            guard let found = UInt32(parts[1]) ?? named else {
                throw EngineError.config("unable to find group \(parts[1]): no matching entries in group file")
            }
            gid = found
        }
        if let login = entry?[0] {
            self.groups = groups.compactMap { line in
                guard line.count > 3, line[3].split(separator: ",").contains(Substring(login)) else { return nil }
                return UInt32(line[2])
            }
        }
    }

    private static func lines(_ path: String, in root: OpenFile) -> [[String]] {
        guard let file = try? root.openInside(path, O_RDONLY | O_NONBLOCK),
            let bytes = try? FileSource(file).readAll(limit: 1 << 20)
        else { return [] }  // an image without accounts has numbers only
        return String(decoding: bytes, as: UTF8.self).split(separator: "\n").map {
            $0.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        }
    }
}
