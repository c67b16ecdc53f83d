import MartinetClient
import MartinetSchema
import MartinetBase
package import MartinetStore
import Synchronization

/// What a watch delivers.
package enum WatchEvent: Sendable {
    case added(CachedObject)
    case modified(CachedObject)
    case deleted(CachedObject)
    case bookmark(Revision, initialEventsEnd: Bool)
    /// The stream ends: the watcher fell behind, was cancelled, or the resource went away.
    case ended
}

/// A position in a resource's log, with the filter and the executor of the one who watches.
///
/// Its sink runs on its executor, in order. A wake-up is sent at most once until it has been served, whatever happens
/// meanwhile: a thousand events cost one.
final class Watcher: Sendable {
    struct State {
        var position: Int
        /// From the start: the first drain is scheduled by whoever registers the watcher.
        var isScheduled = true
        var isOver = false
        /// Delivered up to here: what a bookmark may claim.
        var revision: Revision
    }

    let state: Mutex<State>
    /// Events up to here are not for this watcher, although they may come behind its position: a batch that it has read
    /// from the store is still being told, or it asked for what comes after a revision that is yet to come.
    let after: Revision
    let selection: Selection
    let executor: any SerialExecutorPort
    let sink: @Sendable ([WatchEvent]) -> Void

    init(
        position: Int, revision: Revision, after: Revision = .none, selection: Selection,
        executor: any SerialExecutorPort,
        sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) {
        state = Mutex(State(position: position, revision: revision))
        self.after = after
        self.selection = selection
        self.executor = executor
        self.sink = sink
    }

    /// What this watcher sees of a change: it depends on whether the object matched before and whether it does now.
    func view(of event: LogEvent) -> WatchEvent? {
        let before = event.previous.map(selection.matches) ?? false
        if let object = event.object {
            if selection.matches(object) { return before ? .modified(object) : .added(object) }
            // It went out of sight: the old object, at the revision of the change.
            guard before, let previous = event.previous else { return nil }
            return .deleted(previous.at(event.revision))
        }
        guard before, let tombstone = event.tombstone else { return nil }
        return .deleted(tombstone)
    }
}

extension CachedObject {
    /// The same object with another resourceVersion, as deletions carry it.
    func at(_ revision: Revision) -> CachedObject {
        var changed = object
        changed.setResourceVersion(String(revision.value))
        return CachedObject(
            key: key, namespace: namespace, name: name, revision: revision, json: JSONEncoder.encode(changed),
            type: type,
            labels: labels, fields: fields, object: changed)
    }
}
