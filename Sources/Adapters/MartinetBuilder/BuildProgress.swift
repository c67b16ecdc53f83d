/// How far a build is.
package enum BuildProgress: Sendable, CustomStringConvertible {
    case warning(String)
    /// An instruction begins; `number` counts from 1, over all stages.
    case step(String, number: Int, of: Int)
    /// An ONBUILD instruction of the base image.
    case trigger(String)
    /// The instruction did nothing: what it makes is there from an earlier build.
    case cached
    /// What a RUN writes, in pieces.
    case output([UInt8])

    package var description: String {
        switch self {
        case .warning(let text): "warning: \(text)"
        case .step(let text, let number, let count): "\(number)/\(count) \(text)"
        case .trigger(let text): "ONBUILD \(text)"
        case .cached: "from the cache"
        case .output(let bytes): String(decoding: bytes, as: UTF8.self)
        }
    }
}
