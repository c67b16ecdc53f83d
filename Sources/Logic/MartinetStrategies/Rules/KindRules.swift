package import MartinetSchema

/// What one kind adds to the generic strategy. Every part has an empty default.
package protocol KindRules: Sendable {
    var nameForm: NameForm { get }
    var allowsCreateOnUpdate: Bool { get }
    var requiresResourceVersionOnUpdate: Bool { get }
    /// Whether who creates the object may say its status: a node's kubelet does.
    var keepsStatusOnCreate: Bool { get }
    /// Nil: generation counts where the kind has a spec and a status.
    var hasGeneration: Bool? { get }
    func setDefaults(_ object: inout Object)
    func prepareForCreate(_ object: inout Object)
    func prepareForUpdate(_ object: inout Object, old: Object)
    func prepareForStatusUpdate(_ object: inout Object, old: Object)
    /// What holds for a new object and for a changed one alike.
    func validate(_ object: Object, _ checker: inout Checker)
    func validateCreate(_ object: Object, _ checker: inout Checker)
    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker)
    func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker)
}

extension KindRules {
    package var nameForm: NameForm { .dnsSubdomain }
    package var allowsCreateOnUpdate: Bool { false }
    package var requiresResourceVersionOnUpdate: Bool { false }
    package var keepsStatusOnCreate: Bool { false }
    package var hasGeneration: Bool? { nil }
    package func setDefaults(_ object: inout Object) {}
    package func prepareForCreate(_ object: inout Object) {}
    package func prepareForUpdate(_ object: inout Object, old: Object) {}
    package func prepareForStatusUpdate(_ object: inout Object, old: Object) {}
    package func validate(_ object: Object, _ checker: inout Checker) {}
    package func validateCreate(_ object: Object, _ checker: inout Checker) {}
    package func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {}
    package func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker) {}
}

/// A kind without rules of its own: custom resources, and kinds that are not served yet.
struct NoRules: KindRules {}
