/// A key compared by its bytes.
///
/// `String` compares by canonical equivalence, so that a composed and a decomposed é are one key to a dictionary and two
/// to the file; the store means the bytes.
struct StoreKey: Hashable {
    let text: String

    init(_ text: String) { self.text = text }

    static func == (a: StoreKey, b: StoreKey) -> Bool {
        a.text.utf8.count == b.text.utf8.count && a.text.utf8.elementsEqual(b.text.utf8)
    }

    func hash(into hasher: inout Hasher) {
        var text = text
        text.withUTF8 { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
    }
}
