package import MartinetSchema

/// What every cluster begins with, so that nodes, leader elections and people are served beside one that sends too much.
package enum BootstrapFlows {
    /// `mandatory` ones are kept as they are; suggested ones are kept unless somebody has changed them.
    package struct Entry: Sendable {
        package let object: Object
        package let isMandatory: Bool
        package var name: String { object.part("metadata")?.text("name") ?? "" }
    }

    // name | exempt, or its shares | what it lends in percent | queues, size of a hand, length of a queue
    private static let levelTable = """
        catch-all | 5 | 0 |
        exempt | exempt | 0 |
        global-default | 20 | 50 | 128 6 50
        leader-election | 10 | 0 | 16 4 50
        node-high | 40 | 25 | 64 6 50
        system | 30 | 33 | 64 6 50
        workload-high | 40 | 50 | 128 6 50
        workload-low | 100 | 90 | 128 6 50
        """

    // name | level | precedence | what tells flows apart | subjects | resources: verbs groups names (+cluster), or everything |
    // verbs and paths of what is no resource
    private static let schemaTable = """
        catch-all | catch-all | 10000 | ByUser | everybody | * * * +cluster | * *
        exempt | exempt | 1 | | group system:masters | * * * +cluster | * *
        global-default | global-default | 9900 | ByUser | everybody | * * * +cluster | * *
        kube-controller-manager | workload-high | 800 | ByNamespace | user system:kube-controller-manager | * * * +cluster | * *
        kube-scheduler | workload-high | 800 | ByNamespace | user system:kube-scheduler | * * * +cluster | * *
        kube-system-service-accounts | workload-high | 900 | ByNamespace | accounts kube-system | * * * +cluster | * *
        probes | exempt | 2 | | everybody | | get /healthz,/readyz,/livez
        service-accounts | workload-low | 9000 | ByUser | group system:serviceaccounts | * * * +cluster | * *
        system-leader-election | leader-election | 100 | ByUser | user system:kube-controller-manager, user system:kube-scheduler, accounts kube-system | get,create,update coordination.k8s.io leases |
        system-node-high | node-high | 400 | ByUser | group system:nodes | * core nodes,nodes/status +cluster; * coordination.k8s.io leases |
        system-nodes | system | 500 | ByUser | group system:nodes | * * * +cluster | * *
        """

    private static let mandatory: Set<String> = ["catch-all", "exempt"]
    package static let levels: [Entry] = lines(levelTable).map { entry("PriorityLevelConfiguration", $0, level) }
    package static let schemas: [Entry] = lines(schemaTable).map { entry("FlowSchema", $0, schema) }

    static let mandatoryLevels = levels.filter(\.isMandatory).map { PriorityLevel($0.object) }
    static let mandatorySchemas = schemas.filter(\.isMandatory).map { FlowSchema($0.object) }

    /// The specification that a mandatory schema must have, as JSON; nil where the schema is none of them.
    package static func mandatorySpecification(of schema: String) -> [UInt8]? { mandatorySpecifications[schema] }

    private static let mandatorySpecifications = Dictionary(
        uniqueKeysWithValues: schemas.filter(\.isMandatory).map { entry in
            (entry.name, entry.object[field: "spec"].map { JSONEncoder.encode($0) } ?? [])
        })

    // MARK: - From the tables

    private static func lines(_ table: String) -> [[String]] {
        table.split(separator: "\n").map { line in
            line.split(separator: "|", omittingEmptySubsequences: false).map { String($0.trimmingSpaces) }
        }
    }

    private static func entry(_ kind: String, _ cells: [String], _ fill: (inout Object, [String]) -> Void) -> Entry {
        var object = Schema.builtin.type(named: "flowcontrol.apiserver.k8s.io/v1.\(kind)").map { Object(type: $0) }
        let isMandatory = mandatory.contains(cells[0])
        object?.change("metadata") { metadata in
            metadata[field: "name"] = .string(cells[0])
            var annotations = Map()
            annotations["apf.kubernetes.io/autoupdate-spec"] = .string("true")
            metadata[field: "annotations"] = .map(annotations)
        }
        object?.change("spec") { fill(&$0, cells) }
        guard let object else { preconditionFailure("the schema has no \(kind)") }
        return Entry(object: object, isMandatory: isMandatory)
    }

    private static func level(_ spec: inout Object, _ cells: [String]) {
        let isExempt = cells[1] == "exempt"
        spec[field: "type"] = .string(isExempt ? "Exempt" : "Limited")
        spec.change(isExempt ? "exempt" : "limited") { own in
            own[field: "nominalConcurrencyShares"] = .int(Int64(cells[1]) ?? 0)
            own[field: "lendablePercent"] = .int(Int64(cells[2]) ?? 0)
            guard !isExempt else { return }
            let numbers = cells[3].split(separator: " ").compactMap { Int64($0) }
            own.change("limitResponse") { response in
                response[field: "type"] = .string(numbers.isEmpty ? "Reject" : "Queue")
                guard numbers.count == 3 else { return }
                response.change("queuing") { queuing in
                    queuing[field: "queues"] = .int(numbers[0])
                    queuing[field: "handSize"] = .int(numbers[1])
                    queuing[field: "queueLengthLimit"] = .int(numbers[2])
                }
            }
        }
    }

    private static func schema(_ spec: inout Object, _ cells: [String]) {
        spec.change("priorityLevelConfiguration") { $0[field: "name"] = .string(cells[1]) }
        spec[field: "matchingPrecedence"] = Int64(cells[2]).map { .int($0) }
        if !cells[3].isEmpty { spec.change("distinguisherMethod") { $0[field: "type"] = .string(cells[3]) } }
        let everybody = "group system:unauthenticated, group system:authenticated"
        let subjects = cells[4] == "everybody" ? everybody : cells[4]
        spec[field: "rules"] = spec.listOf("rules", [[]]) { rule, _ in
            rule[field: "subjects"] = rule.listOf("subjects", words(subjects, ","), subject)
            rule[field: "resourceRules"] = rule.listOf("resourceRules", words(cells[5], ";"), resourceRule)
            rule[field: "nonResourceRules"] = rule.listOf("nonResourceRules", words(cells[6], ";"), pathRule)
        }
    }

    /// Parts of a cell, each split at its blanks.
    private static func words(_ text: String, _ separator: Character) -> [[String]] {
        text.split(separator: separator).map { $0.split(separator: " ").map(String.init) }
    }

    private static func subject(_ object: inout Object, _ words: [String]) {
        switch words[0] {
        case "accounts":
            object[field: "kind"] = .string("ServiceAccount")
            object.change("serviceAccount") { account in
                account[field: "namespace"] = .string(words[1])
                account[field: "name"] = .string("*")
            }
        case let kind:
            object[field: "kind"] = .string(kind == "user" ? "User" : "Group")
            object.change(kind) { $0[field: "name"] = .string(words[1]) }
        }
    }

    private static func resourceRule(_ object: inout Object, _ words: [String]) {
        object[field: "verbs"] = names(words[0])
        object[field: "apiGroups"] = words[1] == "core" ? .list([.string("")]) : names(words[1])
        object[field: "resources"] = names(words[2])
        if words.count > 3 { object[field: "clusterScope"] = .bool(true) }
        object[field: "namespaces"] = names("*")
    }

    private static func pathRule(_ object: inout Object, _ words: [String]) {
        object[field: "verbs"] = names(words[0])
        object[field: "nonResourceURLs"] = names(words[1])
    }

    private static func names(_ text: String) -> Value { .list(text.split(separator: ",").map { .string(String($0)) }) }
}

extension Object {
    /// A list of a field's type with one object for each item; nil for none.
    fileprivate func listOf<Item>(_ name: String, _ items: [Item], _ fill: (inout Object, Item) -> Void) -> Value? {
        guard let type = type.field(named: name)?.type, !items.isEmpty else { return nil }
        return .list(
            items.map { item in
                var object = Object(type: type)
                fill(&object, item)
                return .object(object)
            })
    }
}

extension Substring {
    fileprivate var trimmingSpaces: Substring {
        var rest = self.drop { $0 == " " }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
