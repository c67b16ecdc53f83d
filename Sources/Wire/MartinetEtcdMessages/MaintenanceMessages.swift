// The state of a member. Source: etcd's rpc.proto and kv.proto.

package struct StatusRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

package struct StatusResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var version: String = ""
    package var dbSize: Int64 = 0
    package var leader: UInt64 = 0
    package var raftIndex: UInt64 = 0
    package var raftTerm: UInt64 = 0
    package var raftAppliedIndex: UInt64 = 0
    package var errors: [String] = []
    package var dbSizeInUse: Int64 = 0
    package var isLearner: Bool = false

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &version)
        visitor.field(3, &dbSize)
        visitor.field(4, &leader)
        visitor.field(5, &raftIndex)
        visitor.field(6, &raftTerm)
        visitor.field(7, &raftAppliedIndex)
        visitor.field(8, &errors)
        visitor.field(9, &dbSizeInUse)
        visitor.field(10, &isLearner)
    }
}

package struct AlarmRequest: EtcdMessage {
    package enum Action: Int64, Sendable { case get = 0, activate, deactivate }
    package var action: Action = .get
    package var memberID: UInt64 = 0
    package var alarm: AlarmKind = .none

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &action)
        visitor.field(2, &memberID)
        visitor.field(3, &alarm)
    }
}

package struct AlarmMember: EtcdMessage {
    package var memberID: UInt64 = 0
    package var alarm: AlarmKind = .none

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &memberID)
        visitor.field(2, &alarm)
    }
}

package struct AlarmResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var alarms: [AlarmMember] = []

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &alarms)
    }
}

package struct DefragmentRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

package struct DefragmentResponse: EtcdMessage {
    package var header: ResponseHeader?

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
    }
}

package struct HashRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

package struct HashResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var hash: UInt64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &hash)
    }
}

package struct HashKVRequest: EtcdMessage {
    package var revision: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &revision)
    }
}

package struct HashKVResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var hash: UInt64 = 0
    package var compactRevision: Int64 = 0
    package var hashRevision: Int64 = 0

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &hash)
        visitor.field(3, &compactRevision)
        visitor.field(4, &hashRevision)
    }
}

package struct SnapshotRequest: EtcdMessage {
    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {}
}

package struct SnapshotResponse: EtcdMessage {
    package var header: ResponseHeader?
    package var remainingBytes: UInt64 = 0
    package var blob: [UInt8] = []
    package var version: String = ""

    package init() {}

    package mutating func visit<V: FieldVisitor>(_ visitor: inout V) {
        visitor.field(1, &header)
        visitor.field(2, &remainingBytes)
        visitor.field(3, &blob)
        visitor.field(4, &version)
    }
}

/// What is wrong with a member.
package enum AlarmKind: Int64, Sendable { case none = 0, noSpace, corrupt }
