import MartinetEtcdMessages
import MartinetStore
import Synchronization

/// Reads a piece of history through a watch that ends where the history is to end.
final class HistoryReading: Sendable {
    enum Failure: Error {
        case compacted(Int64)
        case ended(GRPCStatus)
    }

    private let keys: EtcdKeys
    private let prefix: [UInt8]
    private let through: Int64
    private let limit: Int
    private let found = Mutex<(events: [StoreEvent], last: Int64)>(([], 0))
    private let answer = Awaited<Result<EventRange, Failure>>()
    private let watch = Mutex<WatchStream?>(nil)

    init(_ client: EtcdClient, _ keys: EtcdKeys, prefix: [UInt8], after: Int64, through: Int64, limit: Int) {
        self.keys = keys
        self.prefix = prefix
        self.through = through
        self.limit = limit
        let stream = WatchStream(client, keys.watched, from: after + 1) { [self] in told($0) }
        watch.withLock { $0 = stream }
    }

    func wait() -> Result<EventRange, Failure> {
        defer {
            watch.withLock { watch in
                watch?.cancel()
                watch = nil
            }
        }
        return answer.wait()
    }

    private func told(_ news: WatchStream.News) {
        switch news {
        case .created, .progress: break
        case .compacted(let oldest): answer.set(.failure(.compacted(oldest)))
        case .ended(let status): answer.set(.failure(.ended(status)))
        case .events(let events): take(events)
        }
    }

    private func take(_ events: [EtcdEvent]) {
        let result: EventRange? = found.withLock { found in
            for event in events {
                guard let kv = event.kv else { continue }
                if kv.modRevision > through { return EventRange(events: found.events, through: Revision(through)) }
                if kv.modRevision > found.last, limit > 0, found.events.count >= limit, let last = found.events.last,
                    last.revision.value < kv.modRevision
                {
                    return EventRange(events: found.events, through: Revision(found.last))
                }
                found.last = kv.modRevision
                if keys.isInScope(kv.key), kv.key.starts(with: prefix), let event = event.storeEvent {
                    found.events.append(event)
                }
            }
            // A revision is never parted by the watch.
            return found.last >= through ? EventRange(events: found.events, through: Revision(through)) : nil
        }
        if let result { answer.set(.success(result)) }
    }
}
