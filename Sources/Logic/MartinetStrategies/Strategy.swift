package import MartinetSchema

/// What a kind needs beyond its schema: the rules that take an `if` over two fields.
///
/// The API server calls, for a create: `setDefaults`, `prepareForCreate`, `validate`; for an update: `setDefaults`,
/// `prepareForUpdate`, `validateUpdate`; for an update of `status`: `setDefaults`, `prepareForStatusUpdate`,
/// `validateStatusUpdate`. Literal defaults, ObjectMeta's own rules and the schema's declared limits are applied for every kind
/// by the engine; a strategy adds what is left. All of it is pure: allocations arrive through the API server.
package protocol Strategy: Sendable {
    /// Defaults that a literal cannot say. Must not change an object that has them.
    func setDefaults(_ object: inout Object)
    /// Drops what a client may not set on creation (`status`, most of all) and sets what the system sets.
    func prepareForCreate(_ object: inout Object)
    /// Restores what an update through the main resource may not touch.
    func prepareForUpdate(_ object: inout Object, old: Object)
    /// Restores everything that an update through `/status` may not touch: all but status.
    func prepareForStatusUpdate(_ object: inout Object, old: Object)
    func validate(_ object: Object) -> [FieldError]
    func validateUpdate(_ object: Object, old: Object) -> [FieldError]
    func validateStatusUpdate(_ object: Object, old: Object) -> [FieldError]
    /// What a subresource of its own (`ephemeralcontainers`, `resize`, `finalize`, `approval`) may change: all else is restored.
    func prepare(_ object: inout Object, old: Object, through subresource: String)
    func validate(_ object: Object, old: Object, through subresource: String) -> [FieldError]
    /// What is allowed and yet worth a word: each becomes a `Warning` header. Asked after validation found nothing.
    func warnings(_ object: Object, old: Object?) -> [String]
    /// Whether a change of the main object counts in `metadata.generation`.
    var hasGeneration: Bool { get }
    /// Whether objects are created by an update of what does not exist (Leases, Events, Endpoints and a few more).
    var allowsCreateOnUpdate: Bool { get }
    /// Whether an update must carry the resourceVersion that it is based on.
    var requiresResourceVersionOnUpdate: Bool { get }
    /// Values of selectable fields beyond metadata.name and metadata.namespace, by path.
    func selectableFields(_ object: Object) -> [(path: String, value: String)]
}

extension Strategy {
    package func prepare(_ object: inout Object, old: Object, through subresource: String) {}
    package func validate(_ object: Object, old: Object, through subresource: String) -> [FieldError] { [] }
    package func warnings(_ object: Object, old: Object?) -> [String] { [] }
}
