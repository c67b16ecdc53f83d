import MartinetAPI
import MartinetBase
import MartinetEngine
import MartinetImageSpec
import MartinetImages
import MartinetPodLifecycle
import Synchronization

/// Removes images that no pod uses when the disk fills up, the longest unused first.
///
/// Only those that were pulled: what was built or loaded on this machine nobody could bring back.
final class ImageCollector: Sendable {
    private struct Known {
        var seen: Duration
        var used: Duration
    }

    private let context: WorkerContext
    private let known = Mutex<[ImageReference: Known]>([:])

    init(context: WorkerContext) { self.context = context }

    /// - Parameter isUrgent: the disk is so full that pods would have to go: whatever is unused goes, and at once.
    func collect(_ readings: NodeReadings, usedBy workers: [PodWorker], isUrgent: Bool) {
        let configuration = context.configuration
        let now = context.runtime.monotonic()
        do {
            let (names, ids) = inUse(workers)
            let all = try context.engine.images.allNames().map(\.reference).filter { context.engine.isPulled($0) }
            let candidates = known.withLock { known in
                var fresh: [ImageReference: Known] = [:]
                for name in all {
                    var entry = known[name] ?? Known(seen: now, used: .zero)
                    if names.contains(name) { entry.used = now }
                    fresh[name] = entry
                }
                known = fresh
                return all.filter { name in
                    guard !names.contains(name), let entry = fresh[name] else { return false }
                    return isUrgent || now - entry.seen >= configuration.imageAgeMin
                }.sorted { a, b in
                    guard let first = fresh[a], let second = fresh[b] else { return false }
                    return (first.used, first.seen) < (second.used, second.seen)
                }
            }
            guard readings.diskCapacity > 0 else { return }
            // As for pressure, of a large disk only a part counts.
            let counted = min(readings.diskCapacity, configuration.thresholds.diskCountedMax)
            let free = { (percent: Int64) in counted / 100 * (100 - percent) }
            guard isUrgent || readings.diskAvailable <= free(configuration.imageHighPercent) else { return }
            let wanted = free(configuration.imageLowPercent) - readings.diskAvailable
            try remove(candidates, until: isUrgent ? .max : wanted, keeping: ids)
        } catch {
            context.log.warning("images cannot be collected", [("error", "\(error)")])
        }
    }

    private func remove(_ candidates: [ImageReference], until wanted: Int64, keeping ids: Set<ContentDigest>) throws {
        var freed: Int64 = 0
        var gone: [String] = []
        for name in candidates where freed < wanted {
            let size = (try? context.engine.images.image(name).layerBytes) ?? 0
            // The layers are unpacked beside their content, and rarely smaller.
            freed = freed.addingReportingOverflow(size.multipliedReportingOverflow(by: 2).partialValue).partialValue
            if try context.engine.images.removeName(name) { gone.append(name.familiar) }
        }
        guard !gone.isEmpty else { return }
        context.log.info("removed unused images", [("images", gone.joined(separator: " "))])
        do {
            try context.engine.images.collectGarbage(keeping: ids)
        } catch {
            // Somebody pulls or builds: the next turn finds it.
            guard (error as? ImageStoreError)?.code == .busy else { throw error }
        }
    }

    /// The names and the contents that pods of this node refer to, now or at their next start.
    private func inUse(_ workers: [PodWorker]) -> (Set<ImageReference>, Set<ContentDigest>) {
        var names: Set<ImageReference> = []
        var ids: Set<ContentDigest> = []
        for worker in workers where worker.holdsResources {
            for record in worker.state.withLock({ $0.lifecycle.containers }) {
                if let name = try? ImageReference(record.spec.image) { names.insert(name) }
                if let run = record.lastRun, let name = try? ImageReference(run.image) { names.insert(name) }
                if let id = record.lastRun.flatMap({ try? ContentDigest($0.imageID) }) { ids.insert(id) }
            }
        }
        return (names, ids)
    }
}
