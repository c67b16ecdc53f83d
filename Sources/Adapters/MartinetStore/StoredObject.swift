package import MartinetBase

/// A key's value at one revision, with where it stands in the key's life.
package struct StoredObject: Hashable, Sendable {
    package let key: String
    package let value: [UInt8]
    /// The revision of the write that created the key, after which it was never deleted.
    package let created: Revision
    /// The revision of the write that gave it this value.
    package let modified: Revision
    /// How many writes the key has had since its creation: 1 for the creating one.
    package let version: Int64
    /// When the store deletes the key by itself, if it is not written again before; in whole
    /// microseconds, rounded up from what was asked.
    package let expires: Timestamp?

    package init(
        key: String, value: [UInt8], created: Revision, modified: Revision, version: Int64, expires: Timestamp?
    ) {
        self.key = key
        self.value = value
        self.created = created
        self.modified = modified
        self.version = version
        self.expires = expires
    }
}
