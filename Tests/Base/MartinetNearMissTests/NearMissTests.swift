import MartinetNearMiss
import Testing

struct NearMissTests {
    @Test(arguments: [
        ("delpoyment", "deployment"), ("replica", "replicas"), ("contianers", "containers"), ("Metadata", "metadata"),
        ("dry_run", "dry-run"), ("imagePullpolicy", "imagePullPolicy"),
    ])
    func aTypingErrorFindsItsWord(word: String, meant: String) {
        let known = ["deployment", "replicas", "containers", "metadata", "dry-run", "imagePullPolicy", "image"]
        #expect(NearMiss.suggestion(for: word, among: known) == meant)
    }

    @Test func whatIsFarFromEverythingFindsNothing() {
        #expect(NearMiss.suggestion(for: "banana", among: ["deployment", "pod", "a"]) == nil)
        #expect(NearMiss.suggestion(for: "x", among: ["y"]) == nil)
        #expect(NearMiss.suggestion(for: "", among: ["y"]) == nil)
        #expect(NearMiss.question(for: "gte", among: ["get", "set"]) == ", did you mean \"get\"?")
    }

    @Test func longWordsCostNothing() {
        let long = String(repeating: "a", count: 100_000)
        #expect(NearMiss.suggestions(for: long, among: [long + "b"]).isEmpty)
    }
}
