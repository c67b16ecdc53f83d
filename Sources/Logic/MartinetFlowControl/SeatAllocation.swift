/// Divides the server's seats among priority levels.
enum SeatAllocation {
    /// What a level would like to have, and between what it must stay.
    struct Claim: Sendable {
        var target: Double
        var least: Double
        var most: Double
    }

    /// The seats of each level by its shares alone, rounded up.
    static func nominal(_ shares: [Int], of seats: Int) -> [Int] {
        let sum = shares.reduce(0, +)
        guard sum > 0 else { return shares.map { _ in 0 } }
        return shares.map { (seats * $0 + sum - 1) / sum }
    }

    /// Gives every level the same part of its target, as far as its bounds let it: together `total`, or as near to it as
    /// the bounds allow.
    static func divide(_ total: Double, among claims: [Claim]) -> [Double] {
        let floor = 0.001
        func given(_ part: Double) -> [Double] {
            claims.map { min(max(part * max($0.target, floor), $0.least), $0.most) }
        }
        var low = 0.0
        var high = claims.map { $0.most / max($0.target, floor) }.max() ?? 0
        guard given(high).reduce(0, +) > total else { return given(high) }
        // What is given grows with the part: 60 halvings are exact to a millionth of a seat.
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if given(middle).reduce(0, +) < total { low = middle } else { high = middle }
        }
        return given(high)
    }
}
