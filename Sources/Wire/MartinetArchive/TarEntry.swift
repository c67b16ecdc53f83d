package import MartinetBase

/// One member of a tar archive, without its content.
///
/// Names are bytes, as the kernel has them: nothing says that they are UTF-8.
package struct TarEntry: Hashable, Sendable {
    package enum Kind: Hashable, Sendable {
        case file, hardlink, symlink, directory, fifo
        case characterDevice, blockDevice
    }

    package struct Attribute: Hashable, Sendable {
        package var name: String
        package var value: [UInt8]
        package init(name: String, value: [UInt8]) {
            self.name = name
            self.value = value
        }
    }

    package var path: [UInt8]
    package var kind: Kind
    /// Where a symlink leads, or which earlier member a hardlink is another name of.
    package var linkTarget: [UInt8]
    /// Bytes of content that follow; only files have any.
    package var size: Int64
    /// The twelve permission bits.
    package var mode: UInt32
    package var uid: UInt32
    package var gid: UInt32
    package var modified: Timestamp
    package var major: UInt32
    package var minor: UInt32
    /// Extended attributes, in the order of the archive.
    package var attributes: [Attribute]

    package init(
        path: [UInt8], kind: Kind = .file, size: Int64 = 0, mode: UInt32 = 0o644, uid: UInt32 = 0, gid: UInt32 = 0,
        modified: Timestamp = Timestamp(seconds: 0), linkTarget: [UInt8] = [], attributes: [Attribute] = []
    ) {
        self.path = path
        self.kind = kind
        self.linkTarget = linkTarget
        self.size = size
        self.mode = mode
        self.uid = uid
        self.gid = gid
        self.modified = modified
        major = 0
        minor = 0
        self.attributes = attributes
    }

    package init(_ path: String, kind: Kind = .file, size: Int64 = 0, mode: UInt32 = 0o644, linkTarget: String = "") {
        self.init(path: Array(path.utf8), kind: kind, size: size, mode: mode, linkTarget: Array(linkTarget.utf8))
    }

    /// For messages and for names that are known to be text; what is no UTF-8 is replaced.
    package var pathText: String { String(decoding: path, as: UTF8.self) }
    package var linkTargetText: String { String(decoding: linkTarget, as: UTF8.self) }
}
