import MartinetNearMiss
import MartinetSchema

// What can be said about a place. Each fault names what was expected and what was found.
extension Part {
    func add(_ reason: FieldError.Reason, _ message: String) { report.add(reason, place, message) }

    func invalid(_ expected: String) { add(.invalid, isBlock ? expected : "\(expected), not \(found)") }
    /// One fault for each, with what was probably meant.
    func invalid(_ faults: [String], of part: Part? = nil, meant: String? = nil) {
        let question = meant.map { ", did you mean \"\($0)\"?" } ?? ""
        for fault in faults { add(.invalid, "\(fault), not \((part ?? self).found)\(question)") }
    }
    /// Of a map's entry, what is wrong with its key.
    func invalid(key: String, _ faults: [String]) {
        for fault in faults { add(.invalid, "\(fault), not \"\(key.prefix(128))\"") }
    }
    /// Whether what is here is no word that a message could repeat.
    private var isBlock: Bool {
        switch value {
        case .object, .raw, .list: true
        default: false
        }
    }
    func required(_ why: String = "must be set") { add(.required, why) }
    func forbidden(_ why: String) { add(.forbidden, why) }
    func duplicate() { add(.duplicate, isBlock ? "the same is there already" : "\(found) is there already") }
    func notFound(_ where: String = "here") { add(.notFound, "\(found) does not exist \(`where`)") }
    func tooMany(_ most: Int) { add(.tooMany, "may have at most \(most) items, not \(count)") }
    func tooLong(_ most: Int) { add(.tooLong, "may not be longer than \(most) bytes") }

    func unsupported(_ known: [String]) {
        let question = NearMiss.question(for: text, among: known)
        add(.notSupported, "must be one of \(known.joined(separator: ", ")), not \(found)\(question)")
    }

    func warn(_ message: String) { report.warn(place, message) }
}
