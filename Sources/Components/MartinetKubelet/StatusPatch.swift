import MartinetSchema

/// A merge patch of an object's status: its top-level fields that differ.
enum StatusPatch {
    /// nil where nothing differs. With a uid the patch fails on another object of the same name.
    static func document(from old: Object, to new: Object, uid: String?) -> [UInt8]? {
        var changed = Object(type: new.type)
        var removed: [String] = []
        for slot in 0..<new.type.fieldCount where old[slot] != new[slot] {
            if let value = new[slot] { changed[slot] = value } else { removed.append(new.type.field(slot).name) }
        }
        guard !changed.isEmpty || !removed.isEmpty else { return nil }
        // A structure that is not there would be written as an empty one, and undo what the object has.
        for slot in 0..<new.type.fieldCount {
            if case .object(let value) = new[slot] { changed[slot] = .object(value) }
        }
        var status = JSONEncoder.encode(changed)
        if !removed.isEmpty, status.last == 125 {
            status.removeLast()
            for name in removed {
                if status.count > 1 { status.append(44) }
                status += Array("\"\(name)\":null".utf8)
            }
            status.append(125)
        }
        let head = uid.map { "{\"metadata\":{\"uid\":\"\($0)\"},\"status\":" } ?? "{\"status\":"
        return Array(head.utf8) + status + [125]
    }
}
