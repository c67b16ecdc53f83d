// Single writes and compaction. Source: etcd's rpc.proto and kv.proto.

package struct PutRequest: EtcdMessage {
    package var key: [UInt8] = []
    package var value: [UInt8] = []
    package var lease: Int64 = 0
    package var wantsPrevious: Bool = false
    package var ignoreValue: Bool = false
    package var ignoreLease: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &key)
        visitor.field(2, &value)
        visitor.field(3, &lease)
        visitor.field(4, &wantsPrevious)
        visitor.field(5, &ignoreValue)
        visitor.field(6, &ignoreLease)
    }
}

package struct PutResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var previous: KeyValue?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &previous)
    }
}

package struct DeleteRangeRequest: EtcdMessage {
    package var key: [UInt8] = []
    package var end: [UInt8] = []
    package var wantsPrevious: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &key)
        visitor.field(2, &end)
        visitor.field(3, &wantsPrevious)
    }
}

package struct DeleteRangeResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var deleted: Int64 = 0
    package var previous: [KeyValue] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &deleted)
        visitor.field(3, &previous)
    }
}

/// `physical`: answered only when the space has been given back.
package struct CompactionRequest: EtcdMessage {
    package var revision: Int64 = 0
    package var physical: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &revision)
        visitor.field(2, &physical)
    }
}

package struct CompactionResponse: EtcdMessage {
    package var header: ResponseHeader?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
    }
}
