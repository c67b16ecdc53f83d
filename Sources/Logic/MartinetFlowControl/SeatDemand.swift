/// How many seats a priority level could have used of late: what it held and what waited.
struct SeatDemand: Sendable {
    private var since = Duration.zero
    private var changed = Duration.zero
    private var current = 0.0
    private var highest = 0.0
    /// Integrals of the demand and of its square, in seats (squared) times seconds.
    private var sum = 0.0
    private var squares = 0.0

    /// The most that was asked for in the last period.
    private(set) var highWatermark = 0
    /// Average plus deviation of the last periods, which falls slowly so that a level keeps what it will need again.
    private(set) var smoothed = 0.0

    /// How much of the old value a period leaves (KEP-1040: about half of it after 5 minutes of 10 s).
    private static let smoothing = 0.977

    mutating func set(_ seats: Int, at now: Duration) {
        advance(to: now)
        current = Double(seats)
        highest = max(highest, current)
    }

    private mutating func advance(to now: Duration) {
        let seconds = (now - changed).seconds
        changed = now
        sum += current * seconds
        squares += current * current * seconds
    }

    /// Ends a period and begins the next.
    mutating func closePeriod(at now: Duration) {
        advance(to: now)
        highWatermark = Int(highest.rounded())
        let seconds = (now - since).seconds
        if seconds > 0 {
            let average = sum / seconds
            let variance = max(0, squares / seconds - average * average)
            let envelope = average + variance.squareRoot()
            smoothed = max(envelope, SeatDemand.smoothing * smoothed + (1 - SeatDemand.smoothing) * envelope)
        }
        (since, highest, sum, squares) = (now, current, 0, 0)
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
