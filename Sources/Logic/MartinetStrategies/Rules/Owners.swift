package import MartinetSchema

/// The owners of an object, as whoever writes them should be told.
package enum Owners {
    /// What to say of owners that are listed more than once, of whom only the first stays; nil where there are none.
    package static func warning(_ object: Object) -> String? {
        guard case .list(let owners) = object.inner("metadata")[field: "ownerReferences"], owners.count > 1 else {
            return nil
        }
        var unique: [Value] = []
        var repeated: [String] = []
        for owner in owners {
            if !unique.contains(owner) {
                unique.append(owner)
            } else if case .object(let owner) = owner {
                repeated.append(owner.text("uid"))
            }
        }
        if repeated.isEmpty { return nil }
        return "metadata.ownerReferences: the same owner is listed more than once, and kept once: uid "
            + repeated.joined(separator: ", ")
    }
}
