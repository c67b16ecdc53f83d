import Glibc
import MartinetBase

/// The user that the server's process runs as: not root, without capabilities, and nobody who logs in.
///
/// It is a number without a name, so that nothing has to be added to the machine's users. What it may read and write of
/// the cluster's state is given to it by root, file by file.
enum ServerUser {
    /// Debian gives out 60000 to 64999 one by one (policy 9.2.2), and this one to nobody.
    static let id: UInt32 = 64_646

    /// Makes it the owner of a file or folder.
    static func give(_ path: String) throws(SystemError) {
        guard lchown(path, id, id) == 0 else { throw SystemError.last("lchown", path) }
    }

    /// Makes the store's folder, its own alone, with all that is in it.
    static func giveStore(_ settings: Settings) throws(SystemError) {
        guard let slash = settings.store.lastIndex(of: "/") else { return }
        let folder = String(settings.store[..<slash])
        try makeFolders(folder)
        guard chmod(folder, 0o700) == 0 else { throw SystemError.last("chmod", folder) }
        try give(folder)
        for name in folderNames(folder) { try give("\(folder)/\(name)") }
    }
}

/// What is in a folder, without `.` and `..`; nothing where there is none.
func folderNames(_ path: String) -> [String] {
    guard let directory = opendir(path) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        if name != ".", name != ".." { names.append(name) }
    }
    return names
}
