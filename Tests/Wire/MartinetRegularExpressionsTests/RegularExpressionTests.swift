import MartinetRegularExpressions
import Testing

@Suite struct RegularExpressionTests {
    @Test(arguments: [
        ("^[a-z]+$", "abc", true), ("^[a-z]+$", "abc1", false), ("b", "abc", true), ("^a|c$", "xc", true),
        ("^[0-9]+(Mi|Gi)?$", "5Gi", true), ("^[0-9]+(Mi|Gi)?$", "5G", false), ("a{2,3}", "xaay", true),
        ("^a{2,3}$", "aaaa", false), ("^a{,3}$", "a{,3}", true), (#"^\d+\.\d*$"#, "12.", true),
        (#"\bfoo\b"#, "a foo", true),
        ("(?i)^HeLLo$", "hEllO", true), ("a(?i)b", "aB", true), ("(?:a|b)+?c", "abac", true), ("^.$", "\n", false),
        ("(?s)^.$", "\n", true), ("(?m)^b$", "a\nb", true), ("^[^a-c]$", "d", true), ("^[]a]$", "]", true),
        ("^[[:alpha:]_-]+$", "a_-", true), (#"^\p{Lu}\P{Lu}$"#, "Éé", true), (#"^\x{1F600}$"#, "😀", true),
        (#"^\Qa.b\E$"#, "a.b", true), (#"^\Qa.b\E$"#, "axb", false), ("", "anything", true),
        (#"^[\w.]+$"#, "a.b", true),
    ])
    func patternsAreFoundAsTheReferenceFindsThem(pattern: String, text: String, isFound: Bool) throws {
        #expect(try RegularExpression(pattern).isFound(in: text) == isFound)
    }

    @Test(arguments: [
        "(", "a)", "[a", "*a", "a**", #"\1"#, "(?=a)", "a{1001}", "[b-a]", #"a\"#, "((a{1000}){1000})", "(?<!a)",
    ])
    func whatIsNoPatternIsRefused(pattern: String) {
        #expect(throws: RegularExpressionError.self) { try RegularExpression(pattern) }
    }

    @Test func nestedRepetitionTakesLinearTime() throws {
        let text = String(repeating: "a", count: 20_000) + "b"
        #expect(try RegularExpression("^(a+)+$").isFound(in: text) == false)
        #expect(try RegularExpression("(a|aa|a*)*c").isFound(in: text) == false)
    }

    @Test func deepNestingIsRefusedBeforeItIsCompiled() {
        let deep = String(repeating: "(", count: 100_000)
        #expect(throws: RegularExpressionError.self) { try RegularExpression(deep) }
    }
}

@Suite("Where a pattern is found")
struct MatchPositionTests {
    func found(_ pattern: String, _ text: String, limit: Int = .max) throws -> [[Int]] {
        try RegularExpression(pattern).matches(in: Array(text.unicodeScalars), limit: limit)
    }

    @Test("the leftmost match wins, and then the preferred one")
    func prefersLeftmost() throws {
        #expect(try found("a|ab", "xab") == [[1, 2]])
        #expect(try found("ab|a", "xab") == [[1, 3]])
        #expect(try found("a+", "aab a") == [[0, 2], [4, 5]])
        #expect(try found("a+?", "aa") == [[0, 1], [1, 2]])
    }

    @Test("groups tell where they matched, or that they did not")
    func groups() throws {
        #expect(try found("(a)(b)?", "ac ab") == [[0, 1, 0, 1, -1, -1], [3, 5, 3, 4, 4, 5]])
        #expect(try found("(?:a)(?P<n>b)", "ab") == [[0, 2, 1, 2]])
    }

    @Test("empty matches do not touch a match before them")
    func emptyMatches() throws {
        #expect(try found("a*", "baac") == [[0, 0], [1, 3], [4, 4]])
        #expect(try found("", "ab", limit: 2) == [[0, 0], [1, 1]])
    }
}
