import MartinetWebhooks
import Testing

@Suite struct AdmissionConfigurationTests {
    private static let kubeconfig =
        "apiVersion: v1\nkind: Config\nclusters:\n- name: c\n  cluster: {server: 'https://images.example.com/policy'}\ncontexts:\n- name: x\n  context: {cluster: c, user: u}\nusers:\n- name: u\n  user: {token: t}\ncurrent-context: x\n"

    private func read(_ policy: String) throws -> AdmissionConfiguration {
        let document =
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins:\n- name: ImagePolicyWebhook\n  configuration:\n    imagePolicy: \(policy)\n"
        return try AdmissionConfiguration.read(Array(document.utf8), file: "/etc/a.yaml") { path in
            #expect(path == "/etc/k.conf")
            return Array(Self.kubeconfig.utf8)
        }
    }

    @Test func whatIsNotSaidIsUpstreamsDefault() throws {
        let policy = try #require(try read("{kubeConfigFile: k.conf}").imagePolicy)
        #expect(policy.allowTTL == .seconds(300))
        #expect(policy.denyTTL == .seconds(30))
        #expect(policy.retryBackoff == .milliseconds(500))
        #expect(!policy.defaultAllow)
        #expect(policy.endpoint.place == .url("https://images.example.com/policy"))
        #expect(policy.endpoint.credentials?.token == "t")
    }

    @Test func whatIsSaidHolds() throws {
        let policy = try #require(
            try read("{kubeConfigFile: k.conf, allowTTL: 50, denyTTL: -1, retryBackoff: 20, defaultAllow: true}")
                .imagePolicy)
        #expect(policy.allowTTL == .seconds(50))
        #expect(policy.denyTTL == .zero)
        #expect(policy.retryBackoff == .milliseconds(20))
        #expect(policy.defaultAllow)
    }

    @Test(arguments: [
        "{}", "{kubeConfigFile: ''}", "{kubeConfigFile: k.conf, allowTTL: 9999}", "{kubeConfigFile: k.conf, ttl: 1}",
        "{kubeConfigFile: k.conf, retryBackoff: -5}", "{kubeConfigFile: k.conf, denyTTL: 9223372036854775807}", "[]",
    ])
    func whatIsWrongIsRefused(policy: String) {
        #expect(throws: AdmissionConfigurationError.self) { try read(policy) }
    }

    @Test func whatIsNotThereIsRefusedByName() {
        let document =
            "apiVersion: apiserver.config.k8s.io/v1\nkind: AdmissionConfiguration\nplugins: [{name: PodSecurity, path: p}]"
        let error = #expect(throws: AdmissionConfigurationError.self) {
            try AdmissionConfiguration.read(Array(document.utf8), file: "a") { _ in [] }
        }
        #expect(error?.description.contains("PodSecurity") == true)
    }
}
