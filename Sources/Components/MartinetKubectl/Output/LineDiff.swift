/// The difference of two texts in the unified format of diff(1), with three lines around each change.
package enum LineDiff {
    private static let context = 3
    /// Beyond so many pairs of lines everything between the first and the last difference counts as changed.
    private static let pairsMax = 4_000_000

    private enum Step: Equatable { case same, gone, new }

    /// Empty where nothing differs.
    package static func unified(_ old: [String], _ new: [String], from: String, to: String) -> String {
        guard old != new else { return "" }
        let steps = steps(old, new)
        var text = "--- \(from)\n+++ \(to)\n"
        var (a, b, index) = (0, 0, 0)
        while index < steps.count {
            guard steps[index] != .same else {
                (a, b, index) = (a + 1, b + 1, index + 1)
                continue
            }
            // A hunk goes on as long as the next change is no further than the lines around both.
            let start = max(0, index - context)
            var (last, probe) = (index, index)
            while probe < steps.count, probe - last <= 2 * context {
                if steps[probe] != .same { last = probe }
                probe += 1
            }
            let end = min(steps.count, last + context + 1)
            (a, b) = (a - (index - start), b - (index - start))
            let (x, y) = (a, b)
            var body = ""
            for step in steps[start..<end] {
                switch step {
                case .same: body += " \(old[a])\n"
                case .gone: body += "-\(old[a])\n"
                case .new: body += "+\(new[b])\n"
                }
                if step != .new { a += 1 }
                if step != .gone { b += 1 }
            }
            text += "@@ -\(range(x, a - x)) +\(range(y, b - y)) @@\n" + body
            index = end
        }
        return text
    }

    private static func range(_ start: Int, _ count: Int) -> String {
        let line = count == 0 ? start : start + 1
        return count == 1 ? "\(line)" : "\(line),\(count)"
    }

    private static func steps(_ old: [String], _ new: [String]) -> [Step] {
        var head = 0
        while head < old.count, head < new.count, old[head] == new[head] { head += 1 }
        var tail = 0
        while tail < old.count - head, tail < new.count - head,
            old[old.count - 1 - tail] == new[new.count - 1 - tail]
        { tail += 1 }
        let middle = changed(Array(old[head..<(old.count - tail)]), Array(new[head..<(new.count - tail)]))
        return Array(repeating: .same, count: head) + middle + Array(repeating: .same, count: tail)
    }

    /// By the longest common subsequence.
    private static func changed(_ old: [String], _ new: [String]) -> [Step] {
        let (n, m) = (old.count, new.count)
        guard n > 0, m > 0, n <= pairsMax / m else {
            return Array(repeating: .gone, count: n) + Array(repeating: .new, count: m)
        }
        var longest = [Int32](repeating: 0, count: (n + 1) * (m + 1))
        for i in stride(from: n - 1, through: 0, by: -1) {
            for j in stride(from: m - 1, through: 0, by: -1) {
                longest[i * (m + 1) + j] =
                    old[i] == new[j]
                    ? longest[(i + 1) * (m + 1) + j + 1] + 1
                    : max(longest[(i + 1) * (m + 1) + j], longest[i * (m + 1) + j + 1])
            }
        }
        var (i, j) = (0, 0)
        var steps: [Step] = []
        while i < n || j < m {
            if i < n, j < m, old[i] == new[j] {
                (i, j) = (i + 1, j + 1)
                steps.append(.same)
            } else if j == m || i < n && longest[(i + 1) * (m + 1) + j] >= longest[i * (m + 1) + j + 1] {
                i += 1
                steps.append(.gone)
            } else {
                j += 1
                steps.append(.new)
            }
        }
        return steps
    }
}
