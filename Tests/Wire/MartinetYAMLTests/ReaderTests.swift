import MartinetYAML
import Testing

struct ReaderTests {
    struct Fault: Sendable {
        let text: String
        let line: Int
        let column: Int
        let code: YAMLError.Code
        let says: String
        init(_ text: String, _ line: Int, _ column: Int, _ code: YAMLError.Code, _ says: String) {
            (self.text, self.line, self.column, self.code, self.says) = (text, line, column, code, says)
        }
    }

    static let faults: [Fault] = [
        Fault("a:\n\tb: 1\n", 2, 1, .tab, "a tab cannot indent YAML; use spaces"),
        Fault("a:\n  b: 1\n\tc: 2\n", 3, 1, .tab, "use spaces"),
        Fault("a:\n  - b\n  -\tc: 1\n    d: 2\n", 3, 4, .tab, "use spaces"),
        Fault("a: |\n\tb\n", 2, 1, .tab, "use spaces"),
        Fault("a: b: c\n", 1, 5, .syntax, "a second \": \""),
        Fault("a: 1\n  b: 2\n", 2, 4, .syntax, "a second \": \""),
        Fault("a:\n  b: 1\n c: 2\n", 3, 2, .syntax, "no key of the map that began at line 1, column 1"),
        Fault("a:\n  - b\n c\n", 3, 2, .syntax, "no key"),
        Fault("a: 1\nb\nc: 2\n", 3, 1, .syntax, "has no \": \""),
        Fault("a: [1, 2\nb: 3\n", 2, 2, .syntax, "the closing \"]\""),
        Fault("a: \"b\nc: d\n", 3, 1, .syntax, "inside the quoted string that began at line 1, column 4"),
        Fault("a: @b\n", 1, 4, .syntax, "\"@\" cannot start a value"),
        Fault("a: `b`\n", 1, 4, .syntax, "quote the value"),
        Fault("a: \"\\q\"\n", 1, 5, .syntax, "backslash"),
        Fault("a: *b\n", 1, 4, .alias, "no anchor &b"),
        Fault("a: &b [*b]\n", 1, 8, .alias, "inside what it stands for"),
        Fault("a: * b\n", 1, 5, .syntax, "is not followed by a name"),
        Fault("é: 1\né: 2\n", 2, 1, .duplicateKey, "already at line 1, column 1"),
        Fault("é: {a: 1, a: 2}\n", 1, 11, .duplicateKey, "already at line 1, column 5"),
        Fault("1: a\n\"1\": b\n", 2, 1, .duplicateKey, "\"1\""),
        Fault("a: 1\n<<: 2\n", 2, 5, .merge, "merges maps only"),
        Fault("a: \u{1}\n", 1, 4, .encoding, "control character 0x1"),
        Fault("{\"a\": 1, \"a\": 2}", 1, 10, .duplicateKey, "already at line 1, column 2"),
        Fault("{\"a\": 1\n \"b\": 2}", 2, 2, .syntax, "a \",\" or the closing \"}\""),
        Fault("{\"a\": 1,, \"b\": 2}", 1, 9, .syntax, "a key in double quotes"),
        Fault("{\"a\": \"b", 1, 9, .syntax, "a closing quote"),
    ]

    @Test(arguments: faults)
    func aFaultSaysWhereItIsAndWhatWasExpected(fault: Fault) {
        let error = #expect(throws: YAMLError.self) { try YAML.read(fault.text, file: "f.yaml") }
        #expect(error?.line == fault.line)
        #expect(error?.column == fault.column)
        #expect(error?.code == fault.code)
        #expect(error?.description.contains(fault.says) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("f.yaml: line \(fault.line), column \(fault.column): ") == true)
    }

    @Test func aTabIsNamedInTheWordsOfTheManual() {
        let error = #expect(throws: YAMLError.self) { try YAML.read("a:\n\tb: 1\n") }
        #expect(error?.description == "line 2, column 1: a tab cannot indent YAML; use spaces")
    }

    @Test func bytesThatAreNoUTF8AreRefusedWithTheirPlace() {
        let error = #expect(throws: YAMLError.self) { try YAML.read(Array("a: 1\nb: é".utf8) + [0xFF]) }
        #expect(error?.code == .encoding)
        #expect(error?.mark == Mark(line: 2, column: 5))
        #expect(throws: YAMLError.self) { try YAML.read(Array("{\"a\": \"".utf8) + [0xFF] + Array("\"}".utf8)) }
    }

    @Test func everyValueKnowsItsPlace() throws {
        for text in ["a:\n- é: [x, 12]\n", "{\"a\":\n [{\"é\": [\"x\",  12]}]}"] {
            let isJSON = text.hasPrefix("{")
            let read = try YAML.read(text)[0]
            let entry = read["a"]?[0]?.entry("é")
            #expect(entry?.keyMark == Mark(line: 2, column: isJSON ? 4 : 3))
            #expect(entry?.node[1]?.mark == Mark(line: 2, column: isJSON ? 16 : 10))
        }
    }

    @Test func aStreamIsItsDocuments() throws {
        #expect(try YAML.read("").isEmpty)
        #expect(try YAML.read("# nothing\n\n").isEmpty)
        #expect(try YAML.read("a: 1\n---\nb: 2\n...\n---\n# empty\n---\nc: 3\n").count == 4)
        #expect(try YAML.read("---\n---\n").map(\.isNull) == [true, true])
        #expect(try YAML.read("{\"a\": 1}\n{\"b\": 2}").count == 2)
        #expect(try YAML.read("{\"a\": 1}\n---\n{\"b\": 2}").count == 2)
        #expect(try YAML.read("{a: 1}") == [.map(["a": 1])])
    }

    @Test func byteOrderMarksAndWindowsLineEndsAreRead() throws {
        #expect(try YAML.read("\u{FEFF}a: 1\r\nb:\r\n- c\r\n") == [.map(["a": 1, "b": ["c"]])])
        #expect(try YAML.read("a: |\r\n  x\r\n  y\r\n")[0]["a"]?.string == "x\ny\n")
    }

    @Test func jsonEscapesAreGos() throws {
        let read = try YAML.read(#"{"a": "\ud83d\ude00\ud800x\u00e9\/\n"}"#)
        #expect(read[0]["a"]?.string == "\u{1F600}\u{FFFD}xé/\n")
    }

    @Test func depthSizeAndAliasesAreBounded() {
        let limits = YAMLLimits(bytes: 10_000, depth: 50, aliases: 20, aliasBytes: 5_000)
        let deep = String(repeating: "[", count: 60)
        let deepJSON = "{\"a\":" + String(repeating: "[", count: 60)
        var laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n"
        for level in 1...9 {
            let items = (0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ", ")
            laughs += "a\(level): &a\(level) [\(items)]\n"
        }
        for text in [deep, deepJSON, laughs, String(repeating: "a", count: 10_001)] {
            let error = #expect(throws: YAMLError.self) { try YAML.read(text, limits: limits) }
            #expect(error?.code == .limit)
        }
        let error = #expect(throws: YAMLError.self) { try YAML.read(laughs) }
        #expect(error?.code == .limit)
    }
}
