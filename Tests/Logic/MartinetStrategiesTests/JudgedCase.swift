import MartinetAPI
import MartinetAdmissionPolicies
import MartinetBase
import MartinetCustomResources
import MartinetPatch
import MartinetSchema
import MartinetStrategies
import MartinetTesting

/// What a case of the recorded answers is about: a kind by its path, and a subresource.
struct JudgedTarget {
    let kind: Kind
    let namespace: String
    let name: String
    let subresource: String

    /// The kind that the subresource is sent, where that is another one; empty else.
    var sent: String {
        ["binding", "eviction", "token"].contains(subresource)
            ? kind.subresources.first { $0.name == subresource }?.kind ?? "" : ""
    }

    var title: String {
        "\(kind.group.isEmpty ? kind.version : "\(kind.group)/\(kind.version)").\(kind.name)"
            + (subresource.isEmpty ? "" : "/\(subresource)")
    }

    private static let kinds: [String: Kind] = {
        var found: [String: Kind] = [:]
        for kind in Schema.builtin.kinds where !kind.plural.isEmpty {
            found["\(kind.apiVersion)/\(kind.plural)"] = kind
        }
        return found
    }()

    init?(path: String) {
        var parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return nil }
        let apiVersion = parts[0] == "api" ? parts[1] : "\(parts[1])/\(parts[2])"
        parts = Array(parts.dropFirst(parts[0] == "api" ? 2 : 3))
        var place = ""
        if parts.count > 2, parts[0] == "namespaces", !["status", "finalize"].contains(parts[2]) {
            place = parts[1]
            parts = Array(parts.dropFirst(2))
        }
        guard let plural = parts.first, let kind = Self.kinds["\(apiVersion)/\(plural)"] else { return nil }
        self.kind = kind
        namespace = place
        name = parts.count > 1 ? parts[1] : ""
        subresource = parts.count > 2 ? parts[2] : ""
    }
}

/// What was answered: a code, and for 422 the causes.
struct Verdict: Equatable {
    var code: Int
    var causes: [String] = []
    var warnings = 0
    var messages: [String] = []

    static func == (a: Verdict, b: Verdict) -> Bool { a.code == b.code && a.causes == b.causes }
}

/// The way from a request to a verdict, as the API server goes it, without its store.
struct Judge {
    let target: JudgedTarget
    let strategy: any Strategy

    init(_ target: JudgedTarget) {
        self.target = target
        strategy = Self.strategy(for: target.kind)
    }

    static func strategy(for kind: Kind) -> any Strategy {
        kind.name == "CustomResourceDefinition"
            ? CustomResourceDefinitionStrategy.strategy(for: kind)
            : Strategies.strategy(for: kind, compiler: KubernetesExpressions())
    }

    static func filled(_ text: String, uid: String = "u") -> String {
        var text = text
        for (from, to) in [
            ("kube-api-access-XXXXX", "kube-api-access-xxxxx"), ("\"ALLOCATED-IP\"", "\"10.96.0.9\""),
            ("\"ALLOCATED-PORT\"", "30009"), ("\"UID\"", "\"u\""), ("\"$RV\"", "\"7\""), ("\"RV\"", "\"7\""),
            ("\"TIME\"", "\"2023-11-14T22:13:20Z\""), (uid, "u"),
        ] where text.contains(from) {
            text = text.split(separator: from, omittingEmptySubsequences: false).joined(separator: to)
        }
        return text
    }

    static func decoded(_ text: String, _ kind: Kind) -> (object: Object, issues: Set<String>)? {
        guard let result = try? JSONDecoder.decode(Array(text.utf8), as: kind.type) else { return nil }
        var issues = Set(result.issues.map(\.description))
        // What the decoder takes for itself may be there twice all the same.
        for issue in (try? JSONDecoder.decodeAny(Array(text.utf8)))?.issues ?? []
        where ["apiVersion", "kind"].contains(issue.path) { issues.insert(issue.description) }
        return (result.object, issues)
    }

    static func metadata(_ object: inout Object, _ change: (inout ObjectMeta) -> Void) {
        guard let slot = object.type.field(named: "metadata")?.slot else { return }
        var metadata = ObjectMeta()
        if case .object(let present) = object[slot] { metadata = ObjectMeta(object: present) }
        change(&metadata)
        object[slot] = .object(metadata.object)
    }

    static func metadata(of object: Object) -> ObjectMeta {
        guard let slot = object.type.field(named: "metadata")?.slot, case .object(let metadata) = object[slot] else {
            return ObjectMeta()
        }
        return ObjectMeta(object: metadata)
    }

    /// As it is stored, and what stands in the way of that before anything is judged.
    func created(_ object: Object, of kind: Kind? = nil) -> (object: Object, refused: [String]) {
        var object = object
        let kind = kind ?? target.kind
        Self.metadata(&object) {
            if kind.isNamespaced || kind.plural.isEmpty {
                if $0.namespace.isEmpty { $0.namespace = target.namespace }
            } else {
                $0.namespace = ""
            }
            if $0.name.isEmpty, !$0.generateName.isEmpty { $0.name = String($0.generateName.prefix(58)) + "xxxxx" }
            $0.uid = "u"
            $0.creationTimestamp = .init(seconds: 1_700_000_000)
            $0.deletionTimestamp = nil
            $0.deletionGracePeriodSeconds = nil
            if strategy.hasGeneration { $0.generation = 1 }
            $0.managedFields = []
        }
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        strategy.prepareForCreate(&object)
        Admission.admit(&object, old: nil)
        let refused = Allocation.allocate(&object)
        return (object, refused)
    }

    func verdict(_ item: Value, in line: [UInt8]) -> Verdict? {
        let validation = item["query"]["fieldValidation"].text
        let raw = item["rawBody"].text
        var text = raw.isEmpty ? String(decoding: JSONMembers.member("body", of: line) ?? [], as: UTF8.self) : raw
        let uid = Self.generatedUID(item)
        if isOther(text) { return Verdict(code: 400) }
        if target.subresource == "scale" { return scale(item, text) }
        if !target.sent.isEmpty { return send(text) }
        let stored = JSONMembers.member("existing", of: line).map { String(decoding: $0, as: UTF8.self) }
        let present = stored.flatMap { Self.decoded(Self.filled($0, uid: uid), target.kind)?.object }
        if item["method"].text == "PATCH" {
            guard let present, let patched = self.patched(present, text) else { return nil }
            text = patched
        }
        guard let (body, issues) = Self.decoded(Self.filled(text, uid: uid), target.kind),
            validation != "Strict" || issues.isEmpty
        else { return Verdict(code: 400) }
        let ignored = validation == "Ignore" ? 0 : issues.count
        let sent = Self.metadata(of: body)
        if target.kind.isNamespaced, !sent.namespace.isEmpty, sent.namespace != target.namespace {
            return Verdict(code: 400)
        }
        if item["method"].text == "POST" { return create(body, issues: ignored) }
        if !sent.name.isEmpty || target.subresource.isEmpty, sent.name != target.name { return Verdict(code: 400) }
        guard let present else { return nil }
        return update(body, present, issues: ignored)
    }

    /// The identity that the recorded server gave a job, which its selector holds.
    private static func generatedUID(_ item: Value) -> String {
        let key = "batch.kubernetes.io/controller-uid"
        let found = [
            item["body"]["spec"]["selector"]["matchLabels"][key], item["body"]["metadata"]["labels"][key],
            item["body"]["spec"]["template"]["metadata"]["labels"][key],
        ]
        return found.map(\.text).first { $0.utf8.count == 36 } ?? "u"
    }

    /// Whether the body says that it is of another kind than the path.
    private func isOther(_ text: String) -> Bool {
        guard target.sent.isEmpty, target.subresource != "scale",
            let value = try? JSONDecoder.decodeAny(Array(text.utf8)).value
        else { return false }
        let (version, kind) = (value["apiVersion"].text, value["kind"].text)
        return version != target.kind.apiVersion && !version.isEmpty || kind != target.kind.name && !kind.isEmpty
    }

    private func create(_ body: Object, issues: Int) -> Verdict {
        let (object, refused) = created(body)
        if !refused.isEmpty { return Verdict(code: 422, causes: refused) }
        let errors = strategy.validate(object)
        return answer(errors, object, old: nil, issues: issues)
    }

    private func answer(_ errors: [FieldError], _ object: Object, old: Object?, issues: Int) -> Verdict {
        guard errors.isEmpty else {
            return Verdict(
                code: 422, causes: errors.map { "\($0.reason.rawValue) \($0.field)" }.sorted(),
                messages: errors.map(\.description))
        }
        let warnings = target.subresource.isEmpty ? strategy.warnings(object, old: old).count : 0
        return Verdict(code: 200, warnings: warnings + issues)
    }

    /// As the API server goes about an update, up to where it is judged.
    func prepared(_ body: Object, _ old: Object) -> Object {
        var object = body
        Self.metadata(&object) { metadata in
            let before = Self.metadata(of: old)
            if metadata.uid.isEmpty { metadata.uid = before.uid }
            metadata.namespace = before.namespace
            metadata.name = before.name
            metadata.creationTimestamp = before.creationTimestamp
            metadata.resourceVersion = "7"
            metadata.generation = before.generation
            metadata.managedFields = []
        }
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        strategy.prepareForUpdate(&object, old: old, through: target.subresource)
        if target.subresource.isEmpty {
            Admission.admit(&object, old: old)
            Allocation.reallocate(&object, old: old)
        }
        return object
    }

    private func update(_ body: Object, _ present: Object, issues: Int) -> Verdict {
        let old = Admission.stored(created(present).object)
        let sent = Self.metadata(of: body)
        if sent.resourceVersion.isEmpty || sent.resourceVersion == "0", strategy.requiresResourceVersionOnUpdate {
            return Verdict(code: 422, causes: ["FieldValueInvalid metadata.resourceVersion"])
        }
        if !sent.resourceVersion.isEmpty, sent.resourceVersion != "0", sent.resourceVersion != "7" {
            return Verdict(code: Int64(sent.resourceVersion) == nil ? 500 : 409)
        }
        if !sent.uid.isEmpty, sent.uid != "u" { return Verdict(code: 409) }
        let object = prepared(body, old)
        let errors = strategy.validateUpdate(object, old: old, through: target.subresource)
        return answer(errors, object, old: old, issues: issues)
    }

    // MARK: - Subresources

    private static func kind(_ apiVersion: String, _ name: String) -> Kind? {
        Schema.builtin.kinds.first { $0.apiVersion == apiVersion && $0.name == name }
    }

    /// A subresource that is sent something of a kind of its own.
    private func send(_ text: String) -> Verdict? {
        guard let value = try? JSONDecoder.decodeAny(Array(text.utf8)).value,
            let kind = Self.kind(value["apiVersion"].text, value["kind"].text)
        else { return Verdict(code: 400) }
        guard let (body, _) = Self.decoded(text, kind),
            kind.name == target.sent.split(separator: ".").last.map(String.init)
        else { return Verdict(code: 400) }
        let sent = Self.metadata(of: body)
        if sent.name != target.name, !sent.name.isEmpty || kind.name == "Eviction" { return Verdict(code: 400) }
        if !sent.namespace.isEmpty, sent.namespace != target.namespace { return Verdict(code: 400) }
        var object = body
        Self.metadata(&object) {
            $0.name = target.name
            $0.namespace = target.namespace
        }
        Defaults.apply(to: &object)
        return answer(Strategies.strategy(for: kind).validate(object), object, old: nil, issues: 0)
    }

    /// A count alone, of an object that has many things besides.
    private func scale(_ item: Value, _ text: String) -> Verdict? {
        guard let kind = Self.kind("autoscaling/v1", "Scale") else { return nil }
        guard item["method"].text != "PATCH" else { return nil }
        guard let (body, issues) = Self.decoded(text, kind),
            issues.isEmpty || item["query"]["fieldValidation"].text != "Strict"
        else { return Verdict(code: 400) }
        let version = (try? JSONDecoder.decodeAny(Array(text.utf8)))?.value["apiVersion"].text
        guard version != "v1" else { return Verdict(code: 400) }
        let sent = Self.metadata(of: body)
        if sent.name != target.name || !sent.namespace.isEmpty && sent.namespace != target.namespace {
            return Verdict(code: 400)
        }
        var object = body
        Self.metadata(&object) { $0.namespace = target.namespace }
        return answer(Strategies.strategy(for: kind).validate(object), object, old: nil, issues: 0)
    }

    private func patched(_ present: Object, _ text: String) -> String? {
        let old = Admission.stored(created(present).object)
        guard let result = try? Patcher.apply(Array(text.utf8), .strategic, to: old) else { return nil }
        return String(decoding: JSONEncoder.encode(result.object), as: UTF8.self)
    }
}

/// The text of a member of a JSON object, as it was written.
enum JSONMembers {
    static func member(_ name: String, of text: [UInt8]) -> [UInt8]? {
        var (depth, index, start) = (0, 0, -1)
        let wanted = Array("\"\(name)\"".utf8)
        func string() -> Range<Int> {
            let first = index
            index += 1
            while text[index] != 34 { index += text[index] == 92 ? 2 : 1 }
            index += 1
            return first..<index
        }
        while index < text.count {
            switch text[index] {
            case 34:
                let range = string()
                if depth == 1, start < 0, Array(text[range]) == wanted, text[index] == 58 { start = index + 1 }
                continue
            case 123, 91: depth += 1
            case 125, 93:
                depth -= 1
                if depth == 0, start >= 0 { return Array(text[start..<index]) }
            case 44: if depth == 1, start >= 0 { return Array(text[start..<index]) }
            default: break
            }
            index += 1
        }
        return nil
    }
}
