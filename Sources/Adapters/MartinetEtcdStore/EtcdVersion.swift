/// A member's version, for what depends on it.
struct EtcdVersion: Comparable {
    let major: Int
    let minor: Int
    let patch: Int

    init?(_ text: String) {
        let parts = text.split(separator: ".").map { $0.prefix { $0.isASCII && $0.isNumber } }.map { Int($0) }
        guard parts.count >= 3, let major = parts[0], let minor = parts[1], let patch = parts[2] else { return nil }
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    private init(_ major: Int, _ minor: Int, _ patch: Int) {
        (self.major, self.minor, self.patch) = (major, minor, patch)
    }

    static func < (a: EtcdVersion, b: EtcdVersion) -> Bool {
        (a.major, a.minor, a.patch) < (b.major, b.minor, b.patch)
    }

    /// Before these, an answer to a progress request could overtake events that it claimed had been told.
    var trustsProgress: Bool {
        if (major, minor) == (3, 4) { return self >= EtcdVersion(3, 4, 31) }
        return self >= EtcdVersion(3, 5, 13)
    }
}
