import MartinetBase
import MartinetStore
import MartinetStoreContract

/// What clients asked and were told, to be compared with what the store's own history says.
///
/// Every write has a value of its own and a revision of its own, and the history is the order of all of them. So the clients'
/// operations are linearizable exactly if each can be put at a point between its begin and its end where the history agrees.
struct OutcomeHistory {
    enum Told: Sendable {
        case committed(Revision, previous: Revision?)
        case conflict(current: Revision?)
        case read(Revision?)
        /// Certainly not carried out.
        case refused(String)
        case unknown
    }

    struct Entry: Sendable {
        let key: String
        /// Nil for a read; empty for a deletion.
        let value: [UInt8]?
        let condition: Revision?
        let begin: Duration
        let end: Duration
        let told: Told
    }

    let entries: [Entry]
    let events: [StoreEvent]

    /// What does not agree, in words; empty where everything does.
    func contradictions() -> [String] {
        var found: [String] = []
        let byKey = Dictionary(grouping: events, by: \.key)
        let byValue = Dictionary(grouping: events.filter { $0.kind == .put }, by: \.value)
        let byRevision = Dictionary(grouping: events, by: \.revision)
        for (value, events) in byValue where events.count > 1 {
            found.append("\(String(decoding: value, as: UTF8.self)) was written \(events.count) times")
        }
        let writes = entries.filter { $0.value?.isEmpty == false }
        let known = Set(writes.compactMap(\.value))
        for event in events where event.kind == .put && !known.contains(event.value) {
            found.append("nobody wrote what \(event.key) had at \(event.revision)")
        }
        var deletionsTold: Set<Revision> = []
        var deletionsUnknown = 0
        for entry in entries {
            let written = entry.value.flatMap { $0.isEmpty ? nil : byValue[$0]?.first }
            switch entry.told {
            case .committed(let revision, let previous):
                guard let event = byRevision[revision]?.first(where: { $0.key == entry.key }) else {
                    found.append("\(entry.key) was told of \(revision), where nothing happened")
                    continue
                }
                if entry.value?.isEmpty == true {
                    if event.kind != .delete { found.append("\(entry.key) at \(revision) is no deletion") }
                    if !deletionsTold.insert(revision).inserted {
                        found.append("two were told of deletion \(revision)")
                    }
                } else if event.value != entry.value {
                    found.append("\(entry.key) at \(revision) is not what was written")
                }
                if (event.previous?.modified ?? .none) != (entry.condition ?? .none) {
                    found.append("\(entry.key) at \(revision) broke its condition")
                }
                if previous != event.previous?.modified {
                    found.append("\(revision) was told another object before it")
                }
            case .conflict, .refused:
                if written != nil { found.append("\(entry.key): refused, and written all the same") }
            case .unknown:
                if entry.value?.isEmpty == true { deletionsUnknown += 1 }
            case .read: break
            }
        }
        let deletions = events.filter { $0.kind == .delete }.map(\.revision)
        let unexplained = deletions.filter { !deletionsTold.contains($0) }.count
        if unexplained > deletionsUnknown { found.append("\(unexplained) deletions that nobody was told of") }
        return found + order(byKey)
    }

    /// Real time: what was over before something else began, comes before it.
    private func order(_ byKey: [String: [StoreEvent]]) -> [String] {
        var found: [String] = []
        var committed: [(end: Duration, revision: Revision)] = entries.compactMap { entry in
            guard case .committed(let revision, _) = entry.told else { return nil }
            return (entry.end, revision)
        }
        committed.sort { $0.end < $1.end }
        // The largest revision of all that had ended by then.
        var largest: [Revision] = []
        for item in committed { largest.append(max(largest.last ?? .none, item.revision)) }
        func least(before time: Duration) -> Revision {
            var (low, high) = (0, committed.count)
            while low < high {
                let middle = (low + high) / 2
                if committed[middle].end < time { low = middle + 1 } else { high = middle }
            }
            return low == 0 ? .none : largest[low - 1]
        }
        for entry in entries {
            let seen: Revision?
            switch entry.told {
            case .committed(let revision, _):
                if revision <= least(before: entry.begin) {
                    found.append("\(revision) comes after what had ended before it began")
                }
                continue
            case .read(let revision), .conflict(let revision): seen = revision
            case .refused, .unknown: continue
            }
            // The state that was seen ended with the key's next event; that may not lie before the operation.
            let history = byKey[entry.key] ?? []
            let floor = least(before: entry.begin)
            if let seen {
                guard let place = history.firstIndex(where: { $0.revision == seen && $0.kind == .put }) else {
                    found.append("\(entry.key) was seen at \(seen), where it was not written")
                    continue
                }
                if place + 1 < history.count, history[place + 1].revision <= floor {
                    found.append("\(entry.key) at \(seen) was seen when it was past")
                }
            } else if let last = history.last(where: { $0.revision <= floor }), last.kind == .put,
                !history.contains(where: { $0.revision > last.revision && $0.kind == .delete })
            {
                found.append("\(entry.key) was not seen though it was there")
            }
        }
        return found
    }
}
