import MartinetBase
import MartinetSchema

/// What a planner wants done: writes in steps, things to tell, and when to look again.
///
/// The writes of a step are sent together; a later step only once every write before it succeeded.
package struct Plan: Sendable {
    package var steps: [[Write]] = []
    package var events: [EventRecord] = []
    /// Look again then, whether or not anything changes.
    package var requeueAfter: Duration?

    package init() {}

    package var isEmpty: Bool { steps.allSatisfy(\.isEmpty) }

    package mutating func add(_ write: Write) { steps.append([write]) }
    package mutating func add(_ request: APIRequest?) { if let request { add(Write(request)) } }

    /// Asks to be looked at at the earlier of two times.
    package mutating func requeue(after delay: Duration?) {
        guard let delay else { return }
        requeueAfter = requeueAfter.map { min($0, delay) } ?? delay
    }

    /// Puts writes into steps of 1, 2, 4, …: where the first fail for one reason, the rest is not tried.
    package mutating func addSlowly(_ writes: [Write]) {
        var rest = writes[...]
        var size = 1
        while !rest.isEmpty {
            steps.append(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
            size *= 2
        }
    }
}

/// One intended request, and which refusals mean that it is done already.
package struct Write: Sendable {
    package struct Tolerance: OptionSet, Sendable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }
        package static let notFound = Tolerance(rawValue: 1)
        package static let alreadyExists = Tolerance(rawValue: 2)
        package static let conflict = Tolerance(rawValue: 4)
    }

    package var request: APIRequest
    package var tolerates: Tolerance
    /// For a get: what comes after it only holds if no object of this uid is there; of any where it is empty.
    package var expectedAbsent: String?
    package var onSuccess: EventRecord?
    /// The error's message is put behind this one's.
    package var onFailure: EventRecord?

    package init(
        _ request: APIRequest, tolerates: Tolerance = [], onSuccess: EventRecord? = nil, onFailure: EventRecord? = nil
    ) {
        self.request = request
        self.tolerates = tolerates
        self.onSuccess = onSuccess
        self.onFailure = onFailure
    }

    /// Makes sure, with the server itself, that an object is gone before the steps after this one.
    package static func ensureAbsent(_ resource: ResourceName, uid: String) -> Write {
        var write = Write(APIRequest(.get, resource), tolerates: .notFound)
        write.expectedAbsent = uid
        return write
    }

    func isDone(by error: APIError) -> Bool {
        error.isNotFound && tolerates.contains(.notFound) || error.isConflict && tolerates.contains(.conflict)
            || error.isAlreadyExists && tolerates.contains(.alreadyExists)
    }
}
