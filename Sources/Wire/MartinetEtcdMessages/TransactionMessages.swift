// Transactions. Source: etcd's rpc.proto and kv.proto.

/// A condition. The member of the union that `target` names is compared with the key's.
package struct Compare: EtcdMessage {
    package enum Result: Int64, Sendable { case equal = 0, greater, less, notEqual }
    package enum Target: Int64, Sendable { case version = 0, create, mod, value, lease }
    package var result: Result = .equal
    package var target: Target = .version
    package var key: [UInt8] = []
    package var version: Int64?
    package var createRevision: Int64?
    package var modRevision: Int64?
    package var value: [UInt8]?
    package var lease: Int64?
    package var end: [UInt8] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &result)
        visitor.field(2, &target)
        visitor.field(3, &key)
        visitor.field(4, &version)
        visitor.field(5, &createRevision)
        visitor.field(6, &modRevision)
        visitor.field(7, &value)
        visitor.field(8, &lease)
        visitor.field(64, &end)
    }
}

/// One of four.
package struct RequestOp: EtcdMessage {
    package var range: RangeRequest?
    package var put: PutRequest?
    package var delete: DeleteRangeRequest?
    package var transaction: Boxed<TxnRequest>?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &range)
        visitor.field(2, &put)
        visitor.field(3, &delete)
        visitor.field(4, &transaction)
    }
}

/// One of four.
package struct ResponseOp: EtcdMessage {
    package var range: RangeResponse?
    package var put: PutResponse?
    package var delete: DeleteRangeResponse?
    package var transaction: Boxed<TxnResponse>?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &range)
        visitor.field(2, &put)
        visitor.field(3, &delete)
        visitor.field(4, &transaction)
    }
}

/// `success` where every comparison holds, else `failure`.
package struct TxnRequest: EtcdMessage {
    package var compare: [Compare] = []
    package var success: [RequestOp] = []
    package var failure: [RequestOp] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &compare)
        visitor.field(2, &success)
        visitor.field(3, &failure)
    }
}

package struct TxnResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var succeeded: Bool = false
    package var responses: [ResponseOp] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &succeeded)
        visitor.field(3, &responses)
    }
}
