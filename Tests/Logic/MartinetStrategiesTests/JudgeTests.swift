import MartinetAPI
import MartinetBase
import MartinetSchema
import MartinetStrategies
import MartinetTesting
import Testing

/// Upstream's recorded verdicts. The floors may only rise.
@Suite struct JudgeTests {
    static let isRecorded = SharedFiles.root != nil

    static let floors: [String: Int] = [
        "validation ConfigMap": 119, "validation CustomResourceDefinition": 83, "validation Deployment": 188,
        "validation EndpointSlice": 127, "validation Endpoints": 90, "validation Event": 34, "validation Lease": 74,
        "validation Namespace": 70, "validation Node": 69, "validation Pod": 760, "validation ReplicaSet": 61,
        "validation Secret": 235, "validation Service": 571, "validation ServiceAccount": 36,
        "validation-sub Binding": 4, "validation-sub CustomResourceDefinition/status": 26,
        "validation-sub Deployment/status": 23, "validation-sub Namespace": 3, "validation-sub Namespace/status": 27,
        "validation-sub Node/status": 20, "validation-sub Pod/status": 18, "validation-sub ReplicaSet/status": 22,
        "validation-sub Service/status": 25, "defaults": 52,
    ]

    struct Verdict: Equatable {
        var code: Int
        var causes: [String] = []
    }

    /// A resource of the first kinds by its path; nil for others, and for anything but the object or its status.
    static func target(_ path: String) -> (kind: Kind, namespace: String, status: Bool)? {
        var parts = path.split(separator: "/").map(String.init)
        guard parts.count > 2 else { return nil }
        let apiVersion = parts[0] == "api" ? parts[1] : "\(parts[1])/\(parts[2])"
        parts = Array(parts.dropFirst(parts[0] == "api" ? 2 : 3))
        var namespace = ""
        if parts.count > 2, parts[0] == "namespaces", parts[2] != "status", parts[2] != "finalize" {
            namespace = parts[1]
            parts = Array(parts.dropFirst(2))
        }
        let kinds = [
            "v1.Namespace", "v1.Node", "v1.Pod", "v1.Service", "v1.Endpoints", "v1.ConfigMap", "v1.Secret",
            "v1.ServiceAccount", "v1.Event", "v1.Binding", "coordination.k8s.io/v1.Lease", "apps/v1.Deployment",
            "apps/v1.ReplicaSet", "discovery.k8s.io/v1.EndpointSlice",
            "apiextensions.k8s.io/v1.CustomResourceDefinition",
        ]
        guard parts.count < 3 || parts[2] == "status" else { return nil }
        for name in kinds {
            if let kind = Schema.builtin.type(named: name)?.kind, kind.apiVersion == apiVersion,
                kind.plural == parts.first
            {
                return (kind, namespace, parts.count > 2)
            }
        }
        return nil
    }

    static func decoded(_ value: Value, _ kind: Kind, strict: Bool) -> Object? {
        let text = String(decoding: JSONEncoder.encode(value), as: UTF8.self)
            .split(separator: "\"ALLOCATED-IP\"", omittingEmptySubsequences: false).joined(separator: "\"10.96.0.9\"")
            .split(separator: "\"ALLOCATED-PORT\"", omittingEmptySubsequences: false).joined(separator: "30009")
            .split(separator: "\"UID\"", omittingEmptySubsequences: false).joined(separator: "\"u\"")
            .split(separator: "\"$RV\"", omittingEmptySubsequences: false).joined(separator: "\"7\"")
            .split(separator: "\"RV\"", omittingEmptySubsequences: false).joined(separator: "\"7\"")
            .split(separator: "\"TIME\"", omittingEmptySubsequences: false).joined(
                separator: "\"2023-11-14T22:13:20Z\"")
        guard let result = try? JSONDecoder.decode(Array(text.utf8), as: kind.type) else { return nil }
        return strict && !result.issues.isEmpty ? nil : result.object
    }

    static func metadata(_ object: inout Object, _ change: (inout ObjectMeta) -> Void) {
        guard let slot = object.type.field(named: "metadata")?.slot else { return }
        var metadata = ObjectMeta()
        if case .object(let present) = object[slot] { metadata = ObjectMeta(object: present) }
        change(&metadata)
        object[slot] = .object(metadata.object)
    }

    /// What upstream's admission adds to every pod, so that an update that leaves it out is a change.
    static func admit(_ object: inout Object, old: Object?) {
        guard object.type == Pod.type else { return }
        var pod = Pod(object: object)
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        where !pod.spec.tolerations.contains(where: {
            ($0.key == key || $0.key.isEmpty) && ($0.effect == "NoExecute" || $0.effect.isEmpty)
        }) {
            pod.spec.tolerations.append(
                Toleration {
                    $0.key = key
                    $0.operator = "Exists"
                    $0.effect = "NoExecute"
                    $0.tolerationSeconds = 300
                })
        }
        if let old {
            let before = Pod(object: old).spec
            if pod.spec.priority == nil { pod.spec.priority = before.priority }
            if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = before.preemptionPolicy }
        } else {
            if pod.spec.serviceAccountName.isEmpty {
                pod.spec.serviceAccountName = "default"
                pod.spec.serviceAccount = "default"
            }
            if pod.spec.priority == nil { pod.spec.priority = 0 }
            if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = "PreemptLowerPriority" }
            if pod.spec.automountServiceAccountToken != false {
                pod.spec.volumes.append(
                    Volume {
                        $0.name = "kube-api-access-xxxxx"
                        $0.projected = ProjectedVolumeSource()
                    })
            }
        }
        object = pod.object
    }

    static func created(_ object: Object, _ kind: Kind, _ namespace: String) -> Object {
        var object = object
        let strategy = Strategies.strategy(for: kind)
        metadata(&object) {
            if kind.isNamespaced, $0.namespace.isEmpty { $0.namespace = namespace }
            if $0.name.isEmpty, !$0.generateName.isEmpty { $0.name = $0.generateName + "xxxxx" }
            $0.uid = "u"
            $0.creationTimestamp = .init(seconds: 1_700_000_000)
            $0.deletionTimestamp = nil
            $0.deletionGracePeriodSeconds = nil
            $0.generation = strategy.hasGeneration ? 1 : 0
        }
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        strategy.prepareForCreate(&object)
        admit(&object, old: nil)
        return object
    }

    static func stored(_ object: Object) -> Object {
        var object = object
        metadata(&object) { $0.resourceVersion = "7" }
        if object.type == Service.type {
            var service = Service(object: object)
            if service.spec.type != "ExternalName" {
                if service.spec.clusterIP.isEmpty { service.spec.clusterIP = "10.96.0.9" }
                service.spec.clusterIPs = [service.spec.clusterIP]
                if service.spec.ipFamilies.isEmpty { service.spec.ipFamilies = ["IPv4"] }
                if service.spec.ipFamilyPolicy == nil { service.spec.ipFamilyPolicy = "SingleStack" }
                if service.spec.type != "ClusterIP" {
                    for index in service.spec.ports.indices where service.spec.ports[index].nodePort == 0 {
                        service.spec.ports[index].nodePort = 30009 + Int32(index)
                    }
                }
            }
            object = service.object
        }
        return object
    }

    static func verdict(_ item: Value, _ target: (kind: Kind, namespace: String, status: Bool)) -> Verdict? {
        let strict = item["query"]["fieldValidation"].text == "Strict"
        let strategy = Strategies.strategy(for: target.kind)
        guard let body = decoded(item["body"], target.kind, strict: strict) else { return Verdict(code: 400) }
        // Names that differ from the path are the server's to refuse.
        let (name, namespace) = (item["body"]["metadata"]["name"], item["body"]["metadata"]["namespace"])
        if namespace != .null, target.kind.isNamespaced, namespace.text != target.namespace, !namespace.text.isEmpty {
            return Verdict(code: 400)
        }
        let last = item["path"].text.split(separator: "/").dropLast(target.status ? 1 : 0).last.map(String.init) ?? ""
        if item["method"].text == "PUT", name.text != last { return Verdict(code: 400) }
        var errors: [FieldError]
        if item["method"].text == "POST" {
            errors = strategy.validate(created(body, target.kind, target.namespace))
        } else {
            guard let present = decoded(item["existing"], target.kind, strict: false) else { return nil }
            let old = stored(created(present, target.kind, target.namespace))
            var object = body
            metadata(&object) { metadata in
                let before = MetadataOf.view(old)
                if metadata.uid.isEmpty { metadata.uid = before.uid }
                if metadata.namespace.isEmpty { metadata.namespace = before.namespace }
                metadata.creationTimestamp = before.creationTimestamp
                if metadata.resourceVersion.isEmpty, !strategy.requiresResourceVersionOnUpdate,
                    target.kind.name != "Lease", target.kind.name != "CustomResourceDefinition"
                {
                    metadata.resourceVersion = "7"
                }
                metadata.generation = before.generation
            }
            Defaults.apply(to: &object)
            strategy.setDefaults(&object)
            if target.status {
                strategy.prepareForStatusUpdate(&object, old: old)
                errors = strategy.validateStatusUpdate(object, old: old)
            } else {
                strategy.prepareForUpdate(&object, old: old)
                admit(&object, old: old)
                errors = strategy.validateUpdate(object, old: old)
            }
        }
        guard !errors.isEmpty else { return Verdict(code: 200) }
        return Verdict(code: 422, causes: errors.map { "\($0.reason.rawValue) \($0.field)" }.sorted())
    }

    @Test(
        .enabled(if: isRecorded, "the shared answers are not beside this clone"),
        arguments: ["validation", "validation-sub"])
    func verdictsAreUpstreams(file: String) throws {
        var passed: [String: Int] = [:]
        var total: [String: Int] = [:]
        var missed: [String: Int] = [:]
        for line in SharedFiles.read("upstream-answers/\(file).jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard let target = Self.target(item["path"].text), item["rawBody"] == .null,
                ["POST", "PUT"].contains(item["method"].text), case .int(let code) = item["answer"]["code"],
                [200, 201, 400, 422].contains(code), item["mutation"].items.first?.items.first?.text != "request"
            else { continue }
            guard let ours = Self.verdict(item, target) else { continue }
            let name = target.kind.name + (target.status ? "/status" : "")
            total[name, default: 0] += 1
            let causes = item["answer"]["causes"].items.map { "\($0["reason"].text) \($0["field"].text)" }.sorted()
            let wanted = Verdict(code: code == 201 ? 200 : Int(code), causes: causes)
            if ours == wanted {
                passed[name, default: 0] += 1
            } else {
                var extra = ours.causes
                let lacking = wanted.causes.filter { cause in
                    guard let index = extra.firstIndex(of: cause) else { return true }
                    extra.remove(at: index)
                    return false
                }
                for cause in lacking { missed["\(name) lacks \(Self.general(cause))", default: 0] += 1 }
                for cause in extra { missed["\(name) extra \(Self.general(cause))", default: 0] += 1 }
                if lacking.isEmpty, extra.isEmpty {
                    missed["\(name) code \(ours.code) for \(wanted.code)", default: 0] += 1
                }
            }
        }
        for (name, count) in total.sorted(by: { $0.key < $1.key }) {
            print("verdicts \(file) \(name): \(passed[name, default: 0]) of \(count)")
            #expect(passed[name, default: 0] >= Self.floors["\(file) \(name)", default: 0])
        }
        let all = (passed.values.reduce(0, +), total.values.reduce(0, +))
        print("verdicts \(file): \(all.0) of \(all.1)")
        for (text, count) in missed.sorted(by: { $0.value > $1.value }).prefix(60) { print("   \(count) \(text)") }
    }

    /// What a creation is filled in with, without what admission and allocation add.
    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func defaultsAreUpstreams() throws {
        var (equal, total) = (0, 0)
        var lines: [String] = []
        let admitted: Set<String> = [
            "tolerations", "volumes", "volumeMounts", "serviceAccount", "serviceAccountName", "priority",
            "preemptionPolicy", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "nodePort", "taints",
            "managedFields", "uid", "resourceVersion", "creationTimestamp", "generation", "healthCheckNodePort",
            "conditions", "acceptedNames",
        ]
        for line in SharedFiles.read("upstream-answers/defaults.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard let target = Self.target(item["path"].text), item["method"].text == "POST",
                item["answer"]["code"] == .int(201), let body = Self.decoded(item["body"], target.kind, strict: false),
                target.kind.name != "Binding"
            else { continue }
            total += 1
            let object = Self.created(body, target.kind, target.namespace)
            let ours = try JSONDecoder.decodeAny(JSONEncoder.encode(object)).value.without(admitted)
            let wanted = try #require(Self.decoded(item["answer"]["object"], target.kind, strict: false))
            let theirs = try JSONDecoder.decodeAny(JSONEncoder.encode(wanted)).value.without(admitted)
            if ours == theirs {
                equal += 1
            } else {
                lines.append("\(item["id"].text): \(Self.difference(ours, theirs))")
            }
        }
        print("defaults: \(equal) of \(total) creations equal")
        for line in lines { print("   \(line.prefix(300))") }
        #expect(equal >= Self.floors["defaults", default: 0])
    }

    private static func difference(_ ours: Value, _ theirs: Value, at path: String = "") -> String {
        guard ours != theirs else { return "" }
        guard case .map(let left) = ours, case .map(let right) = theirs else {
            return "\(path): \(ours.json.prefix(150)) for \(theirs.json.prefix(150)) "
        }
        let keys = Set(left.entries.map(\.key)).union(right.entries.map(\.key)).sorted()
        return keys.map { difference(left[$0] ?? .null, right[$0] ?? .null, at: "\(path)/\($0)") }.joined()
    }

    private static func general(_ cause: String) -> String {
        var depth = 0
        return String(
            cause.filter { character in
                if character == "]" { depth -= 1 }
                defer { if character == "[" { depth += 1 } }
                return depth == 0
            })
    }
}

enum MetadataOf {
    static func view(_ object: Object) -> ObjectMeta {
        guard let slot = object.type.field(named: "metadata")?.slot, case .object(let metadata) = object[slot] else {
            return ObjectMeta()
        }
        return ObjectMeta(object: metadata)
    }
}
