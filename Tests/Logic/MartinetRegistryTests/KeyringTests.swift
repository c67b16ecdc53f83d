import MartinetBase
import MartinetImageSpec
import MartinetRegistry
import Testing

private func keyring(_ text: String) throws -> RegistryKeyring {
    try RegistryKeyring(dockerConfigJSON: Array(text.utf8))
}

@Suite struct KeyringTests {
    @Test func whatKubectlWritesIsRead() throws {
        let keyring = try keyring(
            #"{"auths":{"https://index.docker.io/v1/":{"username":"u","password":"p:1","email":"x","auth":"dTpwOjE="}}}"#
        )
        let found = keyring.credentials(for: try ImageReference("nginx"))
        #expect(found == [RegistryCredentials(user: "u", secret: "p:1")])
        #expect("\(found)" == "[redacted]")
        #expect(keyring.credentials(for: try ImageReference("quay.io/nginx")).isEmpty)
    }

    @Test func theMostParticularEntryComesFirst() throws {
        let keyring = try keyring(
            """
            {"auths":{"*.example.org":{"username":"star","password":"x"},"a.example.org":{"username":"host","password":"x"},
            "a.example.org/team":{"username":"team","password":"x"},"a.example.org:5000":{"username":"port","password":"x"}}}
            """)
        func users(_ name: String) throws -> [String] { keyring.credentials(for: try ImageReference(name)).map(\.user) }
        #expect(try users("a.example.org/team/app") == ["team", "host", "star"])
        #expect(try users("a.example.org/teamwork/app") == ["host", "star"])
        #expect(try users("b.example.org/app") == ["star"])
        #expect(try users("a.example.org:5000/app") == ["port"])
        #expect(try users("b.c.example.org/app").isEmpty)
    }

    @Test func severalSecretsMakeOneKeyring() throws {
        var one = try keyring(#"{"auths":{"r.io":{"auth":"YTpi"}}}"#)
        one.add(try RegistryKeyring(dockerCfg: Array(#"{"r.io":{"auth":"Yzpk"}}"#.utf8)))
        #expect(one.credentials(for: try ImageReference("r.io/x")).map(\.user) == ["a", "c"])
    }

    @Test func whatCannotBeHonouredIsRefusedWithoutItsSecret() throws {
        for text in [
            #"{"auths":{"r.io":{"auth":"%%%secret"}}}"#, #"{"auths":{"r.io":{"identitytoken":"secret"}}}"#, "[]",
        ] {
            let error = #expect(throws: ImageError.self) { try keyring(text) }
            #expect(error.map { !"\($0)".contains("secret") } == true)
        }
    }

    @Test func hostsFilesAreRead() throws {
        let file = try HostsFile(
            """
            server = "https://registry-1.docker.io" # last
            [host."https://mirror:5000"]
              capabilities = ["pull", 'resolve']
              ca = ["a#.crt", "b.crt"]
              skip_verify = true
            [host.'http://lab']
            """, file: "hosts.toml")
        #expect(file.server?.server == "https://registry-1.docker.io")
        #expect(file.mirrors.map(\.server) == ["https://mirror:5000", "http://lab"])
        #expect(file.mirrors[0].authorities == ["a#.crt", "b.crt"] && file.mirrors[0].skipsVerification)
        #expect(file.mirrors[1].capabilities == ["pull", "resolve", "push"])
        for wrong in ["[plugins]", "header = 1", "ca = x", "server", "[host.\"a]", "skip_verify = 1"] {
            #expect(throws: ImageError.self) { try HostsFile(wrong, file: "hosts.toml") }
        }
    }

    @Test func proxiesAreForOthers() throws {
        let settings = try ProxySettings(environment: [
            "https_proxy": "http://me:pw@proxy.lan:3128/", "NO_PROXY": "intern.lan, .corp,exact.org:5000",
        ])
        #expect(settings.proxy(for: "quay.io", port: 443)?.host == "proxy.lan")
        #expect(settings.proxy(for: "quay.io", port: 443)?.port == 3128)
        for direct in ["localhost", "127.0.0.1", "a.intern.lan", "intern.lan", "x.corp"] {
            #expect(settings.proxy(for: direct, port: 443) == nil)
        }
        #expect(settings.proxy(for: "exact.org", port: 5000) == nil)
        #expect(settings.proxy(for: "exact.org", port: 443) != nil)
        #expect(throws: ProxySettingsError.self) { try ProxySettings(environment: ["HTTPS_PROXY": "socks5://x"]) }
    }

    @Test func base64IsReadBothWays() {
        for text in ["", "a", "ab", "abc", "abcd", "user:päss"] {
            #expect(Base64.decode(unpadded: Base64.encode(text)) == Array(text.utf8))
        }
        for wrong in ["a", "a=b", "ab!d", "abc===="] { #expect(Base64.decode(unpadded: wrong) == nil) }
    }
}
