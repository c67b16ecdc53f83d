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
    "CMartinetDigest": .target(name: "CMartinetDigest", path: "Sources/C/CMartinetDigest"),
    "CMartinetFaultDisk": .target(
        name: "CMartinetFaultDisk", dependencies: ["CMartinetSQLite"], path: "Sources/C/CMartinetFaultDisk"),
    "CMartinetFuzz": .target(name: "CMartinetFuzz", path: "Sources/C/CMartinetFuzz"),
    "CMartinetImages": .target(name: "CMartinetImages", path: "Sources/C/CMartinetImages"),
    "CMartinetLinux": .target(name: "CMartinetLinux", path: "Sources/C/CMartinetLinux"),
    "CMartinetRecordingDisk": .target(
        name: "CMartinetRecordingDisk", dependencies: ["CMartinetSQLite"], path: "Sources/C/CMartinetRecordingDisk"),
    "CMartinetNetwork": .target(name: "CMartinetNetwork", path: "Sources/C/CMartinetNetwork"),
    "CMartinetSQLite": .systemLibrary(name: "CMartinetSQLite", path: "Sources/C/CMartinetSQLite"),
    "CMartinetStage": .target(name: "CMartinetStage", path: "Sources/C/CMartinetStage", exclude: ["stage"]),
    "CMartinetStageImage": .target(
        name: "CMartinetStageImage", path: "Sources/C/CMartinetStageImage", exclude: ["Embedded"]),
    "CMartinetTables": .target(
        name: "CMartinetTables", path: "Sources/C/CMartinetTables", exclude: ["documentation.bin", "tables.bin"]),
    "CMartinetYAML": .systemLibrary(name: "CMartinetYAML", path: "Sources/C/CMartinetYAML"),
    "CMartinetZlib": .systemLibrary(name: "CMartinetZlib", path: "Sources/C/CMartinetZlib"),
]

let modules: [Module] = [
    // Base: ids, clock, limits, errors, bytes
    module(.base, "MartinetBase", uses: ["CMartinetLinux"]),
    module(.base, "MartinetNearMiss"),
    // Wire: API objects and what travels, without I/O
    module(.wire, "MartinetAddresses"),
    module(.wire, "MartinetDNSMessage", uses: ["MartinetAddresses"]),
    module(.wire, "MartinetEtcdMessages"),
    module(.wire, "MartinetMetrics"),
    module(.wire, "MartinetNetlink", uses: ["MartinetBase", "MartinetAddresses"]),
    module(.wire, "MartinetSchema", uses: ["MartinetBase", "CMartinetTables"]),
    module(.wire, "MartinetSchemaCompiler", uses: ["MartinetSchema"]),
    module(.wire, "MartinetAPI", uses: ["MartinetBase", "MartinetSchema"], tested: false),
    module(.wire, "MartinetYAML", uses: ["MartinetBase", "CMartinetYAML"]),
    module(.wire, "MartinetRegularExpressions"),
    module(.wire, "MartinetCEL", uses: ["MartinetRegularExpressions"]),
    module(.wire, "MartinetCommandLine", uses: ["MartinetNearMiss"]),
    module(.wire, "MartinetSPDY", uses: ["CMartinetZlib"]),
    module(.wire, "MartinetArchive", uses: ["MartinetBase", "CMartinetZlib"]),
    module(.wire, "MartinetImageSpec", uses: ["CMartinetDigest"]),
    module(.wire, "MartinetOCI", uses: ["MartinetBase"]),
    // Logic: decisions, without I/O, clock or chance
    module(.logic, "MartinetAuthorization", uses: ["MartinetSchema"]),
    module(.logic, "MartinetAudit", uses: ["MartinetBase", "MartinetSchema", "MartinetAuthorization"]),
    module(.logic, "MartinetFlowControl", uses: ["MartinetSchema", "MartinetAuthorization"]),
    module(.logic, "MartinetNameAnswers", uses: ["MartinetAddresses", "MartinetDNSMessage"]),
    module(.logic, "MartinetServiceRules", uses: ["MartinetAddresses", "MartinetNetlink"]),
    module(.logic, "MartinetKubeconfig", uses: ["MartinetNearMiss", "MartinetYAML"]),
    module(.logic, "MartinetPrinters", uses: ["MartinetBase", "MartinetYAML"]),
    module(.logic, "MartinetSelectors", uses: ["MartinetSchema"]),
    module(
        .logic, "MartinetCELKubernetes",
        uses: ["MartinetBase", "MartinetAddresses", "MartinetSchema", "MartinetRegularExpressions", "MartinetCEL"]),
    module(.logic, "MartinetPatch", uses: ["MartinetSchema"]),
    module(.logic, "MartinetManagedFields", uses: ["MartinetBase", "MartinetSchema"]),
    module(
        .logic, "MartinetStrategies",
        uses: [
            "MartinetBase", "MartinetFlowControl", "MartinetSchema", "MartinetAPI", "MartinetAddresses",
            "MartinetNearMiss",
        ]),
    module(.logic, "MartinetVersions", uses: ["MartinetSchema"]),
    module(.logic, "MartinetPodSecurity", uses: ["MartinetSchema"]),
    module(
        .logic, "MartinetAdmissionPolicies",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetStrategies", "MartinetManagedFields",
            "MartinetPatch", "MartinetCEL", "MartinetCELKubernetes",
        ]),
    module(
        .logic, "MartinetWebhooks",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetPatch", "MartinetKubeconfig",
            "MartinetYAML", "MartinetCEL", "MartinetCELKubernetes", "MartinetAdmissionPolicies",
        ]),
    module(
        .logic, "MartinetDocuments",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetVersions", "MartinetYAML", "MartinetPrinters",
        ]),
    module(
        .logic, "MartinetCustomResources",
        uses: [
            "MartinetBase", "MartinetNearMiss", "MartinetSchema", "MartinetAPI", "MartinetAddresses",
            "MartinetStrategies",
            "MartinetImageSpec", "MartinetRegularExpressions", "MartinetCEL", "MartinetCELKubernetes",
        ]),
    module(.logic, "MartinetClient", uses: ["MartinetBase", "MartinetSchema", "MartinetAPI"]),
    module(.logic, "MartinetDockerfile", uses: ["MartinetNearMiss"]),
    module(.logic, "MartinetRegistry", uses: ["MartinetBase", "MartinetImageSpec"]),
    module(.logic, "MartinetStagePlan", uses: ["MartinetBase", "MartinetOCI", "CMartinetStage"]),
    module(.logic, "MartinetReconcile", uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient"]),
    module(.logic, "MartinetScheduling", uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient"]),
    module(
        .logic, "MartinetPodLifecycle", uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetScheduling"]),
    module(
        .logic, "MartinetSimulation", uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient"],
        tested: false),
    module(.logic, "MartinetToolPorts", uses: ["MartinetKubeconfig"], tested: false),
    module(
        .logic, "MartinetManifests",
        uses: [
            "MartinetBase", "MartinetNearMiss", "MartinetSchema", "MartinetAPI", "MartinetYAML", "MartinetStrategies",
            "MartinetCustomResources",
        ]),
    // Adapters: store, transport, Linux, images
    module(
        .adapters, "MartinetContainers",
        uses: [
            "MartinetBase", "MartinetOCI", "MartinetStagePlan", "CMartinetStage", "CMartinetStageImage",
            "CMartinetContainers",
        ]),
    module(
        .adapters, "MartinetNameServer",
        uses: [
            "CMartinetNetwork", "MartinetBase", "MartinetAddresses", "MartinetDNSMessage", "MartinetNameAnswers",
            "MartinetNetwork",
        ]),
    module(
        .adapters, "MartinetNetwork",
        uses: ["CMartinetNetwork", "MartinetBase", "MartinetAddresses", "MartinetNetlink", "MartinetServiceRules"]),
    module(.adapters, "MartinetStore", uses: ["MartinetBase", "CMartinetSQLite"]),
    module(.adapters, "MartinetStoreContract", uses: ["MartinetBase", "MartinetStore"], tested: false),
    module(
        .adapters, "MartinetStoreFaults",
        uses: ["MartinetBase", "MartinetStore", "MartinetStoreContract", "CMartinetFaultDisk"], tested: false),
    module(
        .adapters, "MartinetEtcdStore",
        uses: ["MartinetBase", "MartinetEtcdMessages", "MartinetStore", "MartinetTransport"]),
    module(
        .adapters, "MartinetEtcdServer",
        uses: ["MartinetBase", "MartinetEtcdMessages", "MartinetStore", "MartinetTransport"], tested: false),
    module(
        .adapters, "MartinetAPICore",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetSelectors", "MartinetPatch",
            "MartinetAddresses", "MartinetAuthorization", "MartinetFlowControl", "MartinetManagedFields",
            "MartinetCustomResources",
            "MartinetStrategies",
            "MartinetVersions", "MartinetStore", "MartinetPodSecurity", "MartinetReconcile", "MartinetCEL",
            "MartinetCELKubernetes", "MartinetAdmissionPolicies", "MartinetWebhooks",
        ]),
    module(
        .adapters, "MartinetWebhookAccess",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetClient", "MartinetKubeconfig", "MartinetWebhooks",
            "MartinetTransport",
        ], tested: false),
    module(
        .adapters, "MartinetImages",
        uses: ["MartinetBase", "MartinetArchive", "MartinetImageSpec", "MartinetRegistry", "CMartinetImages"]),
    module(
        .adapters, "MartinetBuilder",
        uses: [
            "MartinetBase", "MartinetArchive", "MartinetImageSpec", "MartinetDockerfile", "MartinetImages",
            "CMartinetImages",
        ]),
    module(
        .adapters, "MartinetCertificates", uses: ["MartinetBase"],
        products: [
            ("swift-certificates", "X509"), ("swift-crypto", "Crypto"), ("swift-crypto", "CryptoExtras"),
            ("swift-asn1", "SwiftASN1"),
        ]),
    module(
        .adapters, "MartinetTransport", uses: ["MartinetBase", "MartinetCertificates"],
        products: [
            ("swift-nio", "NIOCore"), ("swift-nio", "NIOPosix"), ("swift-nio", "NIOHTTP1"), ("swift-nio", "NIOTLS"),
            ("swift-nio", "NIOWebSocket"), ("swift-nio-http2", "NIOHTTP2"), ("swift-nio-http2", "NIOHPACK"),
            ("swift-nio-ssl", "NIOSSL"), ("swift-crypto", "Crypto"),
        ]),
    module(
        .adapters, "MartinetRegistryAccess",
        uses: [
            "MartinetBase", "MartinetImageSpec", "MartinetRegistry", "MartinetImages", "MartinetTransport",
            "MartinetCertificates",
        ]),
    module(
        .adapters, "MartinetStreaming",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetSPDY", "MartinetCertificates",
            "MartinetTransport",
        ]),
    module(.adapters, "MartinetReverseProxy", uses: ["MartinetBase", "MartinetClient", "MartinetTransport"]),
    module(
        .adapters, "MartinetAPIConnection",
        uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetTransport"], tested: false),
    module(
        .adapters, "MartinetEngine",
        uses: [
            "CMartinetContainers",
            "MartinetBase", "MartinetAddresses", "MartinetSchema", "MartinetAPI", "MartinetOCI", "MartinetArchive",
            "MartinetImageSpec", "MartinetServiceRules", "MartinetStagePlan", "MartinetPodLifecycle",
            "MartinetContainers",
            "MartinetNetwork", "MartinetImages", "MartinetRegistry",
        ], tested: false),
    module(
        .adapters, "MartinetAPISession",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetKubeconfig", "MartinetToolPorts", "MartinetTransport",
            "CMartinetLinux",
        ], tested: false),
    // Components: what runs; they meet at the API only
    module(
        .components, "MartinetAPIServer",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetDocuments", "MartinetYAML",
            "MartinetAudit", "MartinetMetrics",
            "MartinetAPICore", "MartinetArchive", "MartinetAuthorization", "MartinetFlowControl", "MartinetStore",
            "MartinetCertificates", "MartinetTransport", "MartinetReconcile", "MartinetReverseProxy",
            "MartinetAddresses", "MartinetWebhooks", "MartinetWebhookAccess", "MartinetKubeconfig", "MartinetCEL",
            "MartinetCELKubernetes",
        ]),
    module(
        .components, "MartinetBench",
        uses: ["MartinetBase", "MartinetYAML", "MartinetKubeconfig", "MartinetCertificates", "MartinetTransport"],
        products: [
            ("swift-nio", "NIOCore"), ("swift-nio", "NIOPosix"), ("swift-nio-http2", "NIOHTTP2"),
            ("swift-nio-http2", "NIOHPACK"), ("swift-nio-ssl", "NIOSSL"),
        ]),
    module(
        .components, "MartinetControllers",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetAuthorization", "MartinetClient",
            "MartinetReconcile",
        ], tested: false),
    module(
        .components, "MartinetScheduler",
        uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetScheduling"], tested: false),
    module(
        .components, "MartinetKubelet",
        uses: [
            "MartinetYAML",
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetImageSpec",
            "MartinetPodLifecycle", "MartinetScheduling", "MartinetContainers", "MartinetNetwork", "MartinetImages",
            "MartinetEngine", "MartinetStreaming", "MartinetTransport",
        ]),
    module(
        .components, "MartinetServiceProxy",
        uses: [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetAddresses",
            "MartinetDNSMessage",
            "MartinetNameAnswers", "MartinetServiceRules",
        ], tested: false),
    module(
        .components, "MartinetKubectl",
        uses: [
            "MartinetBase", "MartinetNearMiss", "MartinetSchema", "MartinetYAML", "MartinetCommandLine",
            "MartinetKubeconfig", "MartinetPrinters", "MartinetPatch", "MartinetManifests", "MartinetToolPorts",
        ]),
    module(
        .components, "MartinetDocker",
        uses: [
            "MartinetAPI", "MartinetAddresses", "MartinetArchive", "MartinetBase", "MartinetBuilder",
            "MartinetCommandLine", "MartinetContainers", "MartinetDockerfile", "MartinetEngine", "MartinetImageSpec",
            "MartinetImages", "MartinetNetwork", "MartinetOCI", "MartinetPodLifecycle", "MartinetPrinters",
            "MartinetRegistry", "MartinetRegistryAccess", "MartinetSchema", "MartinetServiceRules",
            "MartinetStagePlan", "MartinetTransport", "MartinetYAML",
        ]),

]

/// What the binary is composed of.
let composed = [
    "CMartinetContainers", "MartinetAPI", "MartinetAPIConnection", "MartinetAPICore", "MartinetAPIServer",
    "MartinetAPISession", "MartinetAddresses", "MartinetArchive", "MartinetBase", "MartinetBench", "MartinetBuilder",
    "MartinetCertificates", "MartinetClient", "MartinetContainers", "MartinetControllers", "MartinetDNSMessage",
    "MartinetDocker", "MartinetDockerfile", "MartinetEtcdServer", "MartinetEtcdStore",
    "MartinetEngine", "MartinetImageSpec", "MartinetImages", "MartinetKubeconfig", "MartinetKubectl",
    "MartinetKubelet", "MartinetNameAnswers", "MartinetNameServer", "MartinetNetwork", "MartinetReconcile",
    "MartinetRegistry", "MartinetRegistryAccess",
    "MartinetScheduler", "MartinetSchema", "MartinetServiceProxy", "MartinetServiceRules", "MartinetStore",
    "MartinetStreaming", "MartinetToolPorts", "MartinetTransport", "MartinetWebhookAccess", "MartinetWebhooks",
    "MartinetYAML",
]

/// Programs: composition roots, generators, benchmarks, and children that tests start and kill.
let programs: [(name: String, uses: [String])] = [
    ("martinet-etcd-bench", ["MartinetBase", "MartinetStore", "MartinetEtcdStore"]),
    (
        "martinet-oci",
        [
            "MartinetBase", "MartinetOCI", "MartinetStagePlan", "MartinetContainers", "CMartinetContainers",
            "CMartinetStage",
        ]
    ),
    ("martinet-schema", ["MartinetBase", "MartinetSchema", "MartinetSchemaCompiler"]),
    ("martinet-schema-bench", ["MartinetBase", "MartinetSchema", "MartinetAPI"]),
    ("martinet-store-bench", ["MartinetBase", "MartinetStore", "MartinetStoreFaults"]),
]

/// Measurements, in `Benchmarks/`. They may use packages.
let benchmarks: [Module] = [
    module(.components, "APIBench", uses: ["MartinetAPIServer", "MartinetBench"]),
    module(
        .components, "CacheBench",
        uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetAPICore", "MartinetStore"]),
    module(.components, "ManagedFieldsBench", uses: ["MartinetBase", "MartinetSchema", "MartinetManagedFields"]),
    module(
        .components, "ExpressionBench",
        uses: ["MartinetSchema", "MartinetCEL", "MartinetCELKubernetes"]),
    module(
        .components, "SchedulingBench",
        uses: ["MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetScheduling"]),
    module(
        .components, "RegistryBench",
        uses: [
            "MartinetBase", "MartinetCertificates", "MartinetImageSpec", "MartinetImages", "MartinetRegistry",
            "MartinetRegistryAccess", "MartinetTransport",
        ]),
    module(
        .components, "StrategyBench",
        uses: ["MartinetSchema", "MartinetAPI", "MartinetStrategies"]),
    module(
        .components, "TransportBench", uses: ["MartinetBase", "MartinetTransport", "MartinetCertificates"],
        products: [
            ("swift-nio", "NIOCore"), ("swift-nio", "NIOPosix"), ("swift-nio-http2", "NIOHTTP2"),
            ("swift-nio-http2", "NIOHPACK"), ("swift-nio-ssl", "NIOSSL"),
        ]),
]

/// Feeds the parsers with bytes of chance: `make fuzz`. It is linked with libFuzzer, so it is only there when asked for.
let fuzzer = module(
    .components, "MartinetFuzz",
    uses: [
        "CMartinetFuzz", "MartinetAPI", "MartinetAddresses", "MartinetArchive", "MartinetBase", "MartinetCommandLine",
        "MartinetDNSMessage", "MartinetDockerfile", "MartinetKubeconfig", "MartinetNetlink", "MartinetPatch",
        "MartinetPrinters", "MartinetRegularExpressions", "MartinetSPDY", "MartinetSchema", "MartinetSelectors",
        "MartinetYAML",
    ])

/// What the tests of a module need besides what the module uses: targets, and programs that they start.
let testUses: [String: [String]] = [
    "MartinetPodSecurity": ["MartinetAPI"],
    "MartinetRegistryAccess": ["MartinetArchive"],
    "MartinetDocuments": ["MartinetCustomResources"],
    "MartinetKubelet": [
        "MartinetAPICore", "MartinetStore", "MartinetArchive", "MartinetAddresses", "MartinetStagePlan",
        "MartinetCertificates", "MartinetRegistry",
    ],
    "MartinetAPIServer": ["MartinetControllers"],
    "MartinetBench": ["MartinetAPICore", "MartinetAPIServer", "MartinetSchema"],
    "MartinetStrategies": ["MartinetPatch", "MartinetAdmissionPolicies", "MartinetCustomResources"],
    "MartinetStore": [
        "MartinetStoreContract", "MartinetStoreFaults", "CMartinetRecordingDisk", "martinet-store-bench",
    ],
    "MartinetEtcdStore": ["MartinetStoreContract", "MartinetEtcdServer", "MartinetCertificates"],
    "MartinetKubectl": [
        "MartinetAPICore", "MartinetAPIServer", "MartinetAPISession", "MartinetClient", "MartinetControllers",
        "MartinetReconcile", "MartinetStore", "MartinetTransport",
    ],

]

/// Products that only the tests of a module need.
let testProducts: [String: [Target.Dependency]] = [
    "MartinetBench": [.product(name: "NIOEmbedded", package: "swift-nio")]
]

/// Test suites that bring several components together, as a program does. One that uses `martinet` starts the binary and is
/// not linked with it: that is static, which a bundle of tests cannot be.
let suites: [(name: String, uses: [String])] = [
    (
        "SimulatedClusterTests",
        [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetReconcile",
            "MartinetScheduling", "MartinetSimulation", "MartinetControllers", "MartinetScheduler", "MartinetAPICore",
            "MartinetStore",
        ]
    ),
    (
        "WebhookTests",
        [
            "MartinetBase", "MartinetSchema", "MartinetAPI", "MartinetClient", "MartinetStore", "MartinetAPICore",
            "MartinetCertificates", "MartinetTransport", "MartinetWebhooks", "MartinetWebhookAccess",
            "MartinetAPIServer",
        ]
    ),
    ("ProgramTests", ["MartinetBase", "MartinetStore", "martinet"]),
    (
        "WholeClusterTests",
        ["MartinetBase", "MartinetAddresses", "MartinetNetlink", "MartinetNetwork", "martinet"]
    ),
]

// MARK: - From the tables above to targets

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
        let module = byName[name] ?? (benchmarks + [fuzzer]).first { $0.name == name }
        queue +=
            module?.uses ?? (programs + suites).first { $0.name == name }?.uses ?? (name == "martinet" ? composed : [])
    }
    return seen
}

// What FoundationEssentials leans on: objects that are compiled for its shared form do not name it.
let staticFoundation = ["-l_FoundationCollections", "-l_FoundationCShims"]

let only = Context.environment["MARTINET_ONLY"].map { $0.split(separator: ",").map(String.init) } ?? []
let kept =
    only.isEmpty
    ? Set(byName.keys).union(cTargets.keys).union(programs.map(\.name)).subtracting(["CMartinetFuzz"])
    : closure(of: only + only.flatMap { testUses[$0] ?? [] })
let keptModules = modules.filter { kept.contains($0.name) }

let keptBenchmarks = benchmarks.filter { only.isEmpty || only.contains($0.name) }

/// What tests of several modules share.
let testing = "MartinetTesting"
var targets: [Target] = cTargets.values.filter { kept.contains($0.name) }.sorted { $0.name < $1.name }
targets.append(.target(name: testing, path: "Tests/Support/\(testing)", swiftSettings: strict))
for module in keptModules {
    let dependencies: [Target.Dependency] =
        module.uses.map { .target(name: $0) }
        + module.products.map { .product(name: $0.product, package: $0.package) }
    targets.append(
        .target(
            name: module.name, dependencies: dependencies, path: "Sources/\(module.layer.folder)/\(module.name)",
            swiftSettings: strict))
    guard module.tested, only.isEmpty || only.contains(module.name) else { continue }
    let testOnly = [testing] + (testUses[module.name] ?? [])
    targets.append(
        .testTarget(
            name: "\(module.name)Tests",
            dependencies: [.target(name: module.name)] + dependencies + testOnly.map { .target(name: $0) }
                + (testProducts[module.name] ?? []),
            path: "Tests/\(module.layer.folder)/\(module.name)Tests", swiftSettings: strict))
}
if kept.contains("martinet") || only.isEmpty || only.contains("martinet") {
    targets.append(
        .executableTarget(
            name: "martinet", dependencies: composed.map { .target(name: $0) }, path: "Sources/martinet",
            swiftSettings: strict,
            // Static, so that the binary is its own first image: a file that needs nothing around it.
            linkerSettings: [.unsafeFlags(["-static-executable"] + staticFoundation)]))
}
for program in programs where kept.contains(program.name) {
    targets.append(
        .executableTarget(
            name: program.name, dependencies: program.uses.map { .target(name: $0) },
            path: "Sources/Tools/\(program.name)", swiftSettings: strict))
}

for suite in suites where only.isEmpty || only.contains(suite.name) {
    targets.append(
        .testTarget(
            name: suite.name,
            dependencies: (suite.uses + [testing]).filter { $0 != "martinet" }.map { .target(name: $0) },
            path: "Tests/Suites/\(suite.name)",
            swiftSettings: strict))
}

for benchmark in keptBenchmarks {
    targets.append(
        .executableTarget(
            name: benchmark.name,
            dependencies: benchmark.uses.map { .target(name: $0) }
                + benchmark.products.map { .product(name: $0.product, package: $0.package) },
            path: "Benchmarks/\(benchmark.name)", swiftSettings: strict))
}

if only.contains(fuzzer.name) {
    targets.append(
        .executableTarget(
            name: fuzzer.name, dependencies: fuzzer.uses.map { .target(name: $0) }, path: "Fuzz/\(fuzzer.name)",
            swiftSettings: strict))
}

let usedPackages = Set((keptModules + keptBenchmarks).flatMap { $0.products.map(\.package) })

let package = Package(
    name: "martinet",
    dependencies: packages.keys.sorted()
        .filter { usedPackages.contains(String($0.split(separator: "/")[1])) }
        .map { .package(url: "https://github.com/\($0)", exact: packages[$0]!.version) },
    targets: targets
)
