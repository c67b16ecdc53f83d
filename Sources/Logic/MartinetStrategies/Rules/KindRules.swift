import MartinetSchema

/// What one kind adds to the generic strategy. Every part has an empty default.
protocol KindRules: Sendable {
    var nameForm: Form { get }
    /// Whether objects of it have a name: questions that are only answered need none.
    var isNamed: Bool { get }
    /// Whether who creates the object may say its status: a node's kubelet does.
    var keepsStatusOnCreate: Bool { get }
    /// How often, and how, metadata is looked at when an object changes: once for every kind, and by the kind itself.
    var metadataOnUpdate: MetadataOnUpdate { get }
    /// Whether the kind looks at the metadata of what is created, besides the look that every kind gets.
    var looksAtNewMetadata: Bool { get }
    /// Whether finalizers without a domain may be others than Kubernetes' own.
    var namesFinalizersFreely: Bool { get }
    func setDefaults(_ object: inout Object)
    func prepareForCreate(_ object: inout Object)
    func prepareForUpdate(_ object: inout Object, old: Object)
    func prepareForStatusUpdate(_ object: inout Object, old: Object)
    /// What holds for a new object and for a changed one alike.
    func validate(_ new: Part)
    func validateCreate(_ new: Part)
    func validateUpdate(_ new: Part, _ old: Part)
    func validateStatusUpdate(_ new: Part, _ old: Part)
    /// What is allowed and yet worth a word. `old` is nil for a new object.
    func warn(_ new: Part, _ old: Part?)
    /// A subresource that changes the object in its own way: nil where the kind has none of that name.
    func subresource(_ name: String) -> (any SubresourceRules)?
}

/// The kind's own look at the metadata of what is updated, besides the one that every kind gets.
enum MetadataOnUpdate: Sendable {
    /// None at all.
    case none
    /// The changes.
    case changes
    /// The changes, and all that holds for new objects.
    case everything
    /// Only what holds for new objects.
    case form
}

/// How a subresource changes its object: binding a pod, its size, its debug containers.
protocol SubresourceRules: Sendable {
    func prepare(_ object: inout Object, old: Object)
    func validate(_ new: Part, _ old: Part)
}

extension KindRules {
    var nameForm: Form { .dnsSubdomain }
    var isNamed: Bool { true }
    var keepsStatusOnCreate: Bool { false }
    var metadataOnUpdate: MetadataOnUpdate { .changes }
    var looksAtNewMetadata: Bool { true }
    var namesFinalizersFreely: Bool { false }
    func setDefaults(_ object: inout Object) {}
    func prepareForCreate(_ object: inout Object) {}
    func prepareForUpdate(_ object: inout Object, old: Object) {}
    func prepareForStatusUpdate(_ object: inout Object, old: Object) {}
    func validate(_ new: Part) {}
    func validateCreate(_ new: Part) {}
    func validateUpdate(_ new: Part, _ old: Part) {}
    func validateStatusUpdate(_ new: Part, _ old: Part) {}
    func warn(_ new: Part, _ old: Part?) {}
    func subresource(_ name: String) -> (any SubresourceRules)? { nil }
}

/// A kind without rules of its own: only what its schema declares.
struct NoRules: KindRules {
    func validate(_ new: Part) { DeclaredLimits.check(new) }
}
