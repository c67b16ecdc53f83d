import MartinetCEL
import Testing

/// Expressions that are made to exhaust something: each ends soon, with a value or an error.
@Suite("Hostile expressions", .timeLimit(.minutes(1)))
struct HostileTests {
    private func outcome(_ text: String, costLimit: UInt64 = 1_000_000) -> CELValue? {
        let environment = CELEnvironment.everything
        do throws(CELIssues) {
            let program = try environment.program(try environment.compile(text))
            return program.evaluate([], costLimit: costLimit).value
        } catch {
            return nil
        }
    }

    private func isRefused(_ text: String) -> Bool { outcome(text) == nil }

    private func isError(_ text: String, costLimit: UInt64 = 1_000_000) -> Bool {
        if case .error? = outcome(text, costLimit: costLimit) { return true }
        return false
    }

    @Test(
        "deep nesting is refused",
        arguments: [
            String(repeating: "(", count: 5000) + "1" + String(repeating: ")", count: 5000),
            String(repeating: "[", count: 5000), String(repeating: "{1:", count: 5000),
            "1" + String(repeating: " + 1", count: 5000), "a" + String(repeating: ".b", count: 5000),
            "a" + String(repeating: "[0]", count: 5000), String(repeating: "!(", count: 5000) + "true",
            String(repeating: "true ? true : ", count: 5000) + "true",
            String(repeating: "[1].map(x, ", count: 300) + "1" + String(repeating: ")", count: 300),
        ])
    func nesting(text: String) { #expect(isRefused(text)) }

    @Test("chains of && and || may be long, and signs may repeat")
    func chains() {
        let chain = "true" + String(repeating: " && true", count: 5000)
        guard case .bool(true)? = outcome(chain) else {
            Issue.record("a long chain is not evaluated")
            return
        }
        guard case .bool(true)? = outcome(String(repeating: "!", count: 50_000) + "true") else {
            Issue.record("repeated signs are not evaluated")
            return
        }
    }

    @Test("long sources are refused")
    func sources() { #expect(isRefused(String(repeating: " ", count: 200_000) + "1")) }

    @Test("what grows exponentially is bounded")
    func growth() {
        func doubling(_ start: String, _ end: String) -> String {
            var text = ""
            for level in 0..<60 {
                text += "cel.bind(v\(level + 1), v\(level) + v\(level), "
            }
            return "cel.bind(v0, \(start), " + text + end.replacing("$", with: "v60")
                + String(repeating: ")", count: 61)
        }
        #expect(isError(doubling("'x'", "$.size()"), costLimit: .max))
        #expect(isError(doubling("[1]", "$.size()"), costLimit: .max))
        #expect(
            isError(
                "'" + String(repeating: "a", count: 9000) + "'.replace('a', '\(String(repeating: "b", count: 9000))')"))
        #expect(isError("lists.range(1000000000).size()"))
    }

    @Test("values that share their parts are not unfolded")
    func sharing() {
        func nested(_ end: String) -> String {
            var text = ""
            for level in 0..<40 { text += "cel.bind(v\(level + 1), [v\(level), v\(level)], " }
            return "cel.bind(v0, [1], " + text + end + String(repeating: ")", count: 41)
        }
        #expect(isError(nested("v40 == [v39, v39]"), costLimit: .max))
        #expect(isError(nested("'%s'.format([v40])"), costLimit: .max))
        #expect(isError(nested("v40.flatten(50)"), costLimit: .max))
    }

    @Test("chains of macros that use their operand twice are compiled in linear time")
    func doubledOperands() {
        let chain = "optional.of(1)" + String(repeating: ".optMap(x, x)", count: 30) + ".hasValue()"
        _ = outcome(chain)
        let environment = CELEnvironment.everything
        if let checked = try? environment.compile(chain) {
            #expect(environment.estimateCost(checked, CELUnknownCosts()).max > 1)
        }
    }

    @Test("what nests as deep as is allowed is evaluated")
    func deepest() {
        let nested = String(repeating: "[1].map(x, ", count: 240) + "1" + String(repeating: ")", count: 240)
        let list = String(repeating: "[", count: 240) + "1" + String(repeating: "]", count: 240)
        for text in [
            "size(\(nested)) == 1", "size(\(list)) == 1", "\(list) == \(list)", "size('%s'.format([\(list)])) > 480",
        ] {
            guard case .bool(true)? = outcome(text) else {
                Issue.record("\(text.prefix(20))... is not evaluated")
                continue
            }
        }
    }

    @Test("types do not grow exponentially")
    func types() {
        var text = "optional.of({1: 1})"
        for _ in 0..<60 { text += ".optMap(x, {x: x})" }
        #expect(isRefused(text + ".hasValue()"))
    }

    @Test("loops end when the cost is spent")
    func loops() {
        let loop = "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"
        let nested =
            String(repeating: "\(loop).all(x, ", count: 12) + "true" + String(repeating: ")", count: 12)
        guard case .error(let failure)? = outcome(nested) else {
            Issue.record("the loop was not ended")
            return
        }
        #expect(failure.code == .costLimit)
        // The deciding value of || does not hide that.
        guard case .error? = outcome("(\(nested)) || true") else {
            Issue.record("the end of the loop was absorbed")
            return
        }
    }

    @Test("patterns do not blow up")
    func patterns() {
        let text = String(repeating: "a", count: 3000)
        guard case .bool(false)? = outcome("'\(text)!'.matches('^(a+)+$')") else {
            Issue.record("a nested repetition is not matched")
            return
        }
        #expect(isRefused("'a'.matches('\(String(repeating: "(", count: 3000))')"))
        #expect(isRefused("'a'.matches('((a{1000}){1000}){1000}')"))
        #expect(isError("regex.replace('\(text)', '(a|aa)+$', '\\\\9')"))
    }

    @Test(
        "extreme numbers are errors, not traps",
        arguments: [
            "9223372036854775807 + 1 == 0", "-9223372036854775808 - 1 == 0", "-9223372036854775808 / -1 == 0",
            "-9223372036854775808 % -1 == 0", "-(-9223372036854775808) == 0", "int(1e300) == 0", "uint(-1) == 0u",
            "int('99999999999999999999') == 0", "1 % 0 == 0", "duration('1000000000h') == duration('1s')",
            "timestamp(9223372036854775807) == timestamp(0)", "[1][9223372036854775807] == 1", "[1][-1] == 1",
            "'a'.charAt(9223372036854775807) == 'a'", "'a'.substring(1, -9223372036854775808) == ''",
            "math.bitShiftLeft(1, -1) == 0", "int(double('NaN')) == 0", "[1].slice(0, 9223372036854775807) == [1]",
            "timestamp('9999-12-31T23:59:59Z') + duration('1s') == timestamp(0)",
            "'%.99999999999d'.format([1]) == ''", "'%'.format([]) == ''", "[[1]].flatten(-1) == [1]",
        ])
    func numbers(text: String) {
        if case .bool? = outcome(text) { Issue.record("\(text) has a value") }
    }

    @Test("any bytes are parsed without a trap")
    func noise() {
        let alphabet = Array("abc.()[]{}'\"\\?:&|!<>=+-*/%0123456789 xuLrR,`@\n\u{0}é😀".unicodeScalars)
        var state: UInt64 = 42
        for _ in 0..<3000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<40 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                text.append(alphabet[Int(state >> 33) % alphabet.count])
            }
            _ = outcome(String(text))
        }
    }
}
