import MartinetKubeconfig
import MartinetYAML
import Testing

struct KubeconfigTests {
    static let theirs = """
        apiVersion: v1
        clusters:
        - cluster:
            certificate-authority: ca.crt
            server: https://work:6443
            x-unknown:
            - 1
          name: work
        contexts:
        - context:
            cluster: work
            namespace: team
            user: me
          name: work
        current-context: work
        kind: Config
        preferences: {}
        users:
        - name: me
          user:
            exec:
              apiVersion: client.authentication.k8s.io/v1
              args:
              - token
              command: ./login
              env:
              - name: A
                value: B
              interactiveMode: IfAvailable

        """

    func read(_ text: String, _ file: String = "/home/u/.kube/config") throws -> Kubeconfig {
        try Kubeconfig.read(Array(text.utf8), file: file)
    }

    let ours = Kubeconfig.Access(
        name: "martinet", cluster: .map(["server": "https://127.0.0.1:6443"]), user: .map(["token": "t"]))

    @Test func whatIsNotKnownIsWrittenBack() throws {
        #expect(String(decoding: try read(Self.theirs).text(), as: UTF8.self) == Self.theirs)
    }

    @Test func aContextIsResolvedWithItsPaths() throws {
        let context = try read(Self.theirs).resolve()
        #expect(context.server == "https://work:6443")
        #expect(context.namespace == "team")
        #expect(context.certificateAuthority == .path("/home/u/.kube/ca.crt"))
        #expect(context.exec?.command == "/home/u/.kube/./login")
        #expect(context.exec?.arguments == ["token"])
        #expect(context.exec?.environment.map(\.name) == ["A"])
    }

    @Test func ourEntriesAreAddedAndRenewedAndNobodyElsesAreTouched() throws {
        var config = try read(Self.theirs)
        let before = config
        try config.merge(ours)
        #expect(config.currentContext == "work")
        #expect(config.names(.contexts) == ["work", "martinet"])
        #expect(config.entry(.clusters, "work") == before.entry(.clusters, "work"))
        #expect(config.entry(.users, "me") == before.entry(.users, "me"))

        var renewed = ours
        renewed.cluster = .map(["server": "https://127.0.0.1:7443"])
        try config.merge(renewed, makeCurrent: true)
        #expect(try config.resolve().server == "https://127.0.0.1:7443")
        #expect(config.names(.clusters).count == 2)

        let again = try Kubeconfig.read(config.text(), file: "f")
        #expect(again.tree == config.tree)
        config.removeOurs("martinet")
        #expect(config.names(.contexts) == ["work"] && config.names(.users) == ["me"])
        #expect(config.currentContext == nil)
    }

    @Test func anEntryOfOurNameThatIsNotOursIsNeverReplaced() throws {
        var config = try read(Self.theirs)
        var taken = ours
        taken.name = "work"
        let before = config.tree
        let error = #expect(throws: KubeconfigError.self) { try config.merge(taken) }
        #expect(error?.code == .taken)
        #expect(config.tree == before)
        config.removeOurs("work")
        #expect(config.tree == before)
    }

    @Test func theNamespaceThatTheUserChoseStays() throws {
        var config = try Kubeconfig(nil)
        try config.merge(ours)
        var context = try #require(config.entry(.contexts, "martinet"))
        context["namespace"] = "mine"
        config.set(.contexts, "martinet", context)
        try config.merge(ours)
        #expect(try config.resolve().namespace == "mine")
    }

    @Test func ofSeveralFilesTheFirstCounts() throws {
        let second = Self.theirs.replacing("https://work:6443", with: "https://other").replacing(
            "current-context: work", with: "current-context: none")
        let merged = try Kubeconfig.merged([read(Self.theirs), read(second, "/etc/second")])
        #expect(try merged.resolve().server == "https://work:6443")
        #expect(merged.names(.clusters) == ["work"])
        #expect(merged.entry(.clusters, "work")?["certificate-authority"] == "/home/u/.kube/ca.crt")
    }

    @Test(arguments: [
        ("clusters: {}", "f: line 1, column 11: clusters is a list, not a map"),
        ("contexts:\n- context: {}", "f: line 2, column 3: an entry of contexts has no name"),
        ("users:\n- name: a\n  user: 3", "f: line 3, column 9: user is a map, not a number"),
        ("- a", "f: line 1, column 1: a kubeconfig is a map, not a list"),
        ("kind: Pod", "f: line 1, column 7: the kind is not Config"),
    ])
    func aBrokenFileSaysWhere(text: String, says: String) {
        let error = #expect(throws: KubeconfigError.self) { try read(text, "f") }
        #expect(error?.description == says)
    }

    @Test func aMissingNameIsGuessed() throws {
        let error = #expect(throws: KubeconfigError.self) { try read(Self.theirs, "f").resolve(context: "wrok") }
        #expect(error?.description == "f: there is no context \"wrok\", did you mean \"work\"?")
    }
}
