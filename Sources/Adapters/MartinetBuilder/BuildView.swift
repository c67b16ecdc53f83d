import Glibc
import MartinetBase
import MartinetImages

/// Layers mounted over each other, with a folder that takes the changes: where one instruction works.
///
/// `close` takes the mount away; what a killed build left is taken away when the store is opened next.
final class BuildView {
    let path: String
    let root: OpenFile
    let changes: OpenFile
    let lowers: [OpenFile]
    private let builds: OpenFile
    private let name: String
    private var open = true

    /// `layers` are folders, the lowest first.
    init(layers: [String], builds path: String, name: String) throws {
        let base = "\(path)/\(name)"
        builds = try OpenFile.folder(path)
        self.name = name
        self.path = base + "/root"
        for folder in ["upper", "work", "root", "empty"] { try FileTree.makeFolders("\(base)/\(folder)") }
        lowers = try layers.reversed().map { try OpenFile.folder($0) }
        changes = try OpenFile.folder(base + "/upper")
        // Overlayfs shows the topmost folder's owner and mode as the root's.
        if let top = try lowers.first?.status() {
            guard fchown(changes.descriptor, top.uid, top.gid) == 0, fchmod(changes.descriptor, top.mode & 0o7777) == 0
            else { throw SystemError.last("fchown", base) }
        }
        let lower = layers.isEmpty ? "\(base)/empty" : layers.reversed().joined(separator: ":")
        let options =
            "lowerdir=\(lower),upperdir=\(base)/upper,workdir=\(base)/work,"
            + "redirect_dir=off,metacopy=off,index=off,xino=off"
        // The kernel takes one page of options, and cuts what is longer without a word.
        guard options.utf8.count < 4096 else {
            throw BuildError(nil, "\(layers.count) layers are too many for one overlay mount under \(path)")
        }
        guard mount("overlay", self.path, "overlay", 0, options) == 0 else {
            throw SystemError.last("mount", "overlay → \(self.path)")
        }
        root = try OpenFile.folder(self.path)
    }

    deinit {
        guard open else { return }
        umount2(path, Int32(MNT_DETACH))
        try? FileTree.remove(name, in: builds)  // a build that failed already says why
    }

    /// Ends the view; the changes stay in `changes` until `discard`.
    func unmount() throws {
        guard umount2(path, Int32(MNT_DETACH)) == 0 else { throw SystemError.last("umount2", path) }
    }

    func discard() throws {
        open = false
        try FileTree.remove(name, in: builds)
    }
}
