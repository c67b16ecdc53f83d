package import MartinetAPI
import MartinetSchema

extension Toleration {
    /// As the API defines it: an empty key with Exists tolerates everything, an empty effect every effect.
    package func tolerates(_ taint: Taint) -> Bool {
        guard effect.isEmpty || effect == taint.effect, key.isEmpty || key == taint.key else { return false }
        switch `operator` {
        case "", "Equal": return !key.isEmpty && value == taint.value
        case "Exists": return true
        // Lt and Gt compare whole numbers (KEP-5471).
        case "Lt": return Int64(taint.value).flatMap { own in Int64(value).map { own < $0 } } ?? false
        case "Gt": return Int64(taint.value).flatMap { own in Int64(value).map { own > $0 } } ?? false
        default: return false
        }
    }
}
