import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import MartinetStrategies
import MartinetWebhooks
import Synchronization

/// The versions of a custom resource between which a webhook converts.
///
/// All versions share one cache, which holds every object in the version that it was stored in: following the store calls
/// nobody. Who reads gets a copy in the version that it asked for, which is made on a thread that may wait and kept for the
/// next. A webhook that is down therefore fails the reads that need it, and nothing else.
final class WebhookConversion: Sendable {
    struct Version: Sendable {
        let kind: Kind
        let strategy: any Strategy
    }

    /// The CustomResourceConversion.
    let spec: Object
    let storage: Version
    /// Where events are converted for those who watch, in their order.
    let watching: any SerialExecutorPort
    private let versions: [String: Version]
    private let caller: any WebhookCaller
    private let runtime: any Runtime
    private let copies = Mutex(ConvertedCopies())

    private static let timeout = Duration.seconds(30)
    /// So many objects are sent at once.
    private static let batch = 500
    private static let answerMax = 256 << 20

    init(
        spec: Object, versions: [Version], storage: Version, caller: any WebhookCaller, runtime: any Runtime
    ) {
        self.spec = spec
        self.storage = storage
        self.versions = Dictionary(versions.map { ($0.kind.apiVersion, $0) }) { first, _ in first }
        self.caller = caller
        self.runtime = runtime
        watching = runtime.executor(named: "martinet.conversion.\(storage.kind.plural).\(storage.kind.group)")
    }

    /// The version that a stored object is in; the storage version where it is in none that there is.
    func version(of json: [UInt8]) -> Version {
        guard let apiVersion = try? JSONDecoder.typeMeta(of: json).apiVersion else { return storage }
        return versions[apiVersion] ?? storage
    }

    /// Objects in another version. Waits for the webhook.
    ///
    /// - Parameter named: the version that errors name.
    func convert(
        _ objects: [Object], to kind: Kind, named: Kind? = nil, isList: Bool = false
    ) throws(APIError) -> [Object] {
        let others = objects.indices.filter { objects[$0].type != kind.type }
        guard let first = others.first else { return objects }
        let from = named ?? objects[first].type.kind ?? kind
        var result = objects
        var start = 0
        while start < others.count {
            let part = others[start..<min(start + WebhookConversion.batch, others.count)]
            let question = ConversionQuestion(part.map { objects[$0] }, named: from, to: kind, isList: isList)
            for (index, object) in zip(part, try ask(question)) { result[index] = object }
            start += part.count
        }
        return result
    }

    private func ask(_ question: ConversionQuestion) throws(APIError) -> [Object] {
        func failed(_ message: String) -> APIError { APIError(code: 500, reason: "", message: message) }
        let webhook = spec.part("webhook")
        let known = webhook.map { hook -> [String] in
            guard case .list(let values)? = hook[field: "conversionReviewVersions"] else { return [] }
            return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        guard let version = ConversionQuestion.version(known ?? []) else {
            throw failed("no supported conversion review versions")
        }
        guard let endpoint = webhook?.part("clientConfig").flatMap({ WebhookEndpoint($0) }) else {
            throw failed(question.failure("webhook configuration must have either service or URL"))
        }
        var timeout = WebhookConversion.timeout
        if let deadline = Waiting.deadline { timeout = min(timeout, deadline - runtime.monotonic()) }
        guard timeout > .zero else { throw APIError.requestTimeout }
        let uid = runtime.uid()
        let call = WebhookCall(
            endpoint, question.review(uid: uid, version: version), timeout: timeout,
            answerMax: WebhookConversion.answerMax)
        switch caller.call(call) {
        case .failure(let failure): throw failed(question.failure(failure.description))
        case .success(let bytes):
            do throws(InvalidAnswer) {
                return try question.read(bytes, uid: uid, version: version)
            } catch {
                throw failed(error.description)
            }
        }
    }

    /// Stored objects as a version shows them. Waits for the webhook where there is no copy yet.
    func view(_ objects: [CachedObject], as kind: Kind, isList: Bool) throws(APIError) -> [CachedObject] {
        var result = objects
        var missing: [Int] = []
        copies.withLock { copies in
            for (index, object) in objects.enumerated() where object.type != kind.type {
                if let copy = copies[kind.version, object.key, object.revision] {
                    result[index] = copy
                } else {
                    missing.append(index)
                }
            }
        }
        guard !missing.isEmpty else { return result }
        let made = try convert(missing.map { objects[$0].object }, to: kind, named: kind, isList: isList)
        let strategy = (versions[kind.apiVersion] ?? storage).strategy
        for (index, object) in zip(missing, made) {
            let source = objects[index]
            result[index] = CachedObject(
                key: source.key, namespace: source.namespace, name: source.name, revision: source.revision,
                json: JSONEncoder.encode(object), type: kind.type, labels: source.labels,
                fields: strategy.selectableFields(object).map { (key: $0.path, value: $0.value) },
                isMigrated: source.isMigrated, object: object)
        }
        copies.withLock { copies in
            for index in missing { copies.keep(result[index], version: kind.version) }
        }
        return result
    }
}

/// Copies of objects in versions that they are not stored in, as many as there is room for.
struct ConvertedCopies {
    private struct Name: Hashable {
        let version: String
        let key: String
    }
    private var copies: [Name: CachedObject] = [:]
    /// In the order of their making; some have been replaced since.
    private var order: [(name: Name, revision: Revision, bytes: Int)] = []
    private var head = 0
    private var bytes = 0
    private let bytesMax: Int

    init(bytesMax: Int = 64 << 20) { self.bytesMax = bytesMax }

    subscript(version: String, key: String, revision: Revision) -> CachedObject? {
        guard let copy = copies[Name(version: version, key: key)], copy.revision == revision else { return nil }
        return copy
    }

    mutating func keep(_ copy: CachedObject, version: String) {
        let name = Name(version: version, key: copy.key)
        if let known = copies[name], known.revision >= copy.revision { return }
        copies[name] = copy
        // What it takes to keep one, besides its text.
        let size = copy.json.count + 512
        order.append((name, copy.revision, size))
        bytes += size
        while bytes > bytesMax, head < order.count {
            let oldest = order[head]
            head += 1
            bytes -= oldest.bytes
            if copies[oldest.name]?.revision == oldest.revision { copies[oldest.name] = nil }
        }
        if head > 1024, head * 2 > order.count {
            order.removeFirst(head)
            head = 0
        }
    }
}

/// What a webhook says an object is in another version.
struct WebhookVersions: VersionConverter {
    let conversion: WebhookConversion

    func convert(_ object: Object, to kind: Kind) throws(APIError) -> Object {
        try conversion.convert([object], to: kind).first ?? object
    }
}
