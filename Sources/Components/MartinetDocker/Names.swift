import MartinetBase

/// Names for containers that nobody named.
enum Names {
    private static let words = [
        "brave", "bright", "calm", "clever", "eager", "gentle", "happy", "keen", "kind", "lively", "merry", "nimble",
        "proud", "quick", "quiet", "sharp", "steady", "swift", "warm", "wise",
    ]
    private static let birds = [
        "crane", "curlew", "dunlin", "falcon", "finch", "heron", "jackdaw", "kestrel", "lapwing", "linnet", "martin",
        "nightjar", "osprey", "plover", "robin", "sandpiper", "starling", "swallow", "swift", "wren",
    ]

    static func any(_ runtime: any Runtime) -> String {
        let word = words[Int(runtime.random() % UInt64(words.count))]
        let bird = birds[Int(runtime.random() % UInt64(birds.count))]
        return "\(word)_\(bird)_\(runtime.nameSuffix(3))"
    }
}
