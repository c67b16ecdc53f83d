import FoundationEssentials

/// Reads and writes the documents of images: sorted keys, no blanks, so that the same value has the same digest.
package enum ImageJSON {
    /// No document of an image is larger: registries take manifests up to 4 MiB.
    package static let documentBytesMax = 8 << 20

    package static func decode<T: Decodable>(_ type: T.Type, from bytes: [UInt8], of name: String) throws -> T {
        guard bytes.count <= documentBytesMax else {
            throw ImageError(.invalidDocument, "\(name): \(bytes.count) bytes, expected at most \(documentBytesMax)")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw ImageError(.invalidDocument, "\(name): \(explain(error))")
        } catch let error as ImageError {
            throw ImageError(error.code, "\(name): \(error.message)")
        }
    }

    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return Array(try encoder.encode(value))
    }

    private static func explain(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
        }
        switch error {
        case .keyNotFound(let key, let context): return "\(place(context)).\(key.stringValue) is missing"
        case .valueNotFound(_, let context): return "\(place(context)) is null"
        case .typeMismatch(let type, let context): return "\(place(context)): expected \(type)"
        case .dataCorrupted(let context): return "\(place(context)): not valid JSON, \(context.debugDescription)"
        @unknown default: return "not understood"
        }
    }
}
