import MartinetManagedFields
import MartinetSchema
import Testing

@Suite struct FieldSetTests {
    private func set(_ json: String) throws -> FieldSet { try FieldSet(json: json) }

    @Test(arguments: [
        "{}", #"{"f:spec":{"f:a":{},"f:b":{".":{},"f:c":{}}}}"#,
        #"{"f:l":{"k:{\"containerPort\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{}},"v:\"x\"":{},"v:1":{},"i:0":{}}}"#,
    ]) func aSetIsWrittenAsItWasRead(_ json: String) throws {
        let expected = json.replacing(#""v:\"x\"":{},"v:1":{}"#, with: #""v:1":{},"v:\"x\"":{}"#)
        #expect(try set(json).json == expected)
    }

    @Test func unknownElementsAreLeftOut() throws {
        #expect(try set(#"{"f:a":{"x:1":{"f:b":{}}},"z:2":{}}"#).json == #"{"f:a":{}}"#)
    }

    @Test(arguments: [
        "", "[]", "{", #"{"a":{}}"#, #"{"f:a":1}"#, #"{"f:a":{}"#, #"{"v:{":{}}"#, #"{"k:1":{}}"#, "{}{}",
    ])
    func whatIsNoSetIsRefused(_ json: String) {
        #expect(throws: FieldSetError.self) { try FieldSet(json: json) }
    }

    @Test func deepTextIsRefusedAndDoesNotTrap() {
        let deep = String(repeating: #"{"f:a":"#, count: 100_000)
        #expect(throws: FieldSetError.self) { try FieldSet(json: deep) }
    }

    @Test func setsAreCombined() throws {
        let a = try set(#"{"f:a":{".":{},"f:x":{}},"f:b":{},"f:c":{"f:y":{}}}"#)
        let b = try set(#"{"f:a":{},"f:c":{"f:y":{},"f:z":{}}}"#)
        #expect(a.union(b).json == #"{"f:a":{".":{},"f:x":{}},"f:b":{},"f:c":{"f:y":{},"f:z":{}}}"#)
        #expect(a.intersection(b).json == #"{"f:a":{},"f:c":{"f:y":{}}}"#)
        #expect(a.subtracting(b).json == #"{"f:a":{"f:x":{}},"f:b":{}}"#)
        #expect(a.subtractingRecursively(b).json == #"{"f:b":{}}"#)
    }

    @Test func namesThatNeedEscapesComeBack() throws {
        let path: [PathElement] = [.field("a\"b<&>\u{e9}"), .key([.init(name: "n", value: .string("<x>\"y"))])]
        let set = FieldSet([path])
        #expect(try FieldSet(json: set.json) == set)
        #expect(set.contains(path))
    }
}
