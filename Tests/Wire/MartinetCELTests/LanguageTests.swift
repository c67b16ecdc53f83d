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

@Suite("Errors in expressions")
struct IssueTests {
    func issues(_ text: String) -> [String] {
        do throws(CELIssues) {
            _ = try CELEnvironment.standard.compile(text)
            return []
        } catch {
            return error.issues.map(\.description)
        }
    }

    @Test("tell line and column")
    func positions() {
        #expect(issues("1 +\n  nothing") == ["2:3: undeclared reference to 'nothing' (in container '')"])
        #expect(issues("1 + 'a'") == ["1:3: found no matching overload for '_+_' applied to '(int, string)'"])
        #expect(issues("a.all(x, ") == ["1:10: syntax error: unexpected the end"])
        #expect(issues("'é' + $") == ["1:7: unexpected character '$'"])
        #expect(issues("true.b") == ["1:5: type 'bool' does not support field selection"])
        #expect(issues("for + 1") == ["1:1: reserved identifier: for"])
    }

    @Test("are all reported by the checker")
    func several() { #expect(issues("a + b").count == 2) }
}

@Suite("Costs")
struct CostTests {
    @Test(
        "of evaluations are those of the reference",
        arguments: [
            ("1 + 1 == 2", 2), ("x", 1), ("x + x", 3), ("m.a.b", 3), ("m['a']", 2), ("m[k]", 2), ("has(m.a)", 2),
            ("[x, x].size()", 13), ("[1, 2].size()", 1), ("x in [1, 2]", 1), ("x in [x, 2]", 14),
            ("b ? x : 0", 1), ("b ? x + 1 : 0", 3), ("b || b", 1), ("!b && b", 2),
            ("[1, 2].all(e, e > 0)", 11), ("[1, 2].exists(e, e > 1)", 13), ("[1, 2].map(e, e)", 27),
            ("[1, 2].filter(e, e > 1)", 18), ("{'a': x}", 31), ("'aaaaaaaaaaaaaaaaaaaa' + k", 4),
            ("'abcdefghijk'.startsWith('a')", 2), ("duration('1s') < duration('2s')", 1),
        ])
    func evaluation(text: String, cost: UInt64) throws {
        var environment = CELEnvironment.standard
        environment.declare("x", .int)
        environment.declare("b", .bool)
        environment.declare("k", .string)
        environment.declare("m", .map(.string, .dyn))
        var inner = CELDictionaryBuilder()
        _ = inner.insert(.string("b"), .int(1))
        var outer = CELDictionaryBuilder()
        _ = outer.insert(.string("a"), .map(CELDictionary(inner)))
        let variables: [CELValue] = [.int(1), .bool(true), .string("a"), .map(CELDictionary(outer))]
        let program = try environment.program(try environment.compile(text))
        #expect(program.evaluate(variables).cost == cost)
    }
}
