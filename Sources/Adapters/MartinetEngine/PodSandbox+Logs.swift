import Glibc
import MartinetArchive
package import MartinetBase
import MartinetContainers
import MartinetImages
import Synchronization

/// How much of its log a container keeps.
package struct LogLimits: Sendable {
    /// Bytes of the file that is being written, before it is set aside.
    package var bytesMax: Int64 = 10 << 20
    /// The one that is being written included.
    package var filesMax = 5
    package init() {}
}

extension PodSandbox {
    /// Sets logs that are full aside, and thins out what was: `0.log` becomes `0.log.20260102-030405`, is compressed when
    /// the next one comes, and goes when there are more than `filesMax`. The names and the order are the kubelet's.
    package func rotateLogs(_ limits: LogLimits) throws {
        let (connection, files) = state.withLock { state in
            (state.connection, state.containers.values.filter { state.pids[$0.id] != nil })
        }
        guard let connection else { return }
        for file in files.sorted(by: { $0.id < $1.id }) {
            guard let size = try? Files.size(file.logPath) else {
                // Set aside by one that was killed before it could say so.
                try connection.reopenLog(file.id)
                continue
            }
            guard Int64(size) >= limits.bytesMax else { continue }
            try thinOut(file.logPath, keeping: max(0, limits.filesMax - 2))
            let stamp = engine.runtime.now().rfc3339Nano.filter { $0 != "-" && $0 != ":" }
            let aside = "\(file.logPath).\(stamp.prefix(8))-\(stamp.dropFirst(9).prefix(6))"
            guard rename(file.logPath, aside) == 0 else { throw SystemError.last("rename", aside) }
            do throws(SystemError) {
                try connection.reopenLog(file.id)
            } catch {
                // The monitor writes on to the renamed file: under its old name it is found again.
                rename(aside, file.logPath)
                throw error
            }
        }
    }

    /// Compresses what was set aside before, and removes the oldest.
    private func thinOut(_ path: String, keeping count: Int) throws {
        guard let cut = path.lastIndex(of: "/") else { return }
        let (folder, name) = (String(path[..<cut]), String(path[path.index(after: cut)...]))
        var aside: [String] = []
        for file in try Files.names(in: folder) where file.hasPrefix(name + ".") {
            // A compression that was cut short.
            if file.hasSuffix(".tmp") { unlink("\(folder)/\(file)") } else { aside.append(file) }
        }
        for old in aside.dropLast(count) { unlink("\(folder)/\(old)") }
        for file in aside.suffix(count) where !file.hasSuffix(".gz") { try compress("\(folder)/\(file)") }
    }

    private func compress(_ path: String) throws {
        let aside = path + ".tmp"
        let source = try MartinetContainers.Descriptor.open(path, O_RDONLY)
        let target = try MartinetContainers.Descriptor.open(aside, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o640)
        let gzip = try GzipSink(DescriptorSink(descriptor: target))
        var buffer = [UInt8](repeating: 0, count: 256 << 10)
        while true {
            let got = read(source.number, &buffer, buffer.count)
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw SystemError.last("read", path) }
            if got == 0 { break }
            try buffer.withUnsafeBytes { try gzip.write(UnsafeRawBufferPointer(rebasing: $0[..<got])) }
        }
        try gzip.finish()
        guard rename(aside, path + ".gz") == 0 else { throw SystemError.last("rename", aside) }
        unlink(path)
    }
}

/// Bytes into an open file.
private final class DescriptorSink: ByteSink {
    let descriptor: MartinetContainers.Descriptor
    init(descriptor: MartinetContainers.Descriptor) { self.descriptor = descriptor }
    func write(_ bytes: UnsafeRawBufferPointer) throws { try descriptor.writeAll(Array(bytes)) }
}

extension Engine {
    /// Removes logs of pods that are not among these, and links that lead nowhere. Source: the kubelet's collection of
    /// pod log folders, whose names end in the pod's uid.
    ///
    /// - Parameter known: asked once the folders have been listed: what a pod made since then is not among them.
    package func removeLogs(exceptOf known: () -> Set<String>) throws {
        let folders = try Files.names(in: configuration.logFolder)
        let uids = known()
        for folder in folders {
            guard let cut = folder.lastIndex(of: "_") else { continue }
            if uids.contains(String(folder[folder.index(after: cut)...])) { continue }
            try Mounts.removeTree("\(configuration.logFolder)/\(folder)")
        }
        for link in try Files.names(in: configuration.containerLogFolder) where link.hasSuffix(".log") {
            let path = "\(configuration.containerLogFolder)/\(link)"
            var info = stat()
            if stat(path, &info) != 0, errno == ENOENT { unlink(path) }
        }
    }
}
