// Members, and who may ask. Source: etcd's rpc.proto and kv.proto.

package struct EtcdMember: EtcdMessage {
    package var id: UInt64 = 0
    package var name: String = ""
    package var peerURLs: [String] = []
    package var clientURLs: [String] = []
    package var isLearner: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &id)
        visitor.field(2, &name)
        visitor.field(3, &peerURLs)
        visitor.field(4, &clientURLs)
        visitor.field(5, &isLearner)
    }
}

package struct MemberListRequest: EtcdMessage {
    package var linearizable: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &linearizable)
    }
}

package struct MemberListResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var members: [EtcdMember] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &members)
    }
}

package struct AuthenticateRequest: EtcdMessage {
    package var name: String = ""
    package var password: String = ""

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &name)
        visitor.field(2, &password)
    }
}

/// `token` goes into the header `token` of later calls.
package struct AuthenticateResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var token: String = ""

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &token)
    }
}
