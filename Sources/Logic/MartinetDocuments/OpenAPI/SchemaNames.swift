import MartinetSchema

/// What types are called in OpenAPI: the protobuf package of their group-version, its domain reversed
/// (`io.k8s.api.core.v1.Pod`), or the group reversed where there is none (`com.example.v1.Widget`).
struct SchemaNames: Sendable {
    /// The package of each group-version, keyed as the names of its types begin (`apps/v1`, `meta/v1`).
    private let packages: [String: String]

    init(_ kinds: [Kind]) {
        // The one package without kinds.
        var packages = ["version": "k8s.io.apimachinery.pkg.version"]
        for kind in kinds where !kind.protobufPackage.isEmpty {
            packages[SchemaNames.prefix(kind.type.name)] = kind.protobufPackage
        }
        self.packages = packages
    }

    func name(of type: ObjectType) -> String {
        let prefix = SchemaNames.prefix(type.name)
        let last = type.name.utf8.count > prefix.utf8.count ? type.name.dropFirst(prefix.count + 1) : ""
        if let package = packages[prefix] {
            // A package's name cannot have the hyphens that the names in OpenAPI have.
            let parts = package.split(separator: ".").map { $0.split(separator: "_").joined(separator: "-")[...] }
            return (parts.prefix(2).reversed() + parts.dropFirst(2) + [last]).joined(separator: ".")
        }
        let parts = prefix.split(separator: "/")
        guard parts.count == 2 else { return "\(prefix).\(last)" }
        return (parts[0].split(separator: ".").reversed() + [parts[1], last]).joined(separator: ".")
    }

    private static func prefix(_ name: String) -> String {
        guard let slash = name.lastIndex(of: "/") else {
            return name.split(separator: ".").first.map(String.init) ?? ""
        }
        let tail = name[slash...]
        guard let dot = tail.firstIndex(of: ".") else { return name }
        return String(name[..<dot])
    }

    /// Types that the tables know as scalars, with what OpenAPI says of them.
    static let wellKnown: [Scalar: String] = [
        .quantity: "io.k8s.apimachinery.pkg.api.resource.Quantity",
        .time: "io.k8s.apimachinery.pkg.apis.meta.v1.Time",
        .microtime: "io.k8s.apimachinery.pkg.apis.meta.v1.MicroTime",
        .duration: "io.k8s.apimachinery.pkg.apis.meta.v1.Duration",
        .intorstring: "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        .raw: "io.k8s.apimachinery.pkg.runtime.RawExtension",
        .json: "io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.JSON",
        .fieldsv1: "io.k8s.apimachinery.pkg.apis.meta.v1.FieldsV1",
    ]
    static let patch = "io.k8s.apimachinery.pkg.apis.meta.v1.Patch"
}
