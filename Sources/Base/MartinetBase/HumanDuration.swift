/// Ages as Kubernetes' tools show them: one or two figures, such as `5s`, `2m30s`, `3h`, `4d5h`.
package enum HumanDuration {
    /// Clocks differ: up to two seconds in the future are now, anything later is `<invalid>`.
    ///
    /// Source: the behaviour of `duration.HumanDuration` of k8s.io/apimachinery.
    package static func text(_ age: Duration) -> String {
        let (seconds, attoseconds) = age.components
        if seconds < -1 { return "<invalid>" }
        if seconds < 0 || attoseconds < 0 { return "0s" }
        if seconds < 120 { return "\(seconds)s" }
        let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400)
        switch seconds {
        case ..<600: return pair(minutes, "m", seconds % 60, "s")
        case ..<10_800: return "\(minutes)m"
        case ..<28_800: return pair(hours, "h", minutes % 60, "m")
        case ..<172_800: return "\(hours)h"
        case ..<691_200: return pair(days, "d", hours % 24, "h")
        default: break
        }
        if days < 730 { return "\(days)d" }
        return days < 2920 ? pair(days / 365, "y", days % 365, "d") : "\(days / 365)y"
    }

    private static func pair(_ large: Int64, _ unit: String, _ small: Int64, _ smallUnit: String) -> String {
        small == 0 ? "\(large)\(unit)" : "\(large)\(unit)\(small)\(smallUnit)"
    }
}
