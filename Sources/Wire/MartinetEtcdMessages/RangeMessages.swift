// Reads. Source: etcd's rpc.proto and kv.proto.

/// Reads the keys from `key` to before `end`; see `KeyRange`.
package struct RangeRequest: EtcdMessage {
    package enum SortOrder: Int64, Sendable { case none = 0, ascend, descend }
    package enum SortTarget: Int64, Sendable { case key = 0, version, create, mod, value }
    package var key: [UInt8] = []
    package var end: [UInt8] = []
    package var limit: Int64 = 0
    package var revision: Int64 = 0
    package var sortOrder: SortOrder = .none
    package var sortTarget: SortTarget = .key
    package var serializable: Bool = false
    package var keysOnly: Bool = false
    package var countOnly: Bool = false
    package var minModRevision: Int64 = 0
    package var maxModRevision: Int64 = 0
    package var minCreateRevision: Int64 = 0
    package var maxCreateRevision: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &key)
        visitor.field(2, &end)
        visitor.field(3, &limit)
        visitor.field(4, &revision)
        visitor.field(5, &sortOrder)
        visitor.field(6, &sortTarget)
        visitor.field(7, &serializable)
        visitor.field(8, &keysOnly)
        visitor.field(9, &countOnly)
        visitor.field(10, &minModRevision)
        visitor.field(11, &maxModRevision)
        visitor.field(12, &minCreateRevision)
        visitor.field(13, &maxCreateRevision)
    }
}

package struct RangeResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var kvs: [KeyValue] = []
    package var more: Bool = false
    package var count: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &kvs)
        visitor.field(3, &more)
        visitor.field(4, &count)
    }
}
