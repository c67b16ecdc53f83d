import MartinetBase
import MartinetManagedFields
import MartinetSchema
import Testing

/// A kind with one version.
private struct NoOtherVersion: ObjectVersions {
    func type(for apiVersion: String) -> ObjectType? { nil }
    func convert(_ object: Object, to apiVersion: String) -> Object? { nil }
}

/// One object and the managers that write it.
private struct Cluster {
    let type: ObjectType
    private(set) var object: Object?
    private var now: Int64 = 1_800_000_000

    init(_ kind: String = "apps/v1.Deployment") throws { type = try #require(Schema.builtin.type(named: kind)) }

    private func manager(_ subresource: String) -> FieldManager {
        let kind = type.kind!
        return FieldManager(
            type: type, apiVersion: kind.apiVersion, subresource: subresource,
            filter: .of(kind, subresource: subresource), converter: NoOtherVersion())
    }

    private func config(_ json: String) throws -> Value {
        let kind = type.kind!
        guard case .map(var map) = try JSONDecoder.decodeAny(Array(json.utf8)).value else { return .null }
        map["apiVersion"] = .string(kind.apiVersion)
        map["kind"] = .string(kind.name)
        return .map(map)
    }

    mutating func apply(_ json: String, as name: String, force: Bool = false, _ subresource: String = "") throws {
        now += 1
        let application = FieldManager.Application(
            config: try config(json), name: name, isForced: force, now: Timestamp(seconds: now))
        object = try manager(subresource).apply(application, to: object).object
    }

    mutating func update(_ json: String, as name: String, _ subresource: String = "") throws {
        now += 1
        var new = try JSONDecoder.decode(Array(json.utf8), as: type).object
        if new.managedFieldsList == nil, let old = object { new.setManagedFieldsList(old.managedFieldsList) }
        manager(subresource).update(live: object, object: &new, name: name, now: Timestamp(seconds: now))
        object = new
    }

    func fields(of name: String, _ operation: ManagedFields.Operation = .apply) -> String? {
        object?.managedFields(isCanonical: false).entries
            .first { $0.manager.name == name && $0.manager.operation == operation }?.fields.json
    }

    var managers: [String] { object?.managedFields(isCanonical: false).entries.map(\.manager.name) ?? [] }

    func value(_ path: String) -> Value? { object?.value(at: path) }
}

@Suite struct FieldManagerTests {
    @Test func whoAppliesOwnsWhatTheConfigurationSays() throws {
        var cluster = try Cluster()
        try cluster.apply(#"{"metadata":{"labels":{"a":"1"}},"spec":{"replicas":2}}"#, as: "one")
        #expect(cluster.fields(of: "one") == #"{"f:metadata":{"f:labels":{"f:a":{}}},"f:spec":{"f:replicas":{}}}"#)
    }

    @Test func anotherValueIsAConflictAndTheSameValueIsShared() throws {
        var cluster = try Cluster()
        try cluster.apply(#"{"spec":{"replicas":2}}"#, as: "one")
        let conflict = #expect(throws: ApplyError.self) {
            try cluster.apply(#"{"spec":{"replicas":3}}"#, as: "two")
        }
        guard case .conflicts(let conflicts)? = conflict else { Issue.record("no conflict"); return }
        #expect(conflicts.map(\.field) == [".spec.replicas"])
        #expect(conflicts.map(\.message) == [#"conflict with "one""#])
        try cluster.apply(#"{"spec":{"replicas":2}}"#, as: "two")
        #expect(cluster.fields(of: "one") == cluster.fields(of: "two"))
        try cluster.apply(#"{"spec":{"replicas":3}}"#, as: "two", force: true)
        #expect(cluster.managers == ["two"])
        #expect(cluster.value(".spec.replicas") == .int(3))
    }

    @Test func aConflictWithAnUpdateNamesItsVersionAndSubresource() throws {
        var cluster = try Cluster()
        try cluster.apply(#"{"spec":{"paused":true}}"#, as: "one")
        try cluster.update(#"{"spec":{"paused":true},"status":{"replicas":1}}"#, as: "controller", "status")
        let conflict = #expect(throws: ApplyError.self) {
            try cluster.apply(#"{"status":{"replicas":2}}"#, as: "two", "status")
        }
        guard case .conflicts(let conflicts)? = conflict else { Issue.record("no conflict"); return }
        #expect(
            conflicts.map(\.message)
                == [#"conflict with "controller" with subresource "status" using apps/v1"#])
    }

    @Test func whatIsNoLongerAppliedGoesUnlessSomebodyElseOwnsIt() throws {
        var cluster = try Cluster("v1.ConfigMap")
        try cluster.apply(#"{"data":{"a":"1","b":"1","c":"1"}}"#, as: "one")
        try cluster.apply(#"{"data":{"b":"1"}}"#, as: "two")
        try cluster.apply(#"{"data":{"a":"1"}}"#, as: "one")
        guard case .map(let data)? = cluster.value(".data") else { Issue.record("no data"); return }
        #expect(data.entries.map(\.key) == ["a", "b"])
    }

    @Test func elementsOfListsAreMergedByTheirKeysWithTheirDefaults() throws {
        var cluster = try Cluster("v1.Service")
        try cluster.apply(#"{"spec":{"ports":[{"port":80,"name":"a"}]}}"#, as: "one")
        try cluster.apply(#"{"spec":{"ports":[{"port":80,"protocol":"UDP","name":"b"}]}}"#, as: "two")
        guard case .list(let ports)? = cluster.value(".spec.ports") else { Issue.record("no ports"); return }
        #expect(ports.count == 2, "the same port of two protocols is two ports")
        #expect(
            cluster.fields(of: "one")
                == #"{"f:spec":{"f:ports":{"k:{\"port\":80,\"protocol\":\"TCP\"}":{".":{},"f:name":{},"f:port":{}}}}}"#)
    }

    @Test func anAtomicListIsReplacedAsAWhole() throws {
        var cluster = try Cluster("v1.Node")
        try cluster.apply(#"{"spec":{"taints":[{"key":"a","effect":"NoSchedule"}]}}"#, as: "one")
        #expect(throws: ApplyError.self) {
            try cluster.apply(#"{"spec":{"taints":[{"key":"b","effect":"NoSchedule"}]}}"#, as: "two")
        }
        #expect(cluster.fields(of: "one") == #"{"f:spec":{"f:taints":{}}}"#)
    }

    @Test func duplicatesAndUnknownFieldsAreRefused() throws {
        var cluster = try Cluster("v1.Service")
        for config in [
            #"{"spec":{"ports":[{"port":80},{"port":80}]}}"#, #"{"spec":{"prots":[]}}"#, #"{"spec":{"ports":{}}}"#,
        ] {
            let error = #expect(throws: ApplyError.self) { try cluster.apply(config, as: "one") }
            guard case .malformed? = error else { Issue.record("\(config): \(String(describing: error))"); continue }
        }
    }

    @Test func whatWasThereBeforeAnybodyAppliedHasAnOwner() throws {
        var cluster = try Cluster("v1.ConfigMap")
        try cluster.update(#"{"data":{"a":"1"}}"#, as: "one")
        try cluster.update(#"{"metadata":{"managedFields":[{}]},"data":{"a":"1"}}"#, as: "one")
        #expect(cluster.managers == [], "an empty entry forgets them all")
        try cluster.apply(#"{"data":{"b":"1"}}"#, as: "two")
        #expect(cluster.managers == ["two", "before-first-apply"])
    }

    @Test func kubectlMovesFromClientToServer() throws {
        let last = #"{\"apiVersion\":\"v1\",\"kind\":\"ConfigMap\",\"metadata\":{},\"data\":{\"a\":\"1\"}}"#
        var cluster = try Cluster("v1.ConfigMap")
        try cluster.update(
            #"""
            {"metadata":{"annotations":{"kubectl.kubernetes.io/last-applied-configuration":"\#(last)"}},
            "data":{"a":"1"}}
            """#, as: "kubectl-client-side-apply")
        try cluster.apply(#"{"metadata":{},"data":{"a":"2"}}"#, as: "kubectl")
        #expect(cluster.value(".data.a") == .string("2"))
        guard
            case .string(let text)? = cluster.value(".metadata.annotations")?
                .member("kubectl.kubernetes.io/last-applied-configuration")
        else { Issue.record("the annotation is gone"); return }
        #expect(text.contains(#""a":"2""#), "the annotation is kept in step")
        #expect(throws: ApplyError.self) { try cluster.apply(#"{"data":{"a":"3"}}"#, as: "other") }
    }

    @Test func theOldestUpdatesArePutTogether() throws {
        var cluster = try Cluster("v1.ConfigMap")
        for number in 0..<12 {
            let data = (0...number).map { #""k\#($0)":"v""# }.joined(separator: ",")
            try cluster.update(#"{"data":{\#(data)}}"#, as: "m\(number)")
        }
        #expect(cluster.managers.count == 10)
        #expect(cluster.managers.first == "ancient-changes")
        #expect(
            cluster.fields(of: "ancient-changes", .update) == #"{"f:data":{".":{},"f:k0":{},"f:k1":{},"f:k2":{}}}"#)
    }

    @Test func statusIsOwnedThroughItsSubresourceAlone() throws {
        var cluster = try Cluster()
        try cluster.update(#"{"spec":{"replicas":1},"status":{"replicas":1}}"#, as: "user")
        #expect(cluster.fields(of: "user", .update)?.contains("f:status") == false)
        try cluster.update(
            #"{"metadata":{"labels":{"a":"1"}},"spec":{"replicas":2},"status":{"replicas":2}}"#, as: "controller",
            "status")
        #expect(cluster.fields(of: "controller", .update) == #"{"f:status":{"f:replicas":{}}}"#)
    }

    @Test func applyingTheSameAgainChangesNothing() throws {
        var cluster = try Cluster("v1.ConfigMap")
        try cluster.apply(#"{"data":{"a":"1"}}"#, as: "one")
        let before = cluster.object
        try cluster.apply(#"{"data":{"a":"1"}}"#, as: "one")
        #expect(cluster.object == before)
    }

    @Test func hostileConfigurationsAreRefusedAndDoNotTrap() throws {
        var cluster = try Cluster("v1.ConfigMap")
        let deep = String(repeating: #"{"a":"#, count: 400) + "1" + String(repeating: "}", count: 400)
        for config in ["[]", #"{"metadata":\#(deep)}"#, #"{"data":{"a":{"b":{}}}}"#, #"{"metadata":null}"#] {
            _ = try? cluster.apply(config, as: "one")
        }
        #expect(throws: ApplyError.self) { try cluster.apply(#"{"metadata":{"managedFields":[]}}"#, as: "one") }
    }
}
