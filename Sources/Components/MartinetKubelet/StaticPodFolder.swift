import Dispatch
import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import Synchronization

/// Watches a folder of manifests (inotify(7)) and tells the pods that it describes.
final class StaticPodFolder: Sendable {
    private let path: String
    private let nodeName: String
    private let log: Log
    private let descriptor: Descriptor
    private let queue: DispatchQueue
    private let onChange: @Sendable ([String: Pod]) -> Void
    /// `unsafe`: Dispatch documents `cancel` as safe from any thread, and nothing else is called on it once resumed.
    nonisolated(unsafe) private let source: any DispatchSourceRead

    init(
        _ path: String, nodeName: String, log: Log, onChange: @escaping @Sendable ([String: Pod]) -> Void
    ) throws(SystemError) {
        self.path = path
        self.nodeName = nodeName
        self.log = log
        self.onChange = onChange
        try Files.makeFolders(path)
        let number = inotify_init1(Int32(IN_CLOEXEC | IN_NONBLOCK))
        guard number >= 0 else { throw SystemError.last("inotify_init1", path) }
        let descriptor = Descriptor(owning: number)
        let wanted = UInt32(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE)
        guard inotify_add_watch(number, path, wanted) >= 0 else {
            throw SystemError.last("inotify_add_watch", path)
        }
        self.descriptor = descriptor
        queue = DispatchQueue(label: "martinet.kubelet.static")
        source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue)
        source.setEventHandler { [weak self] in self?.changed() }
        source.setCancelHandler { withExtendedLifetime(descriptor) {} }
        source.resume()
    }

    deinit { source.cancel() }

    private func changed() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        while read(descriptor.number, &buffer, buffer.count) > 0 {}
        onChange(pods())
    }

    /// The pods of all manifests, by uid. A file that cannot be read is told of and left out.
    func pods() -> [String: Pod] {
        var found: [String: Pod] = [:]
        for name in (try? Files.names(in: path)) ?? [] where !name.hasPrefix(".") && !name.hasSuffix("~") {
            do {
                let bytes = try Files.read("\(path)/\(name)", limit: 4 << 20)
                let pod = try StaticManifest.pod(bytes, file: name, nodeName: nodeName)
                found[pod.metadata.uid] = pod
            } catch {
                log.error("a manifest is not run", [("file", "\(path)/\(name)"), ("error", "\(error)")])
            }
        }
        return found
    }
}
