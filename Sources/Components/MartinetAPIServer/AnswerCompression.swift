import MartinetArchive
import MartinetBase
import MartinetTransport

/// Sends large answers compressed to those who accept it. Compressing takes longer than an event loop has, so that it is
/// done elsewhere.
struct AnswerCompression: Sendable {
    /// Smaller answers are sent as they are, as upstream does.
    static let bytesMin = 128 << 10
    /// The fastest: networks of clusters are fast too.
    private static let level: Int32 = 1

    private let executor: any SerialExecutorPort

    init(runtime: any Runtime) { executor = runtime.executor(named: "martinet.apiserver.compression") }

    func respond(
        _ code: Int, _ headers: [(String, String)], _ body: ResponseBody, acceptsGzip: Bool, _ exchange: any Exchange
    ) {
        guard acceptsGzip, body.count > AnswerCompression.bytesMin else {
            return exchange.respond(code, headers, body)
        }
        executor.submit {
            let slices: [ArraySlice<UInt8>] =
                switch body {
                case .empty: []
                case .bytes(let bytes): [bytes[...]]
                case .slices(let slices): slices
                }
            guard let small = AnswerCompression.gzip(slices, level: AnswerCompression.level) else {
                return exchange.respond(code, headers, body)
            }
            exchange.respond(
                code, headers + [("content-encoding", "gzip"), ("vary", "Accept-Encoding")], .bytes(small))
        }
    }

    /// Nil where zlib has no memory.
    static func gzip(_ slices: [ArraySlice<UInt8>], level: Int32) -> [UInt8]? {
        let sink = MemorySink()
        do {
            let gzip = try GzipSink(sink, level: level)
            for slice in slices { try slice.withUnsafeBytes { try gzip.write($0) } }
            try gzip.finish()
        } catch {
            return nil
        }
        return sink.bytes
    }
}
