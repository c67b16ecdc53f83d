import Glibc
import MartinetBase

/// Small files that outlive the process, one value each, replaced whole: written aside and renamed.
///
/// They are not synced: what they tell of, namespaces and kernel settings, does not outlive the kernel either.
struct StateFolder: Sendable {
    let path: String

    /// The folder, made with those above it where they are missing.
    init(_ path: String) throws(SystemError) {
        self.path = path
        var made = ""
        for part in path.split(separator: "/") {
            made += "/" + part
            guard mkdir(made, 0o755) == 0 || errno == EEXIST else { throw SystemError.last("mkdir", made) }
        }
    }

    func names() throws(SystemError) -> [String] {
        guard let folder = opendir(path) else { throw SystemError.last("opendir", path) }
        defer { closedir(folder) }
        var names: [String] = []
        while let entry = readdir(folder) {
            let name = withUnsafeBytes(of: entry.pointee.d_name) {
                String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
            }
            if !name.hasPrefix(".") { names.append(name) }
        }
        return names.sorted()
    }

    /// The text of a file of at most 64 KiB; nil where there is none.
    func read(_ name: String) throws(SystemError) -> String? {
        let file = open("\(path)/\(name)", O_RDONLY | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw SystemError.last("open", "\(path)/\(name)")
        }
        defer { close(file) }
        var got = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 1 << 16) { buffer, count in
            got = Glibc.read(file, buffer.baseAddress, buffer.count)
            count = max(0, got)
        }
        guard got >= 0 else { throw SystemError.last("read", "\(path)/\(name)") }
        return String(decoding: bytes, as: UTF8.self)
    }

    func write(_ name: String, _ text: String) throws(SystemError) {
        let aside = "\(path)/.\(name)"
        let file = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError.last("open", aside) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError.last("write", aside)
        }
        guard rename(aside, "\(path)/\(name)") == 0 else { throw SystemError.last("rename", aside) }
    }

    func remove(_ name: String) throws(SystemError) {
        guard unlink("\(path)/\(name)") == 0 || errno == ENOENT else {
            throw SystemError.last("unlink", "\(path)/\(name)")
        }
    }

    /// A kernel setting below /proc/sys of the calling thread's namespace; nil where the kernel has none of the name.
    static func kernelSetting(_ name: String) -> String? {
        guard let text = try? StateFolder.proc.read(name) else { return nil }
        return String(text.prefix { $0 != "\n" })
    }

    static func setKernel(_ name: String, _ value: String) throws(SystemError) {
        let path = "/proc/sys/\(name)"
        let file = open(path, O_WRONLY | O_CLOEXEC)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer { close(file) }
        let bytes = Array(value.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else {
            throw SystemError.last("write", "\(path) ← \(value)")
        }
    }

    private init(unchecked path: String) { self.path = path }
    private static let proc = StateFolder(unchecked: "/proc/sys")
}
