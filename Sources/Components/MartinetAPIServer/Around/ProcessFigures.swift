import Glibc
import MartinetMetrics

/// What the kernel knows of this process.
///
/// Source: proc(5).
struct ProcessFigures {
    var processorSeconds = 0.0
    var residentBytes = 0
    var virtualBytes = 0
    var descriptors = 0
    var descriptorsMax = 0.0
    /// Since 1970.
    var startSeconds = 0.0

    /// Nil where /proc is not there. Reads files: not to be asked on an event loop.
    static func read() -> ProcessFigures? {
        guard let stat = text("/proc/self/stat"), let close = stat.lastIndex(of: ")") else { return nil }
        // After the name, which may hold anything: the third field is the first.
        let fields = stat[stat.index(after: close)...].split(separator: " ")
        func number(_ index: Int) -> Double { index - 3 < fields.count ? Double(fields[index - 3]) ?? 0 : 0 }
        let ticks = Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        var figures = ProcessFigures()
        figures.processorSeconds = (number(14) + number(15)) / ticks
        figures.virtualBytes = Int(exactly: number(23)) ?? 0
        figures.residentBytes = (Int(exactly: number(24)) ?? 0) &* max(1, sysconf(Int32(_SC_PAGESIZE)))
        let boot = text("/proc/stat")?.split(separator: "\n").first { $0.hasPrefix("btime ") }
        figures.startSeconds = (boot.flatMap { Double($0.dropFirst(6)) } ?? 0) + number(22) / ticks
        var limit = rlimit()
        if getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 {
            figures.descriptorsMax = Double(limit.rlim_cur)
        }
        if let folder = opendir("/proc/self/fd") {
            while readdir(folder) != nil { figures.descriptors += 1 }
            closedir(folder)
            // Itself, and the two names that every folder has.
            figures.descriptors = max(0, figures.descriptors - 3)
        }
        return figures
    }

    func write(to text: inout MetricText) {
        text.family(
            "process_cpu_seconds_total", .counter, "Processor time in user and kernel mode, in seconds.")
        text.sample("process_cpu_seconds_total", [], processorSeconds)
        for (name, value, help) in [
            ("process_max_fds", descriptorsMax, "How many file descriptors may be open."),
            ("process_open_fds", Double(descriptors), "How many file descriptors are open."),
            ("process_resident_memory_bytes", Double(residentBytes), "Resident memory in bytes."),
            ("process_start_time_seconds", startSeconds, "When the process started, in seconds since 1970."),
            ("process_virtual_memory_bytes", Double(virtualBytes), "Virtual memory in bytes."),
        ] {
            text.family(name, .gauge, help)
            text.sample(name, [], value)
        }
    }

    private static func text(_ path: String) -> String? {
        let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { Glibc.close(descriptor) }
        var bytes: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 4096)
        while bytes.count < 1 << 20 {
            let count = Glibc.read(descriptor, &piece, piece.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            bytes += piece[..<count]
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
