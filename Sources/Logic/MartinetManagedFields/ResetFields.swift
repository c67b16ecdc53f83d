package import MartinetSchema

/// What a strategy puts back whatever a request says, and what a request therefore does not come to own.
///
/// Source: the `GetResetFields` of upstream's strategies.
package struct ResetFields: Sendable {
    private let filter: FieldFilter
    /// The only version that the filter is for; nil for all.
    private let version: String?

    package static let none = ResetFields(.all)

    package init(_ filter: FieldFilter, onlyFor version: String? = nil) {
        self.filter = filter
        self.version = version
    }

    func apply(_ set: FieldSet, _ apiVersion: String) -> FieldSet {
        version == nil || version == apiVersion ? filter.apply(to: set) : set
    }

    func apply(_ comparison: Comparison, _ apiVersion: String) -> Comparison {
        version == nil || version == apiVersion ? comparison.filtered(by: filter) : comparison
    }

    /// Of a kind and one of its subresources.
    package static func of(_ kind: Kind, subresource: String) -> ResetFields {
        let hasStatus = kind.subresources.contains { $0.name == "status" }
        // A custom resource has no protobuf form, and its strategies know the version of the request alone.
        let isCustom = kind.protobufPackage.isEmpty && !kind.group.isEmpty
        let version = isCustom ? kind.apiVersion : nil
        switch subresource {
        case "status":
            var paths = [["spec"]]
            if isCustom || ownMetadata.contains(kind.name) { paths.append(["metadata"]) }
            paths += statusPaths[kind.name] ?? []
            return excluding(paths, version)
        case "approval": return excluding([["spec"], ["status", "certificate"]], nil)
        case "ephemeralcontainers": return ResetFields(.including([[.field("spec"), .field("ephemeralContainers")]]))
        case "resize":
            let patterns: [[PathElement?]] = ["containers", "initContainers"].flatMap { list in
                ["resources", "resizePolicy"].map { [.field("spec"), .field(list), nil, .field($0)] }
            }
            return ResetFields(.including(patterns))
        default:
            if kind.name == "CertificateSigningRequest" { return excluding([["spec"], ["status"]], nil) }
            guard hasStatus, !keepStatus.contains(kind.name) else { return none }
            return excluding([["status"]], version)
        }
    }

    private static func excluding(_ paths: [[String]], _ version: String?) -> ResetFields {
        ResetFields(.excluding(FieldSet(paths.map { $0.map(PathElement.field) })), onlyFor: version)
    }

    /// Kinds whose status updates leave all metadata as it was.
    private static let ownMetadata: Set<String> = [
        "ValidatingAdmissionPolicy", "StorageVersion", "FlowSchema", "PriorityLevelConfiguration", "ServiceCIDR",
        "DeviceTaintRule", "ResourceClaim", "ResourcePoolStatusRequest", "PodGroup", "VolumeAttachment",
        "StorageVersionMigration", "APIService",
    ]
    private static let statusPaths: [String: [[String]]] = [
        "Deployment": [["metadata", "labels"]],
        "Pod": [["metadata", "deletionTimestamp"], ["metadata", "ownerReferences"]],
        "CertificateSigningRequest": [["status", "conditions"]],
    ]
    /// Kinds that have a status subresource and still take a status through the object itself.
    private static let keepStatus: Set<String> = ["ServiceCIDR", "PodCertificateRequest"]
}
