import MartinetBase
import MartinetDocuments
import MartinetSchema
import Synchronization

/// The documents about one set of kinds. What is made once is kept; one that nobody asks for is never made.
final class DocumentSet: Sendable {
    struct Made: Sendable {
        let document: ServedDocument
        /// As gzip, where that was asked for and is worth it.
        fileprivate(set) var packed: [UInt8]?
        fileprivate var isPacked = false

        init(document: ServedDocument) { self.document = document }
    }

    let kinds: [Kind]
    private let discovery: Discovery
    private let definitions: @Sendable () -> [Kind: Value]
    private let openAPI = Mutex<OpenAPIDocuments?>(nil)
    private let made = Mutex<[DocumentPlace: Made]>([:])
    /// Smaller documents are sent as they are.
    private static let packedMin = 1400

    init(kinds: [Kind], definitions: @escaping @Sendable () -> [Kind: Value]) {
        self.kinds = kinds
        self.definitions = definitions
        discovery = Discovery(kinds: kinds)
    }

    /// What is there already.
    func kept(_ place: DocumentPlace, packed: Bool) -> Made? {
        guard let kept = made.withLock({ $0[place] }), !packed || kept.isPacked else { return nil }
        return kept
    }

    /// Whether a document may lie at a path: nobody keeps the maker busy with names of nothing.
    func isKnown(_ place: DocumentPlace) -> Bool {
        let parts = place.path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("api", 1), ("apis", 1), ("version", 1), ("openapi", 2): return true
        case ("api", 2): return serves("", parts[1])
        case ("apis", 2): return discovery.groups.contains { $0.name == parts[1] }
        case ("apis", 3): return serves(parts[1], parts[2])
        case ("openapi", 3...7): return parts[1] == "v3"
        default: return false
        }
    }

    private func serves(_ group: String, _ version: String) -> Bool {
        discovery.groups.first { $0.name == group }?.versions.contains { $0.name == version } ?? false
    }

    /// Makes what is not there yet. Not for event loops; only one thread does it.
    func make(_ place: DocumentPlace, packed: Bool) -> Made? {
        if let kept = kept(place, packed: packed) { return kept }
        guard let document = made.withLock({ $0[place]?.document }) ?? document(place) else { return nil }
        var result = Made(document: document)
        if packed {
            let isWorthIt = document.bytes.count >= DocumentSet.packedMin
            result.packed = isWorthIt ? AnswerCompression.gzip([document.bytes[...]], level: 6) : nil
            result.isPacked = true
        }
        made.withLock { $0[place] = result }
        return result
    }

    private func document(_ place: DocumentPlace) -> ServedDocument? {
        let parts = place.path.split(separator: "/").map(String.init)
        switch (parts.first, parts.count) {
        case ("api", 1): return root(core: true, place.form)
        case ("apis", 1): return root(core: false, place.form)
        case ("api", 2): return discovery.resources(group: "", version: parts[1])
        case ("apis", 2): return discovery.group(parts[1])
        case ("apis", 3): return discovery.resources(group: parts[1], version: parts[2])
        case ("version", 1): return VersionDocument(platform: APIServer.platform).document()
        case ("openapi", _): return openAPI(Array(parts.dropFirst()), place.form)
        default: return nil
        }
    }

    private func root(core: Bool, _ form: DocumentPlace.Form) -> ServedDocument {
        if case .aggregated(let format) = form { return discovery.aggregated(core: core, format: format) }
        return core ? discovery.coreVersions() : discovery.groupList()
    }

    private func openAPI(_ parts: [String], _ form: DocumentPlace.Form) -> ServedDocument? {
        let documents = openAPI.withLock { kept in
            let documents = kept ?? OpenAPIDocuments(kinds: kinds, defined: definitions())
            kept = documents
            return documents
        }
        if parts == ["v2"] { return documents.v2(asProtobuf: form == .protobuf) }
        guard parts.first == "v3" else { return nil }
        return parts.count == 1 ? documents.index() : documents.v3(parts.dropFirst().joined(separator: "/"))
    }
}
