import MartinetImageSpec
import MartinetImages

/// What an instruction made: a layer, or nothing.
struct CachedLayer: Codable {
    var version = 1
    var layer: Descriptor?

    init(layer: Descriptor?) { self.layer = layer }
}

extension ImageStore {
    /// The layer that the same inputs made before, as long as its content is still here.
    func cachedLayer(_ key: ContentDigest) throws -> CachedLayer? {
        guard let bytes = try cachedFile(key),
            let record = try? ImageJSON.decode(CachedLayer.self, from: bytes, of: "cache"), record.version == 1
        else { return nil }  // a cache may forget
        if let layer = record.layer, !hasBlob(layer.digest) { return nil }
        return record
    }

    func cacheLayer(_ layer: CachedLayer, for key: ContentDigest) throws {
        try setCachedFile(key, try ImageJSON.encode(layer))
    }
}
