import MartinetYAML
import Testing

/// What go-yaml v2 and sigs.k8s.io/yaml make of unquoted words.
struct ScalarTests {
    static let values: [(String, YAMLNode.Value)] = [
        ("yes", .bool(true)), ("Yes", .bool(true)), ("on", .bool(true)), ("y", .bool(true)), ("OFF", .bool(false)),
        ("n", .bool(false)), ("yEs", .string("yEs")), ("~", .null), ("Null", .null), ("nUll", .string("nUll")),
        ("0644", .int(420)), ("0o17", .int(15)), ("08", .double(8)), ("0b101", .int(5)), ("-0b11", .int(-3)),
        ("0x1F", .int(31)), ("-0x1f", .int(-31)), ("1_000", .int(1000)), ("+1", .int(1)), ("-1", .int(-1)),
        ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
        ("9223372036854775808", .uint(9_223_372_036_854_775_808)), ("18446744073709551616", .double(0x1p64)),
        ("1.5", .double(1.5)), ("1.", .double(1)), (".5", .double(0.5)), ("1e3", .double(1000)), ("-.5e1", .double(-5)),
        ("1e400", .string("1e400")), ("0x", .string("0x")), ("0x1p4", .string("0x1p4")),
        ("1.2.3", .string("1.2.3")), ("12:30", .string("12:30")), ("256 Mi", .string("256 Mi")), ("_1", .string("_1")),
        ("2001-12-14", .string("2001-12-14")), ("2008-01-01T01:01:01Z", .string("2008-01-01T01:01:01Z")),
        ("!!str 12", .string("12")), ("!!int \"3\"", .int(3)), ("!!float 2", .double(2)), ("! 12", .string("12")),
        ("!!binary aGVsbG8=", .string("hello")), ("!mine 12", .string("12")), ("\"yes\"", .string("yes")),
        ("'0644'", .string("0644")), ("<<", .string("<<")),
    ]

    @Test func unquotedWordsAreReadAsKubectlReadsThem() throws {
        for (text, value) in Self.values {
            let documents = try YAML.read("a: \(text)\n")
            #expect(documents.first?["a"] == YAMLNode(value), "\(text)")
        }
    }

    @Test func keysBecomeStrings() throws {
        let read = try YAML.read("yes: 1\n0x10: 2\n1.5: 3\n1e6: 4\n\"null\": 5\n.inf: 6\n")
        #expect(read[0].map?.map(\.key) == ["true", "16", "1.5", "1e+06", "null", ".inf"])
    }

    @Test(arguments: ["~: 1", "[a]: 1", "{a: b}: 1", "18446744073709551615: 1", "? - a\n: 1"])
    func whatIsNoKeyIsRefused(text: String) {
        let error = #expect(throws: YAMLError.self) { try YAML.read(text) }
        #expect(error?.code == .key)
    }

    @Test(arguments: [
        "!!int abc", "!!bool 3", "!!float x", "!!null x", "!!timestamp x", "!!binary ???", ".inf", ".nan",
    ])
    func aValueThatIsNotWhatItsTagSaysIsRefused(text: String) {
        let error = #expect(throws: YAMLError.self) { try YAML.read("a: \(text)") }
        #expect(error?.code == .tag)
        #expect(error?.line == 1)
    }

    @Test func mergesFollowTheOrderOfTheText() throws {
        let text = """
            base: &base {a: 1, b: 2}
            other: &other {b: 3, c: 4}
            one: {<<: *base, b: 9}
            two: {b: 9, <<: *base}
            list: {<<: [*base, *other]}
            quoted: {"<<": 1}
            """
        let read = try YAML.read(text)[0]
        #expect(read["one"] == .map(["a": 1, "b": 9]))
        #expect(read["two"] == .map(["b": 2, "a": 1]))
        #expect(read["list"].map { $0.sorted() } == .map(["a": 1, "b": 2, "c": 4]))
        #expect(read["quoted"] == .map(["<<": 1]))
    }

    static let written: [(YAMLNode, String)] = [
        ("true", "\"true\""), ("1", "\"1\""), ("2008-01-01T01:01:01Z", "\"2008-01-01T01:01:01Z\""), ("", "\"\""),
        ("a b", "a b"), (" a", "' a'"), ("a ", "'a '"), ("a: b", "'a: b'"), ("a #b", "'a #b'"), ("#a", "'#a'"),
        ("- a", "'- a'"), ("-a", "-a"), ("*", "'*'"), ("it's", "it's"), ("'a'", "'''a'''"), ("a\tb", "\"a\\tb\""),
        ("a\nb", "|-\n  a\n  b"), ("a\nb\n", "|\n  a\n  b"), ("a\n\n", "|+\n  a\n"), ("\na", "|2-\n\n  a"),
        (" a\nb", "|2-\n   a\n  b"), ("a \nb", "\"a \\nb\""), ("\u{1F600}", "\"\\U0001F600\""), ("é", "é"),
        ("12:30:45", "\"12:30:45\""), ("1_0", "\"1_0\""), ("0o7", "\"0o7\""), ("=", "="), ("~", "\"~\""),
        ("---", "'---'"), ("\u{FEFF}a", "\"\\uFEFF\\x61\""), ("a\u{2028}b", "'a\u{2028}  b'"), ("\u{85}", "\"\\N\""),
        (YAMLNode(.double(0.5)), "0.5"), (YAMLNode(.double(8)), "8"), (YAMLNode(.double(1e20)), "1e+20"),
        (YAMLNode(.double(1_234_567.5)), "1.2345675e+06"), (YAMLNode(.double(0.00001)), "1e-05"),
        (YAMLNode(.uint(.max)), "18446744073709551615"), (YAMLNode(.null), "null"), ([], "[]"),
        (YAMLNode(.map([])), "{}"), (YAMLNode(.double(-0.0)), "0"), (YAMLNode(.double(100_000.5)), "100000.5"),
    ]

    @Test func stringsAreQuotedOnlyWhereTheyMustBe() throws {
        for (node, text) in Self.written {
            #expect(YAML.text(.map(["k": node])) == "k: \(text)\n")
            #expect(try YAML.read(YAML.write(.map(["k": node])))[0]["k"]?.string == node.string)
        }
    }

    @Test func linesAreFoldedBehindColumn80() throws {
        let words = Array(repeating: "word", count: 20).joined(separator: " ")
        let long = words + " " + words
        for text in [long, "'" + long, "\t" + long] {
            let node: YAMLNode = .map(["k": YAMLNode(.string(text))])
            let lines = YAML.text(node).split(separator: "\n")
            #expect(lines.count == 3 && lines.dropFirst().allSatisfy { $0.hasPrefix("  word") })
            #expect(lines.dropLast().allSatisfy { (80...85).contains($0.count) })
            #expect(try YAML.read(YAML.write(node)) == [node])
        }
    }

    @Test func listsStandAtTheColumnOfTheirKey() {
        let node: YAMLNode = .map(["a": [1, [2, 3], .map(["b": ["c"], "d": .map(["e": []])])]])
        #expect(
            YAML.text(node) == """
                a:
                - 1
                - - 2
                  - 3
                - b:
                  - c
                  d:
                    e: []

                """)
    }

    @Test func aLongKeyTakesALineOfItsOwn() throws {
        let key = String(repeating: "k", count: 129)
        let node: YAMLNode = .map(["a\nb": 1, key: ["x"]])
        let text = YAML.text(node)
        #expect(text == "? |-\n  a\n  b\n: 1\n? \(key)\n: - x\n")
        #expect(try YAML.read(text) == [node])
    }

    @Test func keysAreSortedAsNumbersAndLetters() {
        let keys = ["a10", "a2", "B", "a", "_x", "1", "a.b", "ab"]
        #expect(keys.sorted(by: KeyOrder.precedes) == ["_x", "1", "B", "a", "a.b", "a2", "a10", "ab"])
    }
}
