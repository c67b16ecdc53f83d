import MartinetAPI
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import MartinetTesting
import Testing

/// Upstream's recorded answers for one custom kind with many kinds of rules.
@Suite(.enabled(if: SharedFiles.root != nil, "the upstream answers are not beside the clone"))
struct RecordedAnswersTests {
    @Test func objectsAreAcceptedAndRefusedAsRecorded() throws {
        let version = try #require(
            try CustomResources.served(definition("upstream-answers/validation-custom-crd.json")).first)
        var (passed, skipped, total) = (0, 0, 0)
        var failures: [String] = []
        for line in SharedFiles.read("upstream-answers/validation-custom.jsonl").split(separator: 10) {
            let recorded = try JSONDecoder.decodeAny(Array(line)).value
            guard let verdict = try judge(recorded, version) else {
                skipped += 1
                continue
            }
            total += 1
            if verdict.isEmpty { passed += 1 } else { failures.append("\(recorded.text("id")): \(verdict)") }
        }
        print("recorded custom resources: \(passed)/\(total) (\(skipped) need what is not here: the request)")
        for failure in failures.prefix(40) { print("  \(failure)") }
        #expect(passed == total)
    }

    /// Empty where the answer is the recorded one, nil where it depends on what this target does not do.
    private func judge(_ recorded: Value, _ version: ServedCustomVersion) throws -> String? {
        guard let body = recorded.member("body"), let answer = recorded.member("answer") else { return nil }
        let path = recorded.text("path")
        guard case .int(let code)? = answer.member("code"), case .list(let mutations)? = recorded.member("mutation")
        else {
            return nil
        }
        let isStrict = recorded.member("query")?.text("fieldValidation") == "Strict"
        var expected: [String] = []
        if case .list(let causes)? = answer.member("causes") {
            expected = causes.map { "\($0.text("reason")) \($0.text("field"))" }
        }
        // Names on the URL and versions are the engine's.
        if expected == ["FieldValueInvalid metadata.resourceVersion"] { return nil }
        if mutations.contains(where: { "\($0)".contains("request") }) { return nil }
        let decoded: JSONDecoder.Result
        do {
            decoded = try JSONDecoder.decode(JSONEncoder.encode(body), as: version.kind.type)
        } catch {
            return code == 400 ? "" : "decoding failed: \(error), recorded \(code)"
        }
        if isStrict, !decoded.issues.isEmpty { return code == 400 ? "" : "\(decoded.issues), recorded \(code)" }
        if code == 400 { return "accepted, recorded 400" }
        var object = decoded.object
        Defaults.apply(to: &object)
        version.strategy.setDefaults(&object)
        place(&object)
        let errors: [FieldError]
        if let existing = recorded.member("existing") {
            var old = try JSONDecoder.decode(JSONEncoder.encode(existing), as: version.kind.type).object
            Defaults.apply(to: &old)
            place(&old)
            if path.hasSuffix("/status") {
                version.strategy.prepareForStatusUpdate(&object, old: old)
                errors = version.strategy.validateStatusUpdate(object, old: old)
            } else {
                version.strategy.prepareForUpdate(&object, old: old)
                errors = version.strategy.validateUpdate(object, old: old)
            }
        } else {
            version.strategy.prepareForCreate(&object)
            errors = version.strategy.validate(object)
        }
        let found = errors.map { "\($0.reason.rawValue) \($0.field)" }.sorted()
        guard found == expected.sorted() else { return "\(mutations) recorded \(code) \(expected), found \(found)" }
        guard code < 300 else { return "" }
        let tree = PlainTree.root(object)
        guard let want = answer.member("object") else { return "" }
        for part in ["spec", "status"] where tree.member(part) != want.member(part) {
            guard let found = tree.member(part), let wanted = want.member(part) else {
                return "\(part) is absent in one"
            }
            let texts = [found, wanted].map { String(decoding: JSONEncoder.encode($0), as: UTF8.self) }
            if texts[0] != texts[1] { return "\(part) is \(texts[0]), recorded \(texts[1])" }
        }
        return ""
    }

    /// What the engine writes into the metadata before anything is judged.
    private func place(_ object: inout Object) {
        guard let field = object.type.field(named: "metadata"), let type = field.type else { return }
        var metadata = ObjectMeta(object: Object(type: type))
        if case .object(let sent)? = object[field.slot] { metadata = ObjectMeta(object: sent) }
        metadata.namespace = "rec"
        metadata.uid = "u"
        metadata.resourceVersion = "7"
        metadata.creationTimestamp = nil
        metadata.generation = 0
        metadata.managedFields = []
        if metadata.name.isEmpty, !metadata.generateName.isEmpty { metadata.name = metadata.generateName + "xxxxx" }
        object[field.slot] = .object(metadata.object)
    }

    private func definition(_ path: String) throws -> CustomResourceDefinition {
        try CustomResourceDefinition(decoding: JSONDecoder.decodeAny(SharedFiles.read(path)).value)
    }
}

extension CustomResourceDefinition {
    init(decoding value: Value) throws {
        let result = try JSONDecoder.decode(JSONEncoder.encode(value), as: CustomResourceDefinition.type)
        self.init(object: result.object)
    }
}

extension Value {
    func text(_ name: String) -> String {
        if case .string(let text)? = member(name) { return text }
        return ""
    }
}
