import Dispatch
import Glibc
import MartinetBase
import MartinetCommandLine
import MartinetContainers
import MartinetEngine
import Synchronization

extension DockerCommand {
    func logs() throws -> Int32 {
        let record = try book.find(arguments[0])
        guard let task = record.task else { return 0 }
        let folder = "\(configuration.pods)/\(record.id)"
        guard let file = try ContainerFiles.read(task, in: folder) else {
            throw DockerError("\(record.name): its log is gone with the machine's last start")
        }
        var tail: Int?
        if flags.string("tail") != "all" {
            guard let count = Int(flags.string("tail")), count >= 0 else {
                throw DockerError("--tail: expected a number or all, found \(flags.string("tail"))")
            }
            tail = count
        }
        var reader = LogReader(try Descriptor.open(file.logPath, O_RDONLY))
        let stamps = flags.bool("timestamps")
        var lines = try reader.lines()
        if let tail { lines = Array(lines.suffix(tail)) }
        for line in lines { show(line, stamps) }
        guard flags.bool("follow") else { return 0 }
        return try follow(record, task, folder, &reader, stamps)
    }

    /// The monitor says when there is more; the log is what is shown.
    private func follow(
        _ record: ContainerRecord, _ task: String, _ folder: String, _ reader: inout LogReader, _ stamps: Bool
    ) throws -> Int32 {
        let events = EventQueue()
        let connection = try MonitorConnection(folder: folder) { events.add($0) }
        try connection.attach(task)
        if try connection.status().first(where: { $0.id == task })?.state == .exited { events.add(.lost) }
        var ended = false
        while true {
            for line in try reader.lines() { show(line, stamps) }
            if ended { return 0 }
            switch events.next() {
            case .exited(let status) where status.id == task: ended = true
            case .lost: ended = true
            default: break
            }
        }
    }

    private func show(_ line: LogReader.Line, _ stamps: Bool) {
        let text = (stamps ? Array("\(line.time) ".utf8) : []) + line.text
        line.isError ? console.err(text) : console.out(text)
    }
}

/// A log in the CRI's format, line by line as it grows.
struct LogReader {
    struct Line {
        let time: String
        let isError: Bool
        /// With its line feed.
        let text: [UInt8]
    }

    private let file: Descriptor
    private var rest: [UInt8] = []
    private var parts: [Bool: [UInt8]] = [:]

    init(_ file: Descriptor) { self.file = file }

    /// What has come since the last time, whole lines only.
    mutating func lines() throws -> [Line] {
        var found: [Line] = []
        var buffer = [UInt8](repeating: 0, count: 64 << 10)
        while true {
            let count = buffer.withUnsafeMutableBytes { read(file.number, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw SystemError.last("read", "the log") }
            guard count > 0 else { return found }
            rest += buffer[..<count]
            var begin = 0
            while let end = rest[begin...].firstIndex(of: 10) {
                if let line = ContainerLog.parse(rest[begin..<end]) {
                    parts[line.isError, default: []] += line.text
                    if !line.isPartial || parts[line.isError, default: []].count > 1 << 20 {
                        let text = (parts.removeValue(forKey: line.isError) ?? []) + [10]
                        found.append(Line(time: String(line.time), isError: line.isError, text: text))
                    }
                }
                begin = end + 1
            }
            rest.removeFirst(begin)
        }
    }
}
