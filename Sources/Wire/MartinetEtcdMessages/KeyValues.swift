// What is stored and what happened to it (mvccpb). Source: etcd's rpc.proto and kv.proto.

/// A key at one revision.
package struct KeyValue: EtcdMessage {
    package var key: [UInt8] = []
    package var createRevision: Int64 = 0
    package var modRevision: Int64 = 0
    package var version: Int64 = 0
    package var value: [UInt8] = []
    package var lease: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &key)
        visitor.field(2, &createRevision)
        visitor.field(3, &modRevision)
        visitor.field(4, &version)
        visitor.field(5, &value)
        visitor.field(6, &lease)
    }
}

/// A change. A deletion has only the key and the revision in `kv`.
package struct EtcdEvent: EtcdMessage {
    package enum Kind: Int64, Sendable { case put = 0, delete }
    package var kind: Kind = .put
    package var kv: KeyValue?
    package var previous: KeyValue?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &kind)
        visitor.field(2, &kv)
        visitor.field(3, &previous)
    }
}

/// Who answered, and where the store stands.
package struct ResponseHeader: EtcdMessage {
    package var clusterID: UInt64 = 0
    package var memberID: UInt64 = 0
    package var revision: Int64 = 0
    package var raftTerm: UInt64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &clusterID)
        visitor.field(2, &memberID)
        visitor.field(3, &revision)
        visitor.field(4, &raftTerm)
    }
}
