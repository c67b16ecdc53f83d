import MartinetBase
import MartinetImageSpec
import MartinetImages

/// A line of `docker images`.
struct ImageRow {
    let repository: String
    let tag: String
    let digest: String
    let id: String
    let shortID: String
    let created: Timestamp
    let size: Int64

    init(_ name: ImageReference, _ image: Image) {
        let plain = ImageReference(domain: name.domain, path: name.path, tag: nil, digest: nil)
        repository = ImageRow.withoutTag(plain.familiar)
        tag = name.tag ?? "<none>"
        digest = image.target.digest.description
        id = image.id.description
        shortID = image.id.short
        created = image.config.created.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0)
        size = image.layerBytes
    }

    private static func withoutTag(_ text: String) -> String {
        guard text.hasSuffix(":latest") else { return text }
        return String(text.dropLast(7))
    }

    /// `nginx` is every tag of it, `nginx:1.15` that one.
    static func matches(_ name: ImageReference, _ wanted: String) -> Bool {
        guard let reference = try? ImageReference(wanted) else { return false }
        let hasTag = wanted.split(separator: "/").last?.contains(":") == true
        return name.domain == reference.domain && name.path == reference.path && (!hasTag || name.tag == reference.tag)
    }

    func fields(_ now: Timestamp, _ isLong: Bool) -> [(String, String)] {
        [
            ("Containers", "N/A"), ("CreatedAt", created.rfc3339), ("CreatedSince", Formatting.ago(created, now)),
            ("Digest", digest), ("ID", isLong ? id : shortID), ("Repository", repository),
            ("Size", Formatting.size(size)), ("Tag", tag),
        ]
    }
}
