// Leases; times to live are in seconds. Source: etcd's rpc.proto and kv.proto.

/// `id` 0: the server chooses.
package struct LeaseGrantRequest: EtcdMessage {
    package var ttl: Int64 = 0
    package var id: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &ttl)
        visitor.field(2, &id)
    }
}

package struct LeaseGrantResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var id: Int64 = 0
    package var ttl: Int64 = 0
    package var error: String = ""

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &id)
        visitor.field(3, &ttl)
        visitor.field(4, &error)
    }
}

package struct LeaseRevokeRequest: EtcdMessage {
    package var id: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &id)
    }
}

package struct LeaseRevokeResponse: EtcdMessage {
    package var header: ResponseHeader?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
    }
}

package struct LeaseKeepAliveRequest: EtcdMessage {
    package var id: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &id)
    }
}

/// `ttl` 0: there is no such lease.
package struct LeaseKeepAliveResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var id: Int64 = 0
    package var ttl: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &id)
        visitor.field(3, &ttl)
    }
}

package struct LeaseTimeToLiveRequest: EtcdMessage {
    package var id: Int64 = 0
    package var wantsKeys: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &id)
        visitor.field(2, &wantsKeys)
    }
}

/// `ttl` -1: there is no such lease.
package struct LeaseTimeToLiveResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var id: Int64 = 0
    package var ttl: Int64 = 0
    package var granted: Int64 = 0
    package var keys: [[UInt8]] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &id)
        visitor.field(3, &ttl)
        visitor.field(4, &granted)
        visitor.field(5, &keys)
    }
}

package struct LeaseLeasesRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

package struct LeaseStatus: EtcdMessage {
    package var id: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &id)
    }
}

package struct LeaseLeasesResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var leases: [LeaseStatus] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &leases)
    }
}
