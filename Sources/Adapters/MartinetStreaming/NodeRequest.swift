import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

/// What is asked of a node for a request to the API: path and query of its endpoint.
struct NodeRequest: Sendable, Hashable {
    let target: String

    /// - Throws: 400 where the pod has no such container, or several and none was named; 422 for log options that make
    /// no sense.
    init(_ subresource: String, _ query: QueryParameters, _ pod: Pod) throws(APIError) {
        let names = [pod.metadata.namespace, pod.metadata.name].map(QueryParameters.encode).joined(separator: "/")
        var parameters = QueryParameters()
        switch subresource {
        case "portforward":
            let ports = query.all("ports")
            if !ports.isEmpty { parameters.append("port", ports.joined(separator: ",")) }
            target = NodeRequest.url("/portForward/\(names)", parameters)
        case "log":
            do throws(StreamRefusal) {
                _ = try LogOptions(query)
            } catch {
                throw APIError(
                    code: error.status, reason: error.status == 422 ? "Invalid" : "BadRequest", message: error.message)
            }
            let container = try NodeRequest.container(query["container"] ?? "", pod)
            for name in ["follow", "previous", "timestamps"] where query.flag(name) { parameters.append(name, "true") }
            for name in ["sinceSeconds", "sinceTime", "tailLines", "limitBytes", "stream"] {
                if let value = query[name], !value.isEmpty { parameters.append(name, value) }
            }
            target = NodeRequest.url("/containerLogs/\(names)/\(QueryParameters.encode(container))", parameters)
        default:
            let container = try NodeRequest.container(query["container"] ?? "", pod)
            for (name, own) in [("stdin", "input"), ("stdout", "output"), ("stderr", "error"), ("tty", "tty")]
            where query.flag(name) { parameters.append(own, "1") }
            for word in query.all("command") where subresource == "exec" { parameters.append("command", word) }
            target = NodeRequest.url("/\(subresource)/\(names)/\(QueryParameters.encode(container))", parameters)
        }
    }

    private static func url(_ path: String, _ query: QueryParameters) -> String {
        query.fields.isEmpty ? path : "\(path)?\(query.encoded)"
    }

    /// The container that is meant: the one that is named, the only one, or the one that the pod's annotation names.
    private static func container(_ name: String, _ pod: Pod) throws(APIError) -> String {
        let spec = pod.spec
        let all =
            spec.initContainers.map(\.name) + spec.containers.map(\.name) + spec.ephemeralContainers.map(\.name)
        let own = pod.metadata.name
        guard name.isEmpty else {
            guard all.contains(name) else { throw .badRequest("container \(name) is not valid for pod \(own)") }
            return name
        }
        if spec.containers.count == 1, let only = spec.containers.first { return only.name }
        if let chosen = pod.metadata.annotations["kubectl.kubernetes.io/default-container"], all.contains(chosen) {
            return chosen
        }
        guard !spec.containers.isEmpty else {
            throw .badRequest("a container name must be specified for pod \(own)")
        }
        throw .badRequest(
            "a container name must be specified for pod \(own), choose one of: [\(all.joined(separator: " "))]")
    }
}
