import Glibc
package import MartinetBase
import Synchronization

/// Reads a container's log file and, where asked to, what is still written to it: no polling, and over the file's
/// rotation.
package final class LogReader: LogSource {
    private struct Control {
        var reading = true
        var cancelled = false
        var ended = false
        var scheduled = false
    }

    /// Touched on the executor alone, which runs one piece of work at a time.
    private struct Work: ~Copyable {
        var file: LogFile
        var renderer: LogRenderer
        var pending: [UInt8] = []
        var onBytes: (@Sendable ([UInt8]) -> Void)?
        var onEnd: (@Sendable (String?) -> Void)?
        var watch: DirectoryWatcher.Watch?
    }

    private let options: LogOptions
    private let executor: any SerialExecutorPort
    private let watcher: DirectoryWatcher?
    private let folder: String
    private let control = Mutex(Control())
    private let work: Mutex<Work>

    /// - Parameters:
    ///   - isRunning: whether more may come; where not, following ends at the file's end.
    ///   - watcher: for following alone.
    package init(
        _ path: String, _ options: LogOptions, isRunning: Bool, runtime: any Runtime, watcher: DirectoryWatcher?
    ) throws(SystemError) {
        self.options = options
        self.watcher = options.follow ? watcher : nil
        folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        executor = runtime.executor(named: "martinet.log.reader")
        var file = try LogFile(path)
        if let lines = options.tailLines { try file.seek(toLast: lines) }
        work = Mutex(Work(file: file, renderer: LogRenderer(options, now: runtime.now())))
        control.withLock { $0.ended = !isRunning }
    }

    /// The log of the running instance in a container's folder, or of the one before it: files are named after the
    /// number of restarts, `3.log`. Nil where there is none.
    package static func path(in folder: String, previous: Bool) -> String? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var numbers: [Int] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(".log"), let number = Int(name.dropLast(4)), number >= 0 { numbers.append(number) }
        }
        guard let last = numbers.max() else { return nil }
        guard previous else { return "\(folder)/\(last).log" }
        return numbers.contains(last - 1) ? "\(folder)/\(last - 1).log" : nil
    }

    /// The container has ended, and its log is whole: following ends at the file's end.
    package func containerEnded() {
        control.withLock { $0.ended = true }
        wake()
    }

    package func start(
        onBytes: @escaping @Sendable ([UInt8]) -> Void, onEnd: @escaping @Sendable (String?) -> Void
    ) {
        // Watched before the first read: nothing is missed between the two.
        var failure: SystemError?
        var watch: DirectoryWatcher.Watch?
        do throws(SystemError) {
            watch = try watcher?.watch(folder) { [weak self] in self?.wake() }
        } catch { failure = error }
        work.withLock { work in
            work.onBytes = onBytes
            work.onEnd = onEnd
            work.watch = watch
        }
        if let failure { return finish("\(failure)") }
        wake()
    }

    package func setReading(_ reading: Bool) {
        control.withLock { $0.reading = reading }
        if reading { wake() }
    }

    package func cancel() {
        control.withLock { $0.cancelled = true }
        executor.submit { [self] in
            work.withLock { work in
                work.onBytes = nil
                work.onEnd = nil
                work.watch = nil
            }
        }
    }

    private func wake() {
        let first = control.withLock { control in
            defer { control.scheduled = true }
            return !control.scheduled
        }
        guard first else { return }
        executor.submit { [self] in
            control.withLock { $0.scheduled = false }
            advance()
        }
    }

    private func finish(_ message: String?) {
        let onEnd = work.withLock { work in
            defer {
                work.onBytes = nil
                work.onEnd = nil
                work.watch = nil
            }
            return work.onEnd
        }
        onEnd?(message)
    }

    /// On the executor.
    private func advance() {
        while true {
            // Looked at before reading: what was there then has been read once the end is reached.
            let (mayRead, ended) = control.withLock { ($0.reading && !$0.cancelled, $0.ended) }
            guard mayRead else { return }
            enum Next {
                case bytes([UInt8], (@Sendable ([UInt8]) -> Void)?, isOver: Bool), end(
                    [UInt8], (@Sendable ([UInt8]) -> Void)?), wait, fail(SystemError)
            }
            let follow = options.follow
            let folder = folder
            let next: Next = work.withLock { work in
                guard work.onBytes != nil else { return .wait }
                do throws(SystemError) {
                    let isReplaced = follow && work.file.isReplaced
                    let bytes = try work.file.read(64 << 10)
                    var out: [UInt8] = []
                    guard bytes.isEmpty else {
                        LogReader.split(bytes, &work.pending, &work.renderer, &out)
                        return .bytes(out, work.onBytes, isOver: work.renderer.isFull)
                    }
                    if isReplaced {
                        LogReader.flush(&work.pending, &work.renderer, &out)
                        work.file = try LogFile(work.file.path)
                        return .bytes(out, work.onBytes, isOver: work.renderer.isFull)
                    }
                    guard !follow || ended || access(folder, F_OK) != 0 else { return .wait }
                    LogReader.flush(&work.pending, &work.renderer, &out)
                    return .end(out, work.onBytes)
                } catch { return .fail(error) }
            }
            switch next {
            case .wait: return
            case .fail(let error): return finish("\(error)")
            case .bytes(let bytes, let onBytes, let isOver):
                if !bytes.isEmpty { onBytes?(bytes) }
                if isOver { return finish(nil) }
            case .end(let bytes, let onBytes):
                if !bytes.isEmpty { onBytes?(bytes) }
                return finish(nil)
            }
        }
    }

    /// A line may be this long before it is passed on in pieces.
    private static let lineBytesMax = 1 << 20

    private static func split(
        _ bytes: [UInt8], _ pending: inout [UInt8], _ renderer: inout LogRenderer, _ out: inout [UInt8]
    ) {
        var rest = bytes[...]
        while let newline = rest.firstIndex(of: 10) {
            if pending.isEmpty {
                renderer.render(rest[..<newline], into: &out)
            } else {
                pending += rest[..<newline]
                renderer.render(pending[...], into: &out)
                pending = []
            }
            rest = rest[(newline + 1)...]
        }
        pending += rest
        if pending.count > lineBytesMax { flush(&pending, &renderer, &out) }
    }

    private static func flush(_ pending: inout [UInt8], _ renderer: inout LogRenderer, _ out: inout [UInt8]) {
        guard !pending.isEmpty else { return }
        renderer.render(pending[...], isEnded: false, into: &out)
        pending = []
    }
}
