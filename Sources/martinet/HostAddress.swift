import Glibc

/// What this machine is called, and where others reach it.
enum HostAddress {
    /// The first IPv4 address that is neither loopback nor one of ours; nil where there is none.
    static var primary: String? {
        var list: UnsafeMutablePointer<ifaddrs>?
        guard getifaddrs(&list) == 0 else { return nil }
        defer { freeifaddrs(list) }
        var next = list
        while let entry = next {
            defer { next = entry.pointee.ifa_next }
            guard let address = entry.pointee.ifa_addr, address.pointee.sa_family == UInt16(AF_INET),
                entry.pointee.ifa_flags & UInt32(IFF_UP) != 0, entry.pointee.ifa_flags & UInt32(IFF_LOOPBACK) == 0
            else { continue }
            let name = String(cString: entry.pointee.ifa_name)
            if name.hasPrefix("martinet") || name.hasPrefix("mt") { continue }
            return address.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { pointer in
                let number = UInt32(bigEndian: pointer.pointee.sin_addr.s_addr)
                return "\(number >> 24).\(number >> 16 & 255).\(number >> 8 & 255).\(number & 255)"
            }
        }
        return nil
    }

    /// The host's name in the form that nodes are named in.
    static var hostName: String {
        var buffer = [CChar](repeating: 0, count: 256)
        gethostname(&buffer, buffer.count - 1)
        let name = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self).lowercased()
        let allowed = name.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == ".") }
        return allowed.isEmpty ? "martinet" : allowed
    }
}
