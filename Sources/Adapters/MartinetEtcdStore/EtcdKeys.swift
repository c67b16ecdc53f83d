import MartinetBase
import MartinetEtcdMessages
import MartinetStore

/// Which of an etcd's keys are the store's, and which it keeps beside them for itself.
struct EtcdKeys: Sendable {
    /// `/registry/`
    let scope: [UInt8]
    /// `/registry.martinet/`: sorts just before, so that one watch covers both.
    let hidden: [UInt8]

    init(scope: String) {
        self.scope = Array(scope.utf8)
        hidden = Array((scope.hasSuffix("/") ? String(scope.dropLast()) : scope).utf8) + Array(".martinet/".utf8)
    }

    var watched: KeyRange { KeyRange(start: hidden, end: KeyRange.after(prefix: scope)) }
    var anchor: [UInt8] { hidden + Array("anchor".utf8) }

    func isInScope(_ key: [UInt8]) -> Bool { key.starts(with: scope) }

    /// What of the keys with `prefix` that are not before `from` is in scope; nil where nothing is.
    func range(prefix: String, from: String?) -> KeyRange? {
        let prefix = Array(prefix.utf8)
        let whole = KeyRange(prefix: scope)
        var start = prefix.lexicographicallyPrecedes(scope) ? scope : prefix
        if let from, start.lexicographicallyPrecedes(from.utf8) { start = Array(from.utf8) }
        var end = KeyRange.after(prefix: prefix)
        if end == [0] || !whole.isUnbounded && whole.end.lexicographicallyPrecedes(end) { end = whole.end }
        guard end == [0] || start.lexicographicallyPrecedes(end) else { return nil }
        return KeyRange(start: start, end: end)
    }
}

extension KeyValue {
    /// Nil where the key is no text: nothing of ours.
    var object: StoredObject? {
        guard let text = String(validating: key, as: UTF8.self) else { return nil }
        return StoredObject(
            key: text, value: value, created: Revision(createRevision), modified: Revision(modRevision),
            version: version, expires: ExpiryLease.expires(lease))
    }
}

extension EtcdEvent {
    /// Nil where the key is no text. An object from before a compaction is not told.
    var storeEvent: StoreEvent? {
        guard let kv, let text = String(validating: kv.key, as: UTF8.self) else { return nil }
        let before = previous?.object
        switch kind {
        case .put:
            return StoreEvent(
                revision: Revision(kv.modRevision), kind: .put, key: text, value: kv.value,
                created: Revision(kv.createRevision), version: kv.version, previous: before)
        case .delete:
            return StoreEvent(
                revision: Revision(kv.modRevision), kind: .delete, key: text, value: [],
                created: before?.created ?? .none, version: before?.version ?? 0, previous: before)
        }
    }
}
