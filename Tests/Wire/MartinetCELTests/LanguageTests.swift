import MartinetCEL
import Testing

@Suite("The language")
struct LanguageTests {
    func evaluate(_ text: String) throws -> CELValue {
        let environment = CELEnvironment.standard
        return try environment.program(try environment.compile(text)).evaluate([]).value
    }

    func isTrue(_ text: String) throws -> Bool {
        if case .bool(true) = try evaluate(text) { return true }
        return false
    }

    @Test(
        "computes",
        arguments: [
            "1 + 2 * 3 == 7", "[1, 2, 3].all(x, x > 0)", "[1, 2, 3].map(x, x * 2) == [2, 4, 6]",
            "{'a': 1}['a'] == 1", "has({'a': 1}.a)", "'abc'.startsWith('a') && 'abc'.matches('^a.c$')",
            "dyn(1.0) == 1 && 1u == dyn(1)", "true || 1 / 0 == 1", "size('äö') == 2",
            "timestamp('2020-01-01T00:00:00Z') + duration('1h') == timestamp('2020-01-01T01:00:00Z')",
        ])
    func computes(text: String) throws { #expect(try isTrue(text)) }
}
