import MartinetYAML
import Testing

struct MutationTests {
    struct Generator: RandomNumberGenerator {
        var state: UInt64
        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var z = state
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static let seeds = [
        "a: &x [1, 0x2, ~]\nb: {<<: *y, c: |+\n  d\n\n}\n? e\n: - \"\\u00e9\"\n  - '1'\n",
        "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - name: a\n    image: b:c\n",
        "%YAML 1.1\n---\n- !!int 3\n- !!binary aGk=\n...\n---\nk: >-\n  folded\n  text\n",
        "{\"a\": [1, -2.5e3, \"\\ud83d\\ude00\", true, null], \"b\": {\"c\": {}}}",
    ]

    @Test(arguments: [1, 2, 3] as [UInt64])
    func noMutationTrapsAndWhatIsReadIsWrittenBack(seed: UInt64) {
        var random = Generator(state: seed)
        let alphabet = Array("\t\n\r :-?[]{},&*!|>'\"%@`#<~.0123x_\\\u{FEFF}\u{2028}é\0".utf8)
        for round in 0..<3_000 {
            var bytes = Array(Self.seeds[round % Self.seeds.count].utf8)
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let index = Int.random(in: 0...bytes.count, using: &random)
                let byte =
                    Bool.random(using: &random)
                    ? alphabet.randomElement(using: &random) ?? 0 : UInt8.random(in: 0...255, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes.insert(byte, at: index)
                case 1 where index < bytes.count: bytes[index] = byte
                default:
                    let end = min(bytes.count, index + Int.random(in: 0...8, using: &random))
                    bytes.removeSubrange(index..<end)
                }
            }
            #expect(
                fuzzYAML(bytes),
                "seed \(seed), round \(round): \(String(decoding: bytes, as: UTF8.self).debugDescription)")
        }
    }
}
