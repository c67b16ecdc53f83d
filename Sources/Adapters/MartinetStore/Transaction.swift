package import MartinetBase

/// Writes that happen together, at one revision, if every condition holds; else none of them.
package struct Transaction: Sendable {
    /// What must be true of a key just before the transaction.
    package struct Condition: Hashable, Sendable {
        package let key: String
        /// The revision of the key's last write; `Revision.none`: the key does not exist.
        package let modified: Revision

        package init(key: String, modified: Revision) {
            self.key = key
            self.modified = modified
        }
    }

    package enum Operation: Hashable, Sendable {
        case put(key: String, value: [UInt8], expires: Timestamp? = nil)
        /// Deleting a key that does not exist changes nothing and is no event.
        case delete(key: String)

        package var key: String {
            switch self {
            case .put(let key, _, _), .delete(let key): key
            }
        }

        var bytes: Int {
            switch self {
            case .put(let key, let value, _): key.utf8.count + value.count
            case .delete(let key): key.utf8.count
            }
        }
    }

    package var conditions: [Condition]
    package var operations: [Operation]

    package init(conditions: [Condition] = [], operations: [Operation]) {
        self.conditions = conditions
        self.operations = operations
    }

    /// Creates a key that must not exist.
    package static func create(_ key: String, _ value: [UInt8], expires: Timestamp? = nil) -> Transaction {
        Transaction(
            conditions: [Condition(key: key, modified: .none)],
            operations: [.put(key: key, value: value, expires: expires)])
    }

    /// Replaces the value of a key that was last written at `modified`.
    package static func update(
        _ key: String, _ value: [UInt8], modified: Revision, expires: Timestamp? = nil
    ) -> Transaction {
        Transaction(
            conditions: [Condition(key: key, modified: modified)],
            operations: [.put(key: key, value: value, expires: expires)])
    }

    /// Deletes a key that was last written at `modified`.
    package static func delete(_ key: String, modified: Revision) -> Transaction {
        Transaction(conditions: [Condition(key: key, modified: modified)], operations: [.delete(key: key)])
    }
}

extension Transaction {
    /// How many operations one transaction may have.
    package static let operationsMax = 4096
    /// How long a key may be.
    package static let keyBytesMax = 4096
    /// How long a value may be.
    package static let valueBytesMax = 16 << 20

    package var bytes: Int { operations.reduce(64) { $0 + $1.bytes } }

    /// Why the transaction can never be committed, whatever the store holds; nil where it can.
    package func refusal() -> String? {
        if operations.count > Transaction.operationsMax {
            return "transaction has \(operations.count) operations, at most \(Transaction.operationsMax) are possible"
        }
        var seen: Set<StoreKey> = []
        for operation in operations {
            let length = operation.key.utf8.count
            if length == 0 { return "a key is empty" }
            if length > Transaction.keyBytesMax {
                return "a key has \(length) bytes, at most \(Transaction.keyBytesMax) are possible"
            }
            if case .put(let key, let value, _) = operation, value.count > Transaction.valueBytesMax {
                return "the value of \(key) has \(value.count) bytes, at most \(Transaction.valueBytesMax) are possible"
            }
            if !seen.insert(StoreKey(operation.key)).inserted {
                return "\(operation.key) is written twice in one transaction"
            }
        }
        return nil
    }
}
