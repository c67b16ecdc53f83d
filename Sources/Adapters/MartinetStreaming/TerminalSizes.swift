/// Reads the sizes that a client sends as a row of JSON objects, `{"Width":80,"Height":24}`, however they are split.
struct TerminalSizes: Sendable {
    private var buffer: [UInt8] = []

    mutating func feed(_ bytes: [UInt8]) -> [(width: Int, height: Int)] {
        var sizes: [(width: Int, height: Int)] = []
        for byte in bytes {
            // No size is that long: what is there is none, and the next may be.
            if buffer.count >= 256 { buffer = [] }
            buffer.append(byte)
            guard byte == 125 else { continue }
            if let width = number("width"), let height = number("height") {
                sizes.append((width: width, height: height))
            }
            buffer = []
        }
        return sizes
    }

    private func number(_ key: String) -> Int? {
        let text = String(decoding: buffer, as: UTF8.self).lowercased()
        guard let found = text.split(separator: ",").first(where: { $0.contains("\"\(key)\"") }),
            let colon = found.firstIndex(of: ":")
        else { return nil }
        let digits = found[found.index(after: colon)...].drop { $0 == " " }.prefix { $0.isASCII && $0.isNumber }
        // struct winsize has 16 bits for each (ioctl_tty(2)).
        return UInt16(digits).map(Int.init)
    }
}
