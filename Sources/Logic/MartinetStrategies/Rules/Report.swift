/// Collects what is wrong with an object, and what its author should know all the same.
final class Report {
    let places = Places()
    fileprivate(set) var errors: [FieldError] = []
    private(set) var warnings: [String] = []
    private var warned: Set<String> = []
    /// More than anyone reads: what comes after is dropped, and a large object stays cheap to judge.
    private static let warningsMax = 256

    var isFullOfWarnings: Bool { warnings.count >= Self.warningsMax }

    func add(_ reason: FieldError.Reason, _ place: Place, _ message: String, origin: String = "") {
        errors.append(FieldError(reason, place.text, message, origin: origin))
    }

    func warn(_ place: Place, _ message: String) {
        if !isFullOfWarnings { warn("\(place.text): \(message)") }
    }

    /// The same warning is given once.
    func warn(_ text: String) {
        if !isFullOfWarnings, warned.insert(text).inserted { warnings.append(text) }
    }
}

extension Report {
    func add(_ found: [FieldError]) { errors += found }

    /// Forgets what was found for what another one found.
    func replace(with other: Report) { errors = other.errors }
}
