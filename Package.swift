// swift-tools-version: 6.2
import PackageDescription

// Martinet is five layers of small targets; a target may use its own layer and those below it, never one above
// (docs/architecture.md). The manifest is where that rule is written, and it refuses to load when it is broken.
//
// MARTINET_ONLY=MartinetYAML,MartinetStore keeps only those targets, what they use and their tests, so that a pure
// target is built and tested without ever fetching NIO or TLS.

enum Layer: Int {
    case base, wire, logic, adapters, components
    var folder: String { ["Base", "Wire", "Logic", "Adapters", "Components"][rawValue] }
}

struct Module {
    let name: String
    let layer: Layer
    let uses: [String]
    let products: [(package: String, product: String)]
    let tested: Bool
}

/// Third-party packages, each with the reason it is here.
let packages: [String: (version: Version, reason: String)] = [
    "apple/swift-nio": ("2.101.2", "event loops, HTTP/1.1, WebSocket"),
    "apple/swift-nio-http2": ("1.46.0", "HTTP/2 framing and streams"),
    "apple/swift-nio-ssl": ("2.37.6", "TLS, on BoringSSL"),
    "apple/swift-certificates": ("1.21.1", "X.509 certificates for the cluster's own authority"),
    "apple/swift-crypto": ("4.5.2", "SHA-256 digests, ECDSA keys, token signatures"),
    "apple/swift-asn1": ("1.7.4", "PEM and DER of keys and certificates"),
]

let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

func module(
    _ layer: Layer, _ name: String, uses: [String] = [], products: [(String, String)] = [], tested: Bool = true
) -> Module {
    Module(name: name, layer: layer, uses: uses, products: products.map { ($0.0, $0.1) }, tested: tested)
}

// C targets and system libraries belong to no layer: what wraps them does.
let cTargets: [String: Target] = [
    "CMartinetContainers": .target(name: "CMartinetContainers", path: "Sources/C/CMartinetContainers"),
    "CMartinetLinux": .target(name: "CMartinetLinux", path: "Sources/C/CMartinetLinux"),
    "CMartinetSQLite": .systemLibrary(name: "CMartinetSQLite", path: "Sources/C/CMartinetSQLite"),
    "CMartinetStage": .target(name: "CMartinetStage", path: "Sources/C/CMartinetStage", exclude: ["stage"]),
    "CMartinetStageImage": .target(
        name: "CMartinetStageImage", path: "Sources/C/CMartinetStageImage", exclude: ["Embedded"]),
    "CMartinetYAML": .systemLibrary(name: "CMartinetYAML", path: "Sources/C/CMartinetYAML"),
    "CMartinetZlib": .systemLibrary(name: "CMartinetZlib", path: "Sources/C/CMartinetZlib"),
]

let modules: [Module] = [
    // Base: ids, clock, limits, errors, bytes
    module(.base, "MartinetBase", uses: ["CMartinetLinux"]),
    // Wire: what others define, as values and bytes
    module(.wire, "MartinetOCI", uses: ["MartinetBase"]),
    // Logic: no I/O, no clock, no chance
    module(.logic, "MartinetStagePlan", uses: ["MartinetBase", "MartinetOCI", "CMartinetStage"]),
    // Adapters: Linux, store, transport
    module(
        .adapters, "MartinetContainers",
        uses: [
            "MartinetBase", "MartinetOCI", "MartinetStagePlan", "CMartinetStage", "CMartinetStageImage",
            "CMartinetContainers",
        ]),
]

/// Small programs of their own, for trying one part alone.
let tools: [(name: String, uses: [String])] = [
    (
        name: "martinet-oci",
        uses: [
            "MartinetBase", "MartinetOCI", "MartinetStagePlan", "MartinetContainers", "CMartinetContainers",
            "CMartinetStage",
        ]
    )
]

// MARK: - From the table above to targets

let byName = Dictionary(uniqueKeysWithValues: modules.map { ($0.name, $0) })
for user in modules {
    for used in user.uses {
        guard let used = byName[used] else {
            precondition(cTargets[used] != nil, "\(user.name) uses \(used), which is no target")
            continue
        }
        precondition(used.layer.rawValue <= user.layer.rawValue, "\(user.name) may not use \(used.name), a layer above")
        precondition(
            user.layer != .components || used.layer != .components,
            "\(user.name) may not use \(used.name): components meet at the API only")
    }
}

func closure(of names: [String]) -> Set<String> {
    var seen: Set<String> = []
    var queue = names
    while let name = queue.popLast() {
        guard seen.insert(name).inserted else { continue }
        queue += byName[name]?.uses ?? []
    }
    return seen
}

let only = Context.environment["MARTINET_ONLY"].map { $0.split(separator: ",").map(String.init) } ?? []
let kept = only.isEmpty ? Set(byName.keys).union(cTargets.keys) : closure(of: only)
let keptModules = modules.filter { kept.contains($0.name) }

var targets: [Target] = cTargets.values.filter { kept.contains($0.name) }.sorted { $0.name < $1.name }
for module in keptModules {
    let dependencies: [Target.Dependency] =
        module.uses.map { .target(name: $0) }
        + module.products.map { .product(name: $0.product, package: $0.package) }
    targets.append(
        .target(
            name: module.name, dependencies: dependencies, path: "Sources/\(module.layer.folder)/\(module.name)",
            swiftSettings: strict))
    guard module.tested, only.isEmpty || only.contains(module.name) else { continue }
    targets.append(
        .testTarget(
            name: "\(module.name)Tests", dependencies: [.target(name: module.name)] + dependencies,
            path: "Tests/\(module.layer.folder)/\(module.name)Tests", swiftSettings: strict))
}

for tool in tools
where only.isEmpty || only.contains(tool.name) || only.contains("MartinetContainers") {
    targets.append(
        .executableTarget(
            name: tool.name, dependencies: tool.uses.map { .target(name: $0) }, path: "Sources/Tools/\(tool.name)",
            swiftSettings: strict))
}

let usedPackages = Set(keptModules.flatMap { $0.products.map(\.package) })

let package = Package(
    name: "martinet",
    dependencies: packages.keys.sorted()
        .filter { usedPackages.contains(String($0.split(separator: "/")[1])) }
        .map { .package(url: "https://github.com/\($0)", exact: packages[$0]!.version) },
    targets: targets
)
