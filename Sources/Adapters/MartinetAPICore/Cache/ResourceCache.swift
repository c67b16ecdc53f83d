import MartinetBase
import MartinetSchema
import MartinetSelectors
import MartinetStore
import Synchronization

/// The current objects of one resource and the log of their latest changes.
///
/// Written only by the store's observer, on the store's writing thread, after a commit is durable and before it is
/// answered: whoever has had an answer finds it here.
package final class ResourceCache: Sendable {
    private struct State {
        var objects = SortedMap<CachedObject>()
        /// The length of all objects together, as JSON.
        var bytes = 0
        var log: EventLog
        /// The last change of this resource.
        var changed: Revision
        var watchers: [Int: Watcher] = [:]
        var nextWatcher = 0

        /// Logs an event and says who is to be woken.
        mutating func append(_ event: LogEvent) -> [Watcher] {
            changed = max(changed, event.revision)
            log.append(event)
            guard let seen = event.object ?? event.previous else { return [] }
            // A watcher of another namespace need not wake; its position moves when it next does.
            return watchers.values.filter { $0.selection.namespace == nil || $0.selection.namespace == seen.namespace }
        }
    }

    /// What all keys of the resource begin with, ending in a slash.
    package let prefix: String
    private let reached: ReachedRevision
    private let state: Mutex<State>

    /// - Parameters:
    ///   - reached: how far the store's history is in the caches, this one among them.
    ///   - logged: the cache hears of every change after this revision.
    init(prefix: String, reached: ReachedRevision, logged: Revision? = nil) {
        self.prefix = prefix
        self.reached = reached
        state = Mutex(State(log: EventLog(after: logged ?? reached.revision), changed: .none))
    }

    /// Everything up to here is in `objects`. A change of this resource may be there before its whole batch is.
    private func revision(_ state: borrowing State) -> Revision { max(reached.revision, state.changed) }

    // MARK: - Writing (the store's thread)

    func load(_ object: CachedObject) {
        state.withLock {
            $0.bytes += object.json.count - ($0.objects[object.key]?.json.count ?? 0)
            $0.objects.set(object.key, object)
            $0.changed = max($0.changed, object.revision)
        }
    }

    func put(_ object: CachedObject) {
        let woken = state.withLock { state in
            let previous = state.objects[object.key]
            state.bytes += object.json.count - (previous?.json.count ?? 0)
            state.objects.set(object.key, object)
            return state.append(LogEvent(revision: object.revision, object: object, previous: previous, tombstone: nil))
        }
        for watcher in woken { wake(watcher) }
    }

    func delete(_ key: String, at revision: Revision) {
        let woken: [Watcher] = state.withLock { state in
            guard let previous = state.objects.remove(key) else { return [] }
            state.bytes -= previous.json.count
            return state.append(
                LogEvent(revision: revision, object: nil, previous: previous, tombstone: previous.at(revision)))
        }
        for watcher in woken { wake(watcher) }
    }

    // MARK: - Reading

    package func get(_ key: String) -> CachedObject? { state.withLock { $0.objects[key] } }

    package var count: Int { state.withLock { $0.objects.count } }

    /// How much there is of the resource, and how many look at it.
    package struct Size: Sendable {
        package let objects: Int
        package let bytes: Int
        package let watchers: Int
        package var averageBytes: Int { bytes / max(objects, 1) }
    }

    package var size: Size {
        state.withLock { Size(objects: $0.objects.count, bytes: $0.bytes, watchers: $0.watchers.count) }
    }
    /// When it last changed.
    var changed: Revision { state.withLock { $0.changed } }

    struct Page {
        var objects: [CachedObject] = []
        /// The key to go on from; nil at the end.
        var next: String?
        var remaining = 0
        var revision: Revision
    }

    /// - Returns: nil where the resource has changed since `revision`, so that the page must come from history.
    func page(_ selection: Selection, from start: String?, limit: Int, at revision: Revision?) -> Page? {
        state.withLock { state in
            if let revision, state.changed > revision { return nil }
            var page = Page(revision: revision ?? self.revision(state))
            if let key = singleKey(selection) {
                // A continue token leads here behind the object.
                guard let object = state.objects[key], start.map({ !key.precedes($0) }) ?? true else { return page }
                if selection.matches(object) { page.objects = [object] }
                return page
            }
            state.objects.forEach(prefix: keyPrefix(selection), from: start) { key, object in
                if limit > 0, page.objects.count == limit {
                    // Whether what comes matches is found out when it is asked for, as upstream does.
                    if page.next == nil { page.next = key }
                    page.remaining += 1
                    // How many are left is only said where nothing is selected: that is what counting costs.
                    return !selection.isFiltered
                }
                if selection.matches(object) { page.objects.append(object) }
                return true
            }
            return page
        }
    }

    func keyPrefix(_ selection: Selection) -> String {
        guard let namespace = selection.namespace else { return prefix }
        return "\(prefix)\(namespace)/"
    }

    /// The key of the only object that can match, where a selection says so.
    private func singleKey(_ selection: Selection) -> String? {
        guard selection.namespace != nil, let name = selection.fields.exact("metadata.name") else { return nil }
        return keyPrefix(selection) + name
    }

    // MARK: - Watching

    enum WatchStart: Sendable {
        /// The current objects as additions, then what changes.
        case current(markEnd: Bool)
        /// Only what changes from now on.
        case now
        /// What changed after a revision, also one that is still to come.
        case after(Revision)
    }

    /// Registers a watcher. Nil where history after the revision must be read from the store first.
    func watch(
        _ selection: Selection, _ start: WatchStart, on executor: any SerialExecutorPort,
        _ sink: @escaping @Sendable ([WatchEvent]) -> Void
    ) -> (number: Int, watcher: Watcher)? {
        let registered: (Int, Watcher, [WatchEvent])? = state.withLock { state in
            var initial: [WatchEvent] = []
            let position: Int
            var revision = revision(state)
            var after = Revision.none
            switch start {
            case .now: position = state.log.end
            case .current(let markEnd):
                state.objects.forEach(prefix: keyPrefix(selection)) { _, object in
                    if selection.matches(object) { initial.append(.added(object)) }
                    return true
                }
                if markEnd { initial.append(.bookmark(revision, initialEventsEnd: true)) }
                position = state.log.end
            case .after(let wanted):
                guard let found = state.log.position(after: wanted) else { return nil }
                position = found
                revision = wanted
                after = wanted
            }
            let watcher = Watcher(
                position: position, revision: revision, after: after, selection: selection, executor: executor,
                sink: sink)
            state.nextWatcher += 1
            state.watchers[state.nextWatcher] = watcher
            return (state.nextWatcher, watcher, initial)
        }
        guard let (number, watcher, initial) = registered else { return nil }
        // Nobody else may schedule it before this: what is there comes before what changes.
        executor.submit {
            if !initial.isEmpty { sink(initial) }
            self.drain(watcher)
        }
        return (number, watcher)
    }

    func cancel(_ number: Int) {
        let watcher = state.withLock { $0.watchers.removeValue(forKey: number) }
        watcher?.state.withLock { $0.isOver = true }
    }

    /// Ends every watch: the schema changed, or the resource is gone.
    func endWatches() {
        let watchers = state.withLock { state in
            defer { state.watchers = [:] }
            return Array(state.watchers.values)
        }
        for watcher in watchers {
            watcher.state.withLock { $0.isOver = true }
            watcher.executor.submit { watcher.sink([.ended]) }
        }
    }

    /// The revision up to which a watcher has been served, for a bookmark.
    func served(_ watcher: Watcher) -> Revision {
        state.withLock { state in
            watcher.state.withLock { own in
                if own.position == state.log.end { own.revision = max(own.revision, revision(state)) }
                return own.revision
            }
        }
    }

    private func wake(_ watcher: Watcher) {
        let schedule = watcher.state.withLock { own in
            guard !own.isScheduled, !own.isOver else { return false }
            own.isScheduled = true
            return true
        }
        if schedule { watcher.executor.submit { self.drain(watcher) } }
    }

    private static let drainMax = 256

    private func drain(_ watcher: Watcher) {
        var behind = false
        var more = false
        let events: [WatchEvent] = state.withLock { state in
            watcher.state.withLock { own in
                own.isScheduled = false
                guard !own.isOver else { return [] }
                guard own.position >= state.log.start else {
                    own.isOver = true
                    behind = true
                    return []
                }
                var events: [WatchEvent] = []
                while own.position < state.log.end, events.count < ResourceCache.drainMax {
                    let event = state.log[own.position]
                    own.position += 1
                    // It was served from the store, or the watch is to begin later.
                    guard event.revision > watcher.after else { continue }
                    own.revision = event.revision
                    if let seen = watcher.view(of: event) { events.append(seen) }
                }
                more = own.position < state.log.end
                return events
            }
        }
        if !events.isEmpty { watcher.sink(events) }
        if behind { watcher.sink([.ended]) }
        if more { wake(watcher) }
    }
}

extension String {
    /// By bytes, as keys are in order.
    fileprivate func precedes(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
