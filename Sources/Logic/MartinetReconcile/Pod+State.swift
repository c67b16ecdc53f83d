package import MartinetAPI
package import MartinetBase

extension Pod {
    package var isReady: Bool { condition("Ready")?.status == "True" }
    /// Succeeded or Failed: its containers have ended for good.
    package var isTerminal: Bool { status.phase == "Succeeded" || status.phase == "Failed" }
    package var isTerminating: Bool { metadata.deletionTimestamp != nil }
    /// Neither ended nor ending.
    package var isActive: Bool { !isTerminal && !isTerminating }

    package func condition(_ type: String) -> PodCondition? { status.conditions.first { $0.type == type } }

    /// When it has been ready for long enough: nil where it is not ready, zero or less where it is available now.
    package func timeUntilAvailable(minReadySeconds: Int32, now: Timestamp) -> Duration? {
        guard let ready = condition("Ready"), ready.status == "True" else { return nil }
        guard minReadySeconds > 0, let since = ready.lastTransitionTime else { return .zero }
        return .seconds(Int64(minReadySeconds)) - now.duration(since: since)
    }

    package func isAvailable(minReadySeconds: Int32, now: Timestamp) -> Bool {
        timeUntilAvailable(minReadySeconds: minReadySeconds, now: now).map { $0 <= .zero } ?? false
    }
}
