import MartinetEtcdMessages
import MartinetStore

/// How etcd's keys lie in the store: under themselves. What the service keeps for itself begins with a byte that no key
/// may begin with.
enum ServedKeys {
    static let hidden = "\u{1}"
    static let leases = "\u{1}lease/"
    static let attachments = "\u{1}key/"

    /// The store's key. Its keys are text: other bytes are refused by name.
    static func text(_ key: [UInt8]) throws(GRPCStatus) -> String {
        guard !key.isEmpty else { throw .emptyKey }
        guard let text = String(validating: key, as: UTF8.self), key[0] != 1 else {
            throw GRPCStatus(.invalidArgument, "keys that are no UTF-8, or begin with the byte 1, cannot be stored")
        }
        return text
    }

    static func attachment(_ key: String) -> String { attachments + key }
    static func lease(_ id: Int64) -> String { leases + String(UInt64(bitPattern: id), radix: 16) }

    static func id(ofLease key: String) -> Int64? {
        UInt64(key.dropFirst(leases.count), radix: 16).map(Int64.init(bitPattern:))
    }
}

/// Where a range lies in the store: under a prefix, from a key on, and up to an end that may cut the prefix short.
struct ServedRange {
    let prefix: String
    let from: String?
    /// What remains to be compared; nil where the prefix says it all.
    let end: [UInt8]?

    init(_ range: KeyRange) throws(GRPCStatus) {
        let from = String(validating: range.start, as: UTF8.self)
        guard let from else { throw GRPCStatus(.invalidArgument, "ranges must begin with UTF-8") }
        self.from = range.start == [0] ? nil : from
        if range.isUnbounded {
            prefix = ""
            end = nil
            return
        }
        // The end of all keys with a prefix: the same with its last byte one smaller.
        if let last = range.end.last, last > 0 {
            let candidate = range.end.dropLast() + [last - 1]
            if range.start.starts(with: candidate), let text = String(validating: candidate, as: UTF8.self) {
                prefix = text
                end = nil
                return
            }
        }
        var common = zip(range.start, range.end).prefix { $0 == $1 }.map(\.0)
        while String(validating: common, as: UTF8.self) == nil { common.removeLast() }
        prefix = String(decoding: common, as: UTF8.self)
        end = range.end
    }

    /// Whether the store's own count is the range's.
    var isWhole: Bool { end == nil && !prefix.isEmpty }

    func contains(_ key: String) -> Bool {
        if key.utf8.first == 1 { return false }
        guard let end else { return true }
        return key.utf8.lexicographicallyPrecedes(end)
    }
}
