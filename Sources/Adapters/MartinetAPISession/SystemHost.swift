import Glibc
import MartinetBase
package import MartinetToolPorts

/// This machine's files, programs and ports.
package struct SystemHost: Host {
    package init() {}

    package func readFile(_ path: String) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw SystemError.last("open", path) }
        defer { close(descriptor) }
        var all: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
            if count == 0 { return all }
            if count < 0 {
                if errno == EINTR { continue }
                throw SystemError.last("read", path)
            }
            all += buffer.prefix(count)
            guard all.count <= 1 << 30 else { throw SystemError(call: "read", operand: path, errno: EFBIG) }
        }
    }

    package func writeFile(_ path: String, _ bytes: [UInt8], mode: UInt32) throws {
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makeFolder(String(path[..<slash])) }
        // A link stays a link: what it names is replaced.
        var target = path
        if let resolved = realpath(path, nil) {
            target = String(cString: resolved)
            free(resolved)
        }
        let aside = "\(target).\(getpid()).tmp"
        let descriptor = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw SystemError.last("open", aside) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR {
                let error = SystemError.last("write", aside)
                close(descriptor)
                unlink(aside)
                throw error
            }
            rest = rest.dropFirst(max(count, 0))
        }
        fsync(descriptor)
        close(descriptor)
        guard rename(aside, target) == 0 else {
            let error = SystemError.last("rename", "\(aside) → \(target)")
            unlink(aside)
            throw error
        }
    }

    private func makeFolder(_ path: String) {
        if isFolder(path) != nil { return }
        if let slash = path.lastIndex(of: "/"), slash != path.startIndex { makeFolder(String(path[..<slash])) }
        mkdir(path, 0o750)
    }

    package func removeFile(_ path: String) { unlink(path) }

    package func entries(of folder: String) throws -> [HostEntry] {
        guard let stream = opendir(folder) else { throw SystemError.last("opendir", folder) }
        defer { closedir(stream) }
        var found: [HostEntry] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name == "." || name == ".." { continue }
            found.append(HostEntry(name: name, isFolder: isFolder("\(folder)/\(name)") ?? false))
        }
        return found.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }

    package func isFolder(_ path: String) -> Bool? {
        var info = stat()
        guard stat(path, &info) == 0 else { return nil }
        return info.st_mode & S_IFMT == S_IFDIR
    }

    package func run(_ words: [String]) async throws -> Int32 {
        guard let program = words.first else { return 127 }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) }
        arguments.append(nil)
        defer { for argument in arguments { free(argument) } }
        var child = pid_t()
        let code = posix_spawnp(&child, program, nil, nil, arguments, environ)
        guard code == 0 else { throw SystemError(call: "posix_spawn", operand: program, errno: code) }
        let pid = child
        return await BlockingThread.run {
            var status: Int32 = 0
            while waitpid(pid, &status, 0) < 0, errno == EINTR {}
            return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
        }
    }

    package func listen(address: String, port: UInt16) throws -> any HostListener {
        try SystemListener(address: address, port: port)
    }
}
