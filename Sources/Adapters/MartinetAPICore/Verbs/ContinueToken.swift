import MartinetBase
import MartinetSchema
import MartinetStore

/// Where a list in chunks goes on: a revision, and the first key that has not been sent.
///
/// As upstream's: base64url of `{"v":"meta.k8s.io/v1","rv":N,"start":"KEY"}`, the key relative to the resource. Without
/// a revision the rest of the list is what is there when it is asked for.
struct ContinueToken {
    let revision: Revision?
    let start: String

    init(revision: Revision?, start: String) {
        self.revision = revision
        self.start = start
    }

    init?(_ text: String) {
        var base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        while base64.utf8.count % 4 != 0 { base64 += "=" }
        guard let bytes = Base64.decode(base64), case .map(let map)? = try? JSONDecoder.decodeAny(bytes).value,
            case .string("meta.k8s.io/v1")? = map["v"], case .int(let number)? = map["rv"],
            case .string(let start)? = map["start"],
            number >= -1, !start.split(separator: "/", omittingEmptySubsequences: false).contains("..")
        else { return nil }
        revision = number == -1 ? nil : Revision(number)
        self.start = start
    }

    var text: String {
        let json = JSONEncoder.encode(
            Value.map(
                Map(unsorted: [
                    .init(key: "v", value: .string("meta.k8s.io/v1")),
                    .init(key: "rv", value: .int(revision?.value ?? -1)),
                    .init(key: "start", value: .string(start)),
                ])))
        return Base64.encode(json).replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }
}
