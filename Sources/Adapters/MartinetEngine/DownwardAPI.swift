import MartinetAPI
import MartinetSchema

/// What a pod may ask about itself (`fieldRef`, `resourceFieldRef`).
struct DownwardAPI {
    let pod: Pod
    let addresses: [String]
    let configuration: EngineConfiguration

    func value(of path: String) throws(EngineError) -> String {
        let metadata = pod.metadata
        switch path {
        case "metadata.name": return metadata.name
        case "metadata.namespace": return metadata.namespace
        case "metadata.uid": return metadata.uid
        case "metadata.labels": return DownwardAPI.lines(metadata.labels)
        case "metadata.annotations": return DownwardAPI.lines(metadata.annotations)
        case "spec.nodeName": return pod.spec.nodeName
        case "spec.serviceAccountName": return pod.spec.serviceAccountName
        case "status.hostIP": return configuration.nodeAddresses.first ?? ""
        case "status.hostIPs": return configuration.nodeAddresses.joined(separator: ",")
        case "status.podIP": return addresses.first ?? ""
        case "status.podIPs": return addresses.joined(separator: ",")
        default: break
        }
        for (prefix, map) in [("metadata.labels['", metadata.labels), ("metadata.annotations['", metadata.annotations)]
        where path.hasPrefix(prefix) && path.hasSuffix("']") {
            return map[String(path.dropFirst(prefix.count).dropLast(2))] ?? ""
        }
        throw EngineError.config("fieldRef: \(path) is no field that a pod may ask for")
    }

    /// `key="value"` a line, sorted, as upstream's volume has them.
    private static func lines(_ map: StringMap) -> String {
        map.map { "\($0.key)=\($0.value.debugDescription)" }.joined(separator: "\n")
    }

    func resource(_ selector: ResourceFieldSelector, in container: Container?) throws(EngineError) -> String {
        let name = selector.containerName
        let all = Array(pod.spec.initContainers) + Array(pod.spec.containers)
        guard let target = name.isEmpty ? container : all.first(where: { $0.name == name }) else {
            throw EngineError.config("resourceFieldRef: container \(name) not found")
        }
        let parts = selector.resource.split(separator: ".", maxSplits: 1).map(String.init)
        guard parts.count == 2, ["limits", "requests"].contains(parts[0]),
            ["cpu", "memory", "ephemeral-storage"].contains(parts[1])
        else { throw EngineError.config("resourceFieldRef: \(selector.resource) is not known") }
        let resources = target.resources
        let text = parts[0] == "limits" ? resources.limits[parts[1]] : resources.requests[parts[1]]
        var amount = text.flatMap { Quantity($0) }
        if amount == nil, parts[0] == "limits" {
            // Without a limit of its own a container has the node's.
            amount = parts[1] == "memory" ? Quantity(configuration.memoryCapacity) : Quantity(HostMachine.processors)
        }
        let divisor = selector.divisor.flatMap { Quantity($0) } ?? Quantity(1)
        guard let amount else { return "0" }
        let unit = divisor.nanos == 0 ? Quantity(1).nanos : divisor.nanos
        let (whole, rest) = amount.nanos.quotientAndRemainder(dividingBy: unit)
        return String(rest == 0 ? whole : whole + 1)
    }
}
