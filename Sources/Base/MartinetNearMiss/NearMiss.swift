/// What was probably meant by a word that is none of the known ones.
package enum NearMiss {
    /// The known word closest to `word`: at most a third of its letters, and never more than 3, are wrong. Words that
    /// differ in case or in dashes, underscores and dots only are always close. Of equals the first in order wins.
    package static func suggestion(for word: String, among known: some Sequence<String>) -> String? {
        suggestions(for: word, among: known, limit: 1).first
    }

    /// The closest known words, the closest first.
    package static func suggestions(
        for word: String, among known: some Sequence<String>, limit: Int = 3
    ) -> [String] {
        let folded = fold(word)
        guard !folded.isEmpty, folded.count <= 128 else { return [] }
        let allowed = min(3, max(1, folded.count / 3))
        var found: [(distance: Int, word: String)] = []
        for candidate in known where candidate != word {
            let letters = fold(candidate)
            guard !letters.isEmpty, letters.count <= 128 else { continue }
            let distance = distance(folded, letters, atMost: allowed)
            if distance <= allowed, distance < max(folded.count, letters.count) { found.append((distance, candidate)) }
        }
        found.sort { ($0.distance, $0.word) < ($1.distance, $1.word) }
        return found.prefix(max(limit, 0)).map(\.word)
    }

    /// `, did you mean "x"?` with the closest known word, or nothing.
    package static func question(for word: String, among known: some Sequence<String>) -> String {
        suggestion(for: word, among: known).map { ", did you mean \"\($0)\"?" } ?? ""
    }

    /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (the restricted
    /// Damerau-Levenshtein distance); anything above the bound is `bound + 1`.
    static func distance(_ a: [UInt8], _ b: [UInt8], atMost bound: Int) -> Int {
        if abs(a.count - b.count) > bound { return bound + 1 }
        var beforeLast: [Int] = []
        var last = Array(0...b.count)
        for i in 0..<a.count {
            var row = [i + 1]
            row.reserveCapacity(b.count + 1)
            for j in 0..<b.count {
                var best = min(last[j + 1] + 1, row[j] + 1, last[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, beforeLast[j - 1] + 1) }
                row.append(best)
            }
            if row.min() ?? 0 > bound { return bound + 1 }
            (beforeLast, last) = (last, row)
        }
        return min(last[b.count], bound + 1)
    }

    private static func fold(_ word: String) -> [UInt8] {
        word.lowercased().utf8.filter { $0 != UInt8(ascii: "-") && $0 != UInt8(ascii: "_") && $0 != UInt8(ascii: ".") }
    }
}
