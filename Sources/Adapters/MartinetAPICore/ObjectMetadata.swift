package import MartinetAPI
package import MartinetSchema

// Every served kind has metadata of the same type; the schema decides in which slot.
extension Object {
    package var metadata: ObjectMeta {
        get {
            guard let slot = type.metadataSlot, case .object(let object) = self[slot] else { return ObjectMeta() }
            return ObjectMeta(object: object)
        }
        set {
            guard let slot = type.metadataSlot else { return }
            self[slot] = newValue.object.isEmpty ? nil : .object(newValue.object)
        }
    }

    package mutating func setResourceVersion(_ version: String) {
        var metadata = metadata
        metadata.resourceVersion = version
        self.metadata = metadata
    }
}

extension ObjectType {
    var metadataSlot: Int? { field(named: "metadata")?.slot }
}
