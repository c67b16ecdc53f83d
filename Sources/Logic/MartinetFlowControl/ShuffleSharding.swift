/// Deals a flow its hand of queues: a heavy flow fills its own hand, and few others have exactly the same one.
enum ShuffleSharding {
    /// As many different numbers below `deck` as `hand` says, decided by the hash alone.
    ///
    /// The hash is read as a number of mixed base: its digit of base `deck - i` says which of the cards left is the next.
    static func hand(of hash: UInt64, deck: Int, hand size: Int) -> [Int] {
        var rest = hash
        var sorted: [Int] = []
        var hand: [Int] = []
        for dealt in 0..<max(0, min(size, deck)) {
            let left = UInt64(deck - dealt)
            var card = Int(rest % left)
            rest /= left
            // The card's place among those left becomes its number among all: past every smaller card that is gone.
            var place = 0
            while place < sorted.count, card >= sorted[place] {
                card += 1
                place += 1
            }
            sorted.insert(card, at: place)
            hand.append(card)
        }
        return hand
    }

    /// A hash of what tells a flow from others (FNV-1a of 64 bits).
    static func hash(_ schema: String, _ flow: String) -> UInt64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        for byte in schema.utf8 { add(byte) }
        add(0)
        for byte in flow.utf8 { add(byte) }
        return hash
    }
}
