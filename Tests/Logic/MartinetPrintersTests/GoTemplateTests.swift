import MartinetPrinters
import MartinetYAML
import Testing

struct GoTemplateTests {
    static let tree = try! YAML.read(
        """
        kind: List
        items:
        - metadata: {name: web, gen: 1, labels: {app: a, "kubernetes.io/os": linux}}
        - metadata: {name: db, gen: 20000000}
          none: null
          f: 1.5
        """)[0]

    static let cases: [(String, String)] = [
        ("{{range .items}}{{.metadata.name}} {{.metadata.gen}} {{end}}", "web 1 db 20000000 "),
        ("{{range $i, $p := .items}}{{$i}}={{$p.metadata.name}},{{end}}", "0=web,1=db,"),
        ("{{(index .items 1).metadata.name}}", "db"),
        ("{{len .items}} {{.nothing}} {{.items | len}}", "2 <no value> 2"),
        ("{{if eq .kind \"List\"}}yes{{else}}no{{end}}", "yes"),
        ("{{if .a}}1{{else if .kind}}2{{else}}3{{end}}", "2"),
        ("{{with index .items 0}}{{.metadata.labels}}{{end}}", "map[app:a kubernetes.io/os:linux]"),
        ("{{range .nothing}}a{{else}}none{{end}}", "none"),
        ("{{printf \"%s-%v %q|%5d|%-4s|%.2f\" .kind 1 \"x\" 7 \"a\" 1.5}}", "List-1 \"x\"|    7|a   |1.50"),
        ("{{range $k, $v := (index .items 0).metadata.labels}}{{$k}}:{{$v}};{{end}}", "app:a;kubernetes.io/os:linux;"),
        ("{{if and .kind (not .nothing)}}x{{end}} {{or .nothing \"d\"}}", "x d"), ("a {{- \"a\" -}}   b", "aab"),
        ("{{index (index .items 0).metadata.labels \"kubernetes.io/os\"}}", "linux"),
        ("{{$x := 3}}{{$x}} {{1.5}} {{true}}{{/* no */}}", "3 1.5 true"),
        ("{{\"aGk=\" | base64decode}} {{exists . \"kind\"}}", "hi true"),
        ("{{print \"a\" 1 2 \"b\"}}{{println \"x\" 1}}", "a1 2bx 1\n"),
        ("{{lt 1 2}} {{eq 1 2 1}} {{ne 1 2}} {{ge 2 2}}", "true true true true"),
        ("{{range .items}}{{if eq .metadata.name \"db\"}}{{$.kind}}{{.none}}{{.f}}{{end}}{{end}}", "List<no value>1.5"),
        ("{{slice \"abc\" 1 2}}{{`raw\\n`}}", "braw\\n"),
    ]

    @Test func templatesPrintWhatKubectlPrints() throws {
        for (template, text) in Self.cases { #expect(try GoTemplate(template).text(Self.tree) == text, "\(template)") }
    }

    @Test(arguments: [
        "{{", "{{.a", "{{if .a}}", "{{end}}", "{{else}}", "{{foo}}", "{{\"a}}", "{{(.a}}", "{{.a | }}",
        "{{define \"x\"}}{{end}}", "{{break}}",
        "{{$x = 1}}", "{{if}}{{end}}", "{{/* a", "{{%}}",
    ])
    func whatIsBrokenOrNotSupportedIsRefused(template: String) {
        let error = #expect(throws: PrinterError.self) { try GoTemplate(template) }
        #expect(error?.code == .syntax)
    }

    @Test(arguments: [
        "{{.kind.foo}}", "{{index .items 5}}", "{{$y}}", "{{eq .kind 1}}", "{{len 3}}", "{{range .kind}}{{end}}",
        "{{not}}", "{{1 2}}",
    ])
    func whatDoesNotFitTheObjectIsAnError(template: String) {
        let error = #expect(throws: PrinterError.self) { try GoTemplate(template).text(Self.tree) }
        #expect(error?.code == .evaluation)
    }

    @Test func noMutationTraps() {
        var state: UInt64 = 13
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "{{", "}}", "{{-", " -}}", ".", ".items", "$", "$x", " := ", "|", "(", ")", "range ", "if ", "end", "else",
            "index ", "printf ",
            "\"%5.3f\"", "1", "-1.5", " ", "eq ", "and ", "slice ", "/*", "*/", "with ", ",", "é",
        ]
        for _ in 0..<10_000 { fuzzJSONPath((0..<next(16)).flatMap { _ in Array(pieces[next(pieces.count)].utf8) }) }
        fuzzJSONPath(Array(("{{" + String(repeating: "(", count: 5_000)).utf8))
        fuzzJSONPath(Array(String(repeating: "{{if 1}}", count: 5_000).utf8))
        fuzzJSONPath(
            Array(String(repeating: "{{range .items}}", count: 40).utf8)
                + Array(String(repeating: "{{end}}", count: 40).utf8))
    }
}
