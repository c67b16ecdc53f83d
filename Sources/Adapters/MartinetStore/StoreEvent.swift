/// One change of one key, as history tells it.
package struct StoreEvent: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case put, delete }

    /// The events of one transaction share it, in the order of its operations.
    package let revision: Revision
    package let kind: Kind
    package let key: String
    /// What was written; empty for a deletion.
    package let value: [UInt8]
    /// See `StoredObject`; for a deletion, those of the object that went.
    package let created: Revision
    package let version: Int64
    /// What the key held before: nil where this event created it.
    package let previous: StoredObject?

    package init(
        revision: Revision, kind: Kind, key: String, value: [UInt8], created: Revision, version: Int64,
        previous: StoredObject?
    ) {
        self.revision = revision
        self.kind = kind
        self.key = key
        self.value = value
        self.created = created
        self.version = version
        self.previous = previous
    }
}

/// A piece of history.
package struct EventRange: Hashable, Sendable {
    /// In the order of revisions; the events of one revision are never parted.
    package let events: [StoreEvent]
    /// Every event under the prefix up to here is in `events`: where to go on.
    package let through: Revision

    package init(events: [StoreEvent], through: Revision) {
        self.events = events
        self.through = through
    }
}
