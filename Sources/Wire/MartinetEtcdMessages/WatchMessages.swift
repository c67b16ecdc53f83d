// Watches: many on one stream, each with a number. Source: etcd's rpc.proto and kv.proto.

/// One of three.
package struct WatchRequest: EtcdMessage {
    package var create: WatchCreateRequest?
    package var cancel: WatchCancelRequest?
    package var progress: WatchProgressRequest?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &create)
        visitor.field(2, &cancel)
        visitor.field(3, &progress)
    }
}

/// `startRevision` 0: from now on.
package struct WatchCreateRequest: EtcdMessage {
    package var key: [UInt8] = []
    package var end: [UInt8] = []
    package var startRevision: Int64 = 0
    package var progressNotify: Bool = false
    package var filters: [Int64] = []
    package var wantsPrevious: Bool = false
    package var watchID: Int64 = 0
    package var fragment: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &key)
        visitor.field(2, &end)
        visitor.field(3, &startRevision)
        visitor.field(4, &progressNotify)
        visitor.field(5, &filters)
        visitor.field(6, &wantsPrevious)
        visitor.field(7, &watchID)
        visitor.field(8, &fragment)
    }
}

package struct WatchCancelRequest: EtcdMessage {
    package var watchID: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &watchID)
    }
}

package struct WatchProgressRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

/// `fragment`: more of the same revisions follows in the next response.
package struct WatchResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var watchID: Int64 = 0
    package var created: Bool = false
    package var canceled: Bool = false
    package var compactRevision: Int64 = 0
    package var cancelReason: String = ""
    package var fragment: Bool = false
    package var events: [EtcdEvent] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &watchID)
        visitor.field(3, &created)
        visitor.field(4, &canceled)
        visitor.field(5, &compactRevision)
        visitor.field(6, &cancelReason)
        visitor.field(7, &fragment)
        visitor.field(11, &events)
    }
}
