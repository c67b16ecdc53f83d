import Glibc

/// The parser of this process. A C callback carries no context, so the environment names it.
enum Target {
    static let parse: @Sendable ([UInt8]) -> Void = chosen ?? { _ in }

    private static var chosen: (@Sendable ([UInt8]) -> Void)? {
        getenv("MARTINET_FUZZ").flatMap { Parsers.all[String(cString: $0)] }
    }
}
