/// Rewrites the links of an HTML page as it passes by: attributes that hold a url, in tags; everything else stays as it is,
/// byte by byte. What is no tag within 64 KiB passes unread.
struct HTMLLinks {
    /// Which attributes hold urls (HTML 4.01, index of attributes, and HTML5).
    private static let attributes: [String: Set<String>] = [
        "a": ["href"], "applet": ["codebase"], "area": ["href"], "audio": ["src"], "base": ["href"],
        "blockquote": ["cite"], "body": ["background"], "button": ["formaction"], "command": ["icon"], "del": ["cite"],
        "embed": ["src"], "form": ["action"], "frame": ["longdesc", "src"], "head": ["profile"], "html": ["manifest"],
        "iframe": ["longdesc", "src"], "img": ["longdesc", "src", "usemap"],
        "input": ["src", "usemap", "formaction"], "ins": ["cite"], "link": ["href"],
        "object": ["classid", "codebase", "data", "usemap"], "q": ["cite"], "script": ["src"], "source": ["src"],
        "video": ["poster", "src"],
    ]
    /// What stands in these is text, whatever it looks like.
    private static let rawText: Set<String> = [
        "script", "style", "textarea", "title", "iframe", "noembed", "noframes", "noscript", "plaintext", "xmp",
    ]
    private static let tagMax = 64 << 10

    private enum Mode {
        case text
        /// Behind `<`, what has come of a tag.
        case tag(quote: UInt8)
        case comment
        /// Until `</name`.
        case raw(String)
    }

    private let rewriter: LinkRewriter
    private var mode = Mode.text
    /// What has come and is not decided yet.
    private var held: [UInt8] = []

    init(_ rewriter: LinkRewriter) { self.rewriter = rewriter }

    mutating func feed(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(bytes.count + 256)
        for byte in bytes { take(byte, &out) }
        return out
    }

    /// What is still held back at the end of the page.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    private mutating func take(_ byte: UInt8, _ out: inout [UInt8]) {
        switch mode {
        case .text:
            if byte == 60 {
                held = [byte]
                mode = .tag(quote: 0)
            } else {
                out.append(byte)
            }
        case .tag(let quote): takeTag(byte, quote, &out)
        case .comment:
            out.append(byte)
            held = held.suffix(2) + [byte]
            guard held == [45, 45, 62] else { return }
            held = []
            mode = .text
        case .raw(let name):
            out.append(byte)
            // Of what came, as much as the end would be.
            held = held.suffix(name.utf8.count + 1) + [byte]
            guard held.count == name.utf8.count + 2, String(decoding: held, as: UTF8.self).lowercased() == "</\(name)"
            else { return }
            held = []
            mode = .text
        }
    }

    private mutating func takeTag(_ byte: UInt8, _ quote: UInt8, _ out: inout [UInt8]) {
        held.append(byte)
        if held.count == 2, !HTMLLinks.isLetter(byte), byte != 33 {
            // An end tag, or no tag at all.
            return pass(&out)
        }
        if held == Array("<!--".utf8) {
            pass(&out)
            mode = .comment
            return
        }
        guard held.count < HTMLLinks.tagMax else { return pass(&out) }
        if quote != 0 {
            if byte == quote { mode = .tag(quote: 0) }
        } else if byte == 34 || byte == 39 {
            // A quote begins a value only behind `=`.
            let before = held.dropLast().last { $0 != 32 && $0 != 9 && $0 != 10 && $0 != 13 }
            if before == 61 { mode = .tag(quote: byte) }
        } else if byte == 62 {
            let tag = held
            held = []
            mode = .text
            let name = HTMLLinks.name(tag)
            if HTMLLinks.rawText.contains(name), tag.dropLast().last != 47 { mode = .raw(name) }
            guard let wanted = HTMLLinks.attributes[name] else { return out += tag }
            rewrite(tag, from: 1 + name.utf8.count, wanted, &out)
        }
    }

    private mutating func pass(_ out: inout [UInt8]) {
        out += held
        held = []
        mode = .text
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (97...122).contains(byte | 0x20) && byte < 128 }
    private static func isBlank(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private static func name(_ tag: [UInt8]) -> String {
        String(decoding: tag.dropFirst().prefix { !isBlank($0) && $0 != 62 && $0 != 47 }, as: UTF8.self).lowercased()
    }

    private func rewrite(_ tag: [UInt8], from start: Int, _ wanted: Set<String>, _ out: inout [UInt8]) {
        out += tag.prefix(start)
        var index = start
        while index < tag.count {
            let nameStart = index
            while index < tag.count, HTMLLinks.isBlank(tag[index]) || tag[index] == 47 { index += 1 }
            let first = index
            while index < tag.count, !HTMLLinks.isBlank(tag[index]), ![61, 62, 47].contains(tag[index]) { index += 1 }
            let name = String(decoding: tag[first..<index], as: UTF8.self).lowercased()
            while index < tag.count, HTMLLinks.isBlank(tag[index]) { index += 1 }
            guard index < tag.count, tag[index] == 61 else {
                if index == nameStart { index += 1 }
                out += tag[nameStart..<index]
                continue
            }
            index += 1
            while index < tag.count, HTMLLinks.isBlank(tag[index]) { index += 1 }
            out += tag[nameStart..<index]
            guard index < tag.count else { return }
            let quote: UInt8 = tag[index] == 34 || tag[index] == 39 ? tag[index] : 0
            if quote != 0 { index += 1 }
            let valueStart = index
            while index < tag.count,
                quote != 0 ? tag[index] != quote : !HTMLLinks.isBlank(tag[index]) && tag[index] != 62
            { index += 1 }
            let value = Array(tag[valueStart..<index])
            let closes = quote != 0 && index < tag.count
            if closes { index += 1 }
            let link = String(decoding: value, as: UTF8.self).replacing("&amp;", with: "&")
            if wanted.contains(name), let better = rewriter.rewrite(link) {
                out += "\"\(better.replacing("&", with: "&amp;").replacing("\"", with: "&#34;"))\"".utf8
            } else {
                if quote != 0 { out.append(quote) }
                out += value
                if closes { out.append(quote) }
            }
        }
    }
}
