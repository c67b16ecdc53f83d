import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema
import Synchronization

/// Tells the API of what happens to pods and to the node; the same again only counts up.
final class EventRecorder: Sendable {
    private struct Seen {
        var name: String
        var count: Int32
    }

    private static let seenMax = 2048
    private let client: any APIClient
    private let runtime: any Runtime
    private let nodeName: String
    private let executor: any SerialExecutorPort
    private let seen = Mutex<[String: Seen]>([:])

    init(client: any APIClient, runtime: any Runtime, nodeName: String) {
        self.client = client
        self.runtime = runtime
        self.nodeName = nodeName
        executor = runtime.executor(named: "martinet.kubelet.events")
    }

    func report(_ pod: Pod, container: (name: String, list: String)?, isWarning: Bool, reason: String, message: String)
    {
        let about = ObjectReference {
            $0.kind = "Pod"
            $0.apiVersion = "v1"
            $0.namespace = pod.metadata.namespace
            $0.name = pod.metadata.name
            $0.uid = pod.metadata.uid
            $0.resourceVersion = pod.metadata.resourceVersion
            if let container {
                $0.fieldPath = "spec.\(container.list){\(container.name)}"
            }
        }
        report(about, isWarning: isWarning, reason: reason, message: message)
    }

    func report(_ about: ObjectReference, isWarning: Bool, reason: String, message: String) {
        let now = runtime.now()
        let namespace = about.namespace.isEmpty ? "default" : about.namespace
        let key = "\(about.uid)|\(about.fieldPath)|\(reason)|\(message)"
        let name = "\(about.name).\(String(UInt64(bitPattern: now.nanoseconds), radix: 16))"
        let known: Seen? = seen.withLock { seen in
            if var found = seen[key] {
                found.count += 1
                seen[key] = found
                return found
            }
            if seen.count >= EventRecorder.seenMax { seen.removeAll() }
            seen[key] = Seen(name: name, count: 1)
            return nil
        }
        if let known {
            var request = APIRequest(
                .patch, ResourceName(version: "v1", plural: "events", namespace: namespace, name: known.name))
            let text = "{\"count\":\(known.count),\"lastTimestamp\":\"\(now.rfc3339)\"}"
            request.patch = (.merge, Array(text.utf8))
            client.send(request, on: executor) { [weak self] result in
                // It has expired: the next one is a new one.
                if case .failure = result { self?.seen.withLock { $0[key] = nil } }
            }
            return
        }
        let event = Event {
            $0.metadata.name = name
            $0.metadata.namespace = namespace
            $0.involvedObject = about
            $0.reason = reason
            $0.message = String(message.prefix(1024))
            $0.type = isWarning ? "Warning" : "Normal"
            $0.firstTimestamp = now
            $0.lastTimestamp = now
            $0.count = 1
            $0.source.component = "kubelet"
            $0.source.host = nodeName
            $0.reportingComponent = "kubelet"
            $0.reportingInstance = nodeName
        }
        let request = APIRequest(
            .create, ResourceName(version: "v1", plural: "events", namespace: namespace), object: event.object)
        // An Event that cannot be written is a loss that nothing else depends on.
        client.send(request, on: executor) { _ in }
    }
}
