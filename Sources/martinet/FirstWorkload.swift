import MartinetAPI
import MartinetAPIConnection
import MartinetBase
import MartinetClient
import MartinetSchema

/// A Deployment of three small web servers and a Service for them: proof that everything works.
struct FirstWorkload: Sendable {
    let client: HTTPAPIClient
    let executor: any SerialExecutorPort

    func run() async throws {
        let waiter = Waiter(client: client, executor: executor)
        for object in [deployment.object, service.object] {
            guard let kind = object.type.kind else { continue }
            var request = APIRequest(.create, ResourceName(kind, namespace: "default"))
            request.object = object
            if case .failure(let error) = await waiter.send(request), !error.isAlreadyExists { throw error }
        }
        let watched = WatchedResource(Deployment.self, namespace: "default", fieldSelector: "metadata.name=hello")
        try await waiter.wait(watched, for: .seconds(60), what: "Deployment hello with 3 ready pods") { object in
            Deployment(object: object).status.readyReplicas == 3
        }
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
                    $0.nodePort = 30080
                }
            ]
        }
    }
}
