/// Where something stands in a file; both count from 1, the column in bytes.
package struct SourcePlace: Hashable, Sendable, CustomStringConvertible {
    package var file: String
    package var line: Int
    package var column: Int
    package init(file: String, line: Int, column: Int) {
        self.file = file
        self.line = line
        self.column = column
    }
    package var description: String { "\(file):\(line):\(column)" }
}

/// What is wrong in a Dockerfile, where, what was expected there, and what was probably meant.
package struct DockerfileError: Error, Hashable, Sendable, CustomStringConvertible {
    package let place: SourcePlace
    package let message: String
    package let suggestion: String?

    package init(_ place: SourcePlace, _ message: String, suggestion: String? = nil) {
        self.place = place
        self.message = message
        self.suggestion = suggestion
    }

    package var description: String { "\(place): \(message)" + (suggestion.map { "; did you mean \($0)?" } ?? "") }
}

/// The nearest of `candidates` to what was typed, where it is near enough to have been meant.
func nearest(to typed: String, among candidates: [String]) -> String? {
    let typed = Array(typed.utf8)
    guard typed.count >= 2, typed.count <= 32 else { return nil }
    var best: (distance: Int, name: String)?
    for candidate in candidates {
        let distance = editDistance(typed, Array(candidate.utf8))
        if distance <= max(1, candidate.utf8.count / 3), distance < best?.distance ?? .max {
            best = (distance, candidate)
        }
    }
    return best?.name
}

/// Insertions, deletions, replacements and swaps of neighbours (optimal string alignment).
private func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var before = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    for i in 0..<a.count {
        var row = [i + 1]
        for j in 0..<b.count {
            var cost = min(last[j] + (a[i] == b[j] ? 0 : 1), last[j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { cost = min(cost, before[j - 1] + 1) }
            row.append(cost)
        }
        before = last
        last = row
    }
    return last[b.count]
}
