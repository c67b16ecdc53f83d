import MartinetAPI
import MartinetAPIConnection
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetTransport

/// A Deployment of three small web servers and a Service for them: proof that everything works.
struct FirstWorkload: Sendable {
    let client: HTTPAPIClient
    let http: HTTPClient
    let runtime: any Runtime
    let executor: any SerialExecutorPort
    static let nodePort: Int32 = 30080

    func run() async throws {
        let waiter = Waiter(client: client, executor: executor)
        for object in [deployment.object, service.object] {
            guard let kind = object.type.kind else { continue }
            // An earlier start has made them; whatever became of them since then is the user's.
            let name = ResourceName(kind, namespace: "default", name: object.metadata.name)
            if case .success = await waiter.send(APIRequest(.get, name)) { continue }
            var request = APIRequest(.create, ResourceName(kind, namespace: "default"))
            request.object = object
            if case .failure(let error) = await waiter.send(request) { throw error }
        }
        let watched = WatchedResource(Deployment.self, namespace: "default", fieldSelector: "metadata.name=hello")
        do {
            try await waiter.wait(watched, for: .seconds(60), what: "Deployment hello with all its pods ready") {
                object in
                let deployment = Deployment(object: object)
                return deployment.status.readyReplicas == deployment.spec.replicas ?? 1
            }
        } catch {
            for line in await complaints(waiter) { Log.standardError("  \(line)") }
            throw error
        }
        try await answer()
    }

    /// Asks the Service as a user would. After a restart the pods' status may be of yesterday; an answer is not.
    private func answer() async throws {
        let deadline = runtime.monotonic() + .seconds(30)
        let url = "http://127.0.0.1:\(FirstWorkload.nodePort)/"
        while runtime.monotonic() < deadline {
            if let response = try? await http.send(ClientRequest("GET", url)), response.status == 200 { return }
            await withCheckedContinuation { done in
                _ = executor.submit(after: .milliseconds(20)) { done.resume() }
            }
        }
        throw SettingsError(message: "\(url) does not answer, though its pods are ready")
    }

    /// What the cluster says about the pods that do not start.
    private func complaints(_ waiter: Waiter) async -> [String] {
        let events = APIRequest(.list, ResourceName(Event.kind, namespace: "default"))
        guard case .success(let list) = await waiter.send(events) else { return [] }
        let warnings = list.items.map(Event.init(object:)).filter { $0.type == "Warning" }
        return Set(warnings.map { "\($0.involvedObject.name): \($0.reason): \($0.message)" }).sorted()
    }

    private var deployment: Deployment {
        Deployment {
            $0.metadata.name = "hello"
            $0.metadata.namespace = "default"
            $0.metadata.labels = ["app": "hello"]
            $0.spec.replicas = 3
            $0.spec.selector = LabelSelector { $0.matchLabels = ["app": "hello"] }
            $0.spec.template.metadata.labels = ["app": "hello"]
            $0.spec.template.spec.containers = [
                Container {
                    $0.name = "hello"
                    $0.image = BaseImages.hello
                    $0.imagePullPolicy = "IfNotPresent"
                    $0.ports = [ContainerPort { $0.containerPort = 8080 }]
                    $0.readinessProbe = Probe {
                        $0.httpGet = HTTPGetAction { ($0.path, $0.port) = ("/", .int(8080)) }
                        $0.periodSeconds = 1
                    }
                }
            ]
        }
    }

    private var service: Service {
        Service {
            $0.metadata.name = "hello"
            $0.metadata.namespace = "default"
            $0.spec.type = "NodePort"
            $0.spec.selector = ["app": "hello"]
            $0.spec.ports = [
                ServicePort {
                    $0.port = 80
                    $0.targetPort = .int(8080)
                    $0.nodePort = FirstWorkload.nodePort
                }
            ]
        }
    }
}
