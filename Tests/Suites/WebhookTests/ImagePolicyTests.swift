import MartinetAPICore
import MartinetClient
import MartinetSchema
import MartinetWebhooks
import Testing

@Suite struct ImagePolicyTests {
    private static func settings(_ fields: String = "") throws -> AdmissionSettings {
        let files = [
            "/etc/policy.yaml":
                "imagePolicy:\n  kubeConfigFile: webhook.conf\n  allowTTL: 50\n  denyTTL: 50\n  retryBackoff: 500\n\(fields)",
            "/etc/webhook.conf":
                "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster:\n    server: https://images.example.com/policy\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\nusers:\n- name: u\n  user: {token: t}\n",
        ]
        let document =
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: ImagePolicyWebhook\n  path: policy.yaml\n"
        let configuration = try AdmissionConfiguration.read(Array(document.utf8), file: "/etc/admission.yaml") {
            Array((files[$0] ?? "").utf8)
        }
        return try AdmissionSettings(enable: ["ImagePolicyWebhook"], disable: [], configuration: configuration)
    }

    private func pod(_ name: String, _ image: String) -> String {
        #"{"metadata":{"name":"\#(name)","annotations":{"a.image-policy.k8s.io/b":"c","d":"e"}},"spec":{"containers":[{"name":"c","image":"\#(image)"}]}}"#
    }

    private func cluster(_ fields: String = "") throws -> WebhookCluster {
        let cluster = try WebhookCluster(admission: ImagePolicyTests.settings(fields))
        _ = try cluster.send(.create, cluster.name("serviceaccounts"), #"{"metadata":{"name":"default"}}"#)
        return cluster
    }

    @Test func imagesMayOrMayNotRun() throws {
        let cluster = try cluster()
        cluster.hooks.on("/policy") { _, spec in
            let isBad = spec["containers"].items.contains { $0["image"].text == "bad" }
            return
                #"{"kind":"ImageReview","apiVersion":"imagepolicy.k8s.io/v1alpha1","status":{"allowed":\#(!isBad),"reason":"no bad images"}}"#
        }
        _ = try cluster.send(.create, cluster.name("pods"), pod("a", "good"))
        let refusal = try #require(try cluster.refusal(.create, cluster.name("pods"), pod("b", "bad")))
        #expect(refusal.code == 403)
        #expect(
            refusal.message
                == "pods \"b\" is forbidden: image policy webhook backend denied one or more images: no bad images")
        let asked = cluster.hooks.requests("/policy")
        #expect(
            asked.first?["annotations"]
                == .map(Map(unsorted: [.init(key: "a.image-policy.k8s.io/b", value: .string("c"))])))
        #expect(asked.first?["namespace"].text == "a")
        // Answers hold for a while.
        _ = try cluster.send(.create, cluster.name("pods"), pod("c", "good"))
        #expect(cluster.hooks.requests("/policy").count == 2)
        cluster.settle()
        for _ in 0..<12 { cluster.settle() }
        _ = try cluster.send(.create, cluster.name("pods"), pod("d", "good"))
        #expect(cluster.hooks.requests("/policy").count == 3)
    }

    @Test func whenNobodyAnswersTheConfigurationDecides() throws {
        let closed = try cluster()
        #expect(try closed.refusal(.create, closed.name("pods"), pod("a", "good"))?.code == 403)
        let open = try cluster("  defaultAllow: true\n")
        _ = try open.send(.create, open.name("pods"), pod("a", "good"))
    }

    @Test func aPluginWithoutItsConfigurationIsRefused() {
        #expect(throws: AdmissionSettings.Invalid.self) {
            try AdmissionSettings(enable: ["ImagePolicyWebhook"], disable: [])
        }
    }
}
