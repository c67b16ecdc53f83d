/// The path of a request to a proxy: what leads to the proxy, and what is passed on, both as the client wrote them.
struct ProxyPath: Equatable {
    let prefix: String
    /// Empty, or beginning with a slash.
    let rest: String

    /// - Parameter count: how many segments lead to the proxy, its own name among them.
    init(_ path: String, count: Int) {
        var left = count
        var isInside = false
        var end = path.utf8.endIndex
        for index in path.utf8.indices {
            if path.utf8[index] == 47 {
                if isInside { left -= 1 }
                isInside = false
                if left == 0 {
                    end = index
                    break
                }
            } else {
                isInside = true
            }
        }
        prefix = String(path[..<end])
        rest = String(path[end...])
    }

    /// How many segments of a path are this server's: what is behind a proxy is the business of whom it leads to.
    static func ownSegments(_ segments: [String]) -> Int {
        guard segments.count > 4, segments[0] == "api" else { return segments.count }
        if segments[4] == "proxy", segments[2] == "nodes" { return 5 }
        return segments.count > 6 && segments[6] == "proxy" && segments[2] == "namespaces" ? 7 : segments.count
    }

    /// Whether a path may lead to a proxy of a node, pod or service. Cheap, and right for those that do.
    static func isLikely(_ path: String) -> Bool {
        guard path.hasPrefix("/api/v1/") else { return false }
        var segment = 0
        for part in path.utf8.split(separator: 47, maxSplits: 8) {
            segment += 1
            if segment == 5 || segment == 7, part.elementsEqual("proxy".utf8) { return true }
        }
        return false
    }
}
