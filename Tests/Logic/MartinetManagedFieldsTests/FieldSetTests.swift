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

    /// Changed at random places, a set is read and written to itself again or refused, and nothing traps.
    @Test func bytesOfChanceDoNotTrap() throws {
        let seeds = [
            #"{"f:spec":{".":{},"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:port":{}}},"v:\"a\"":{},"i:3":{}}}"#,
            #"{"f:a\u0041":{"f:b":{}},"x:1":{"f:c":[]},"v:1.5":{},"v:null":{}}"#,
        ]
        var state: UInt64 = 42
        func next(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let alphabet = Array(#"{}[]":,\.fkvi01 nu"#.utf8)
        for round in 0..<20_000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0...next(4) {
                switch next(3) {
                case 0: bytes[next(bytes.count)] = alphabet[next(alphabet.count)]
                case 1: bytes.insert(alphabet[next(alphabet.count)], at: next(bytes.count))
                default: bytes.remove(at: next(bytes.count))
                }
            }
            guard let set = try? FieldSet(json: String(decoding: bytes, as: UTF8.self)) else { continue }
            let again = try FieldSet(json: set.json)
            #expect(again == set, "seed 42, round \(round)")
        }
    }
}
