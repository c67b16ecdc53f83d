package import MartinetStore
import Synchronization

/// How far the caches of one registry have come with the store's history: one number for all of them.
///
/// The store's thread raises it after every change of a batch is in its cache. Whoever reads it while it holds a cache's
/// lock knows that everything up to it, as far as it concerns that cache, is there.
package final class ReachedRevision: Sendable {
    private let value: Atomic<Int64>

    package init(_ revision: Revision) { value = Atomic(revision.value) }

    package var revision: Revision { Revision(value.load(ordering: .acquiring)) }

    /// Only the store's thread calls it, and the start before there is one.
    func advance(to revision: Revision) {
        if revision.value > value.load(ordering: .relaxed) { value.store(revision.value, ordering: .releasing) }
    }
}
