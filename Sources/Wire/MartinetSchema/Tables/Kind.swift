/// A kind of object and the resource that serves it: what discovery says about it.
package struct Kind: Hashable, @unchecked Sendable {
    let record: UnsafeRawPointer
    init(record: UnsafeRawPointer) { self.record = record }

    package var name: String { record.text(TableFormat.KindRecord.name) }
    package var group: String { record.text(TableFormat.KindRecord.group) }
    package var version: String { record.text(TableFormat.KindRecord.version) }
    /// `v1` or `apps/v1`, as objects carry it.
    package var apiVersion: String { group.isEmpty ? version : "\(group)/\(version)" }
    package var type: ObjectType { ObjectType(record: record.follow(TableFormat.KindRecord.type) ?? record) }
    /// The type of the list of them; nil for what is never listed.
    package var listType: ObjectType? {
        record.follow(TableFormat.KindRecord.listType).map(ObjectType.init(record:))
    }
    /// The resource's name in paths; empty for kinds that are not served as a resource.
    package var plural: String { record.text(TableFormat.KindRecord.plural) }
    package var singular: String { record.text(TableFormat.KindRecord.singular) }
    package var shortNames: [String] { record.words(TableFormat.KindRecord.shortNames) }
    package var categories: [String] { record.words(TableFormat.KindRecord.categories) }
    package var verbs: [String] { record.words(TableFormat.KindRecord.verbs) }
    package var isNamespaced: Bool { flags & 1 != 0 }
    /// Whether it is served without being asked for by `--runtime-config`.
    package var isServedByDefault: Bool { flags & 2 == 0 }
    /// Whether upstream serves it no longer.
    package var isLegacy: Bool { flags & 4 != 0 }
    /// Whether upstream has dropped the type itself and not only the serving of it.
    package var isForgotten: Bool { flags & 8 != 0 }
    /// The full name of the kind that its objects are stored as (`autoscaling/v2.HorizontalPodAutoscaler`); empty where
    /// they are stored as what they are.
    package var storedAs: String { record.text(TableFormat.KindRecord.storedAs) }
    private var flags: UInt32 { record.load(fromByteOffset: TableFormat.KindRecord.flags, as: UInt32.self) }
    /// Where the group and its versions stand in discovery, higher first.
    package var priorities: (group: Int, version: Int) {
        (
            Int(record.load(fromByteOffset: TableFormat.KindRecord.groupPriority, as: UInt32.self)),
            Int(record.load(fromByteOffset: TableFormat.KindRecord.versionPriority, as: UInt32.self))
        )
    }
    /// Fields that a field selector may name, beyond metadata.name and metadata.namespace.
    package var selectable: [String] { record.words(TableFormat.KindRecord.selectable) }
    package var storageHash: String { record.text(TableFormat.KindRecord.storageHash) }
    /// The protobuf package of the type, empty where it has no protobuf form.
    package var protobufPackage: String { record.text(TableFormat.KindRecord.proto) }

    package struct Subresource: Sendable {
        package let name: String
        package let verbs: [String]
        /// `autoscaling/v1.Scale` where the subresource is of another kind; else empty.
        package let kind: String
    }
    package var subresources: [Subresource] {
        record.text(TableFormat.KindRecord.subresources).split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            return Subresource(
                name: parts.first ?? "", verbs: parts.count > 1 ? parts[1].split(separator: ",").map(String.init) : [],
                kind: parts.count > 2 ? parts[2] : "")
        }
    }

    /// Defaults that only this kind has: a path such as `.spec.strategy.type` and a JSON literal.
    package var defaults: [(path: String, literal: String)] {
        record.text(TableFormat.KindRecord.defaults).split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", maxSplits: 1).map(String.init)
            return (parts[0], parts.count > 1 ? parts[1] : "")
        }
    }

    /// Where the scale of an object lies; nil where the kind has no `scale` subresource.
    package var scalePaths: ScalePaths? {
        guard subresources.contains(where: { $0.name == "scale" }) else { return nil }
        return ScalePaths(tableText: record.text(TableFormat.KindRecord.scale)) ?? .common
    }

    package struct Column: Sendable, Hashable {
        package let name: String
        package let type: String
        /// A path (`.spec.clusterIP`) or the name of a strategy (`@podReady`).
        package let source: String
        package let format: String
        package let priority: Int32
        package let description: String

        package init(
            name: String, type: String, source: String, format: String = "", priority: Int32 = 0,
            description: String = ""
        ) {
            self.name = name
            self.type = type
            self.source = source
            self.format = format
            self.priority = priority
            self.description = description
        }
    }
    package var columns: [Column] {
        record.text(TableFormat.KindRecord.columns).split(separator: "\n").map { line in
            let parts = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            func part(_ index: Int) -> String { index < parts.count ? parts[index] : "" }
            return Column(
                name: part(0), type: part(1), source: part(2), format: part(3), priority: Int32(part(4)) ?? 0,
                description: part(5))
        }
    }
}
