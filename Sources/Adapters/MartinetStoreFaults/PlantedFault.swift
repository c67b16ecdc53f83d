/// A fault of the store, or of what stands under it, planted to see that the checks find it.
package enum PlantedFault: CaseIterable, Sendable {
    /// Commits count as acknowledged when they are submitted.
    case acknowledgesBeforeSync
    /// The disk confirms syncs that it did not do.
    case diskLies
    /// Events go out when a write is submitted.
    case publishesBeforeSync
}
