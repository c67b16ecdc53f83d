import MartinetBase

/// Turns a log file's lines into what a reader sees: pieces joined, streams and times filtered, the length limited.
struct LogRenderer: Sendable {
    private let options: LogOptions
    private let since: Timestamp?
    private var left: Int64
    /// By stream, whether the next piece begins a line: two streams' pieces may be mixed in the file.
    private var isInLine: [LogOptions.Stream: Bool] = [:]

    /// - Parameter now: what `sinceSeconds` counts back from.
    init(_ options: LogOptions, now: Timestamp) {
        self.options = options
        since = options.sinceTime ?? options.sinceSeconds.map { now.advanced(by: .seconds(-min($0, 1 << 40))) }
        left = options.limitBytes ?? .max
    }

    /// Nothing more will be rendered.
    var isFull: Bool { left <= 0 }

    /// A line of another form is passed on as it is: what is in a log is not lost because it is not understood.
    ///
    /// - Parameter isEnded: whether the file has a newline after it; else it is the file's end.
    mutating func render(_ line: ArraySlice<UInt8>, isEnded: Bool = true, into out: inout [UInt8]) {
        guard let parsed = CRILogLine(line) else { return emit(isEnded ? line + [10] : line, into: &out) }
        let begins = !(isInLine[parsed.stream] ?? false)
        isInLine[parsed.stream] = parsed.isPartial
        guard options.stream == .all || options.stream == parsed.stream else { return }
        if let since, let time = parsed.timestamp, time < since { return }
        if options.timestamps, begins { emit(parsed.time + [32], into: &out) }
        emit(parsed.text, into: &out)
        if !parsed.isPartial, isEnded { emit([10], into: &out) }
    }

    private mutating func emit(_ bytes: ArraySlice<UInt8>, into out: inout [UInt8]) {
        let taken = bytes.prefix(Int(clamping: left))
        out += taken
        left -= Int64(taken.count)
    }
}
