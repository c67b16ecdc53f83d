import MartinetPrinters
import MartinetYAML
import Testing

struct JSONPathTests {
    static let tree = try! YAML.read(
        """
        kind: List
        num: 1.5
        items:
        - metadata: {name: web, labels: {app: a, "kubernetes.io/os": linux}, gen: 1}
          ports: [80, 443, 8080]
          ready: true
          html: "<b>"
        - metadata: {name: db, labels: {app: b}, gen: 20000000}
          ports: []
          ready: false
          none: null
        """)[0]

    static let cases: [(String, String)] = [
        ("{.items[*].metadata.name}", "web db"), ("{.items[0].ports[-1:]}", "8080"),
        ("{.items[0].ports[0:2]}", "80 443"),
        ("{.items[0].ports[::2]}", "80 8080"), ("{.items[-1].metadata.name}", "db"), ("{.kind}!", "List!"),
        ("x{.num}y", "x1.5y"),
        ("{range .items[*]}{.metadata.name}{\"\\t\"}{.ready}{\"\\n\"}{end}-", "web\ttrue\ndb\tfalse\n-"),
        ("{.items[?(@.metadata.name==\"db\")].ready}", "false"), ("{.items[?(@.metadata.gen>5)].metadata.name}", "db"),
        ("{.items[?(@.html)].metadata.name}", "web"), ("{.items[?(@.ready==true)].metadata.name}", "web"),
        ("{.items[0].metadata.labels.kubernetes\\.io/os}", "linux"), ("{..name}", "web db"),
        ("{.items[0]['ready','html']}", "true <b>"), ("{.items[0,1].metadata.gen}", "1 20000000"),
        (
            "{.items[0].metadata}",
            "{\"gen\":1,\"labels\":{\"app\":\"a\",\"kubernetes.io/os\":\"linux\"},\"name\":\"web\"}"
        ),
        ("{.items[0].ports}", "[80,443,8080]"), ("{.nothing}", ""), ("{.items[1].none}", "null"),
        ("{.items[*].ports[*]}", "80 443 8080"),
        ("{$.kind}{@.kind}", "ListList"), ("{['kind']}", "List"), ("{.items[0].html}", "<b>"), ("{'a'}{\"b\"}", "ab"),
        (
            "{.*}",
            "List 1.5 [{\"html\":\"\\u003cb\\u003e\",\"metadata\":{\"gen\":1,\"labels\":{\"app\":\"a\",\"kubernetes.io/os\":\"linux\"},\"name\":\"web\"},\"ports\":[80,443,8080],\"ready\":true},{\"metadata\":{\"gen\":20000000,\"labels\":{\"app\":\"b\"},\"name\":\"db\"},\"none\":null,\"ports\":[],\"ready\":false}]"
        ),
        ("{range .items[*]}{range .ports[*]}{@},{end};{end}", "80,443,8080,;;"),
    ]

    @Test func templatesPrintWhatKubectlPrints() throws {
        for (template, text) in Self.cases { #expect(try JSONPath(template).text(Self.tree) == text, "\(template)") }
    }

    @Test(arguments: [
        "{", "{.a", "{range .a}", "{end}", "{.a[}", "{.a[x]}", "{.a[?(@.b]}", "{\"a}", "{....}", "{foo}",
        "{.a[?(@.b=1)]}", "{%}",
        "{\"\\q\"}", "{.a[1:2:3:4]}", "{.a[9223372036854775807]}",
    ])
    func aBrokenTemplateIsRefused(template: String) {
        let error = #expect(throws: PrinterError.self) { try JSONPath(template) }
        #expect(error?.code == .syntax)
    }

    @Test(arguments: [
        "{.items[5]}", "{.kind[0]}", "{.items[0].ports[2:1]}", "{.items[?(@.metadata.name>1)]}",
        "{.items[0].ports[::0]}",
    ])
    func whatDoesNotFitTheObjectIsAnError(template: String) {
        let error = #expect(throws: PrinterError.self) { try JSONPath(template).text(Self.tree) }
        #expect(error?.code == .evaluation)
    }

    @Test func missingKeysAreAnErrorWhereTheyMustNotBe() {
        #expect(throws: PrinterError.self) { try JSONPath("{.nothing}", allowsMissingKeys: false).text(Self.tree) }
    }

    @Test func customColumnsAreAligned() throws {
        var columns = try CustomColumns("NAME:.metadata.name,PORTS:ports,OS:{.metadata.labels.kubernetes\\.io/os}")
        #expect(
            try columns.text(Self.tree) == """
                NAME   PORTS           OS
                web    [80 443 8080]   linux
                db     []              <none>

                """)
        var wide = try CustomColumns("NAME:.metadata.name,GEN:metadata.gen,P:.none,L:.metadata.labels")
        #expect(
            try wide.text(Self.tree) == """
                NAME   GEN        P        L
                web    1          <none>   map[app:a kubernetes.io/os:linux]
                db     20000000   <nil>    map[app:b]

                """)
        #expect(throws: PrinterError.self) { try CustomColumns("NAME") }
        var file = try CustomColumns(template: "NAME  READY\n{metadata.name} .ready\n")
        #expect(try file.text(Self.tree).hasPrefix("NAME   READY\nweb    true\n"))
    }

    @Test func namesAndJSONAreKubectls() throws {
        let object: YAMLNode = .map(["apiVersion": "apps/v1", "kind": "Deployment", "metadata": .map(["name": "web"])])
        #expect(NamePrinter.text(object) == "deployment.apps/web\n")
        #expect(NamePrinter.text(kind: "Pod", group: "", name: "a", operation: "created") == "pod/a created\n")
        #expect(
            JSONText.indented(.map(["b": [], "a": [1, "x"]]))
                == "{\n    \"a\": [\n        1,\n        \"x\"\n    ],\n    \"b\": []\n}")
        #expect(JSONText.compact(YAMLNode(.double(1e-7))) == "1e-7")
        #expect(JSONText.compact(YAMLNode(.double(1e21))) == "1e+21")
    }

    @Test func noMutationTraps() {
        var state: UInt64 = 11
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "{", "}", ".", "..", "[", "]", "*", "?(", ")", "@", "items", "'", "\"", "\\", ":", "-1", "1", ",", "==",
            "range ", "end", " ",
            "\n", "é", ".n", "[?(@.n>1)]", "[*]",
        ]
        for _ in 0..<10_000 { fuzzJSONPath((0..<next(14)).flatMap { _ in Array(pieces[next(pieces.count)].utf8) }) }
        fuzzJSONPath(
            Array(String(repeating: "{range ..}", count: 30).utf8) + Array(String(repeating: "{end}", count: 30).utf8))
        fuzzJSONPath(Array(("{" + String(repeating: "[?(", count: 5_000)).utf8))
        fuzzJSONPath(Array(("{" + String(repeating: "..*", count: 50) + "}").utf8))
    }
}
