import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema
import Testing

/// Rules over schemas: types, costs before and while they are evaluated, and values as the schema reads them.
@Suite("Schemas in expressions")
struct SchemaTests {
    static func scalar(_ type: String, _ format: String = "", maxLength: Int64? = nil) -> CELSchema {
        var description = CELSchema.Description()
        description.type = type
        description.format = format
        description.maxLength = maxLength
        return CELSchema(description, name: type)
    }

    static func list(_ items: CELSchema, type: String = "atomic", keys: [String] = [], max: Int64? = nil) -> CELSchema {
        var description = CELSchema.Description()
        description.type = "array"
        description.items = items
        description.listType = type
        description.listKeys = keys
        description.maxItems = max
        return CELSchema(description, name: "list")
    }

    static func object(_ name: String, _ properties: [(String, CELSchema)]) -> CELSchema {
        var description = CELSchema.Description()
        description.type = "object"
        description.properties = properties.map { ($0.0, $0.1, false) }
        return CELSchema(description, name: name)
    }

    static let port = object("Port", [("name", scalar("string")), ("number", scalar("integer"))])
    static let root = object(
        "Root",
        [
            ("count", scalar("integer")), ("ratio", scalar("number")), ("name", scalar("string")),
            ("short", scalar("string", maxLength: 10)), ("when", scalar("string", "date-time")),
            ("span", scalar("string", "duration")), ("data", scalar("string", "byte")), ("my-field", scalar("string")),
            ("namespace", scalar("string")), ("tags", list(scalar("string"), type: "set")),
            ("ports", list(port, type: "map", keys: ["name"])), ("numbers", list(scalar("number"))),
        ])

    let environment: CELEnvironment = {
        var environment = CELEnvironment.kubernetes
        environment.types = CELSchemaTypes(SchemaTests.root.typesByName)
        environment.declare("self", SchemaTests.root.type)
        return environment
    }()

    static let value = #"""
        {"count": 3, "ratio": 1, "name": "web", "short": "x", "when": "2020-01-01T01:00:00+01:00", "span": "1m",
         "data": "QUI=", "my-field": "f", "namespace": "n", "tags": ["a", "b"], "numbers": [1, 2.5],
         "ports": [{"name": "http", "number": 80}, {"name": "dns", "number": 53}]}
        """#

    private func evaluate(_ rule: String) throws -> CELProgram.Outcome {
        let value = try JSONDecoder.decodeAny(Array(SchemaTests.value.utf8)).value
        let program = try environment.program(try environment.compile(rule))
        return program.evaluate([CELValue(value, SchemaTests.root)])
    }

    @Test(
        "values have the types that their schema says",
        arguments: [
            "self.count == 3", "self.ratio == 1.0", "self.when == timestamp('2020-01-01T00:00:00Z')",
            "string(self.when) == '2020-01-01T01:00:00+01:00'", "self.span == duration('60s')", "self.data == b'AB'",
            "self.my__dash__field == 'f'", "self.namespace == 'n'", "self.__namespace__ == 'n'",
            "self.numbers.sum() == 3.5", "self.tags == ['b', 'a']", "self.tags + ['a', 'c'] == ['a', 'b', 'c']",
            "self.ports.exists_one(p, p.number == 53)", "self.ports == self.ports", "type(self.count) == int",
        ])
    func types(rule: String) throws {
        guard case .bool(true) = try evaluate(rule).value else {
            Issue.record("\(rule) is \(try evaluate(rule).value)")
            return
        }
    }

    @Test(
        "what the schema does not have does not compile",
        arguments: ["self.nothing == 1", "self.count == 'a'", "self.ports[0] == self.ports", "self.name.first == 1"])
    func refused(rule: String) { #expect(throws: CELIssues.self) { try environment.compile(rule) } }

    /// Figures of the reference implementation.
    @Test(
        "costs are those of the reference",
        arguments: [
            ("self.count == 3", 3, 2), ("self.count + 1 == 4", 4, 4), ("has(self.name)", 1, 1),
            ("self.name.startsWith('w')", 3, 3), ("type(self.count) == int", 4, 4),
            ("self.name == 'web'", 3, 3), ("self.name == self.name", 5, 314_577),
            ("self.short == self.short", 5, 8), ("self.numbers.all(x, true)", 9, 4_718_592),
            ("self.tags.size() == 2", 4, 4), ("sets.contains(self.tags, ['a'])", 5, 1_048_588),
        ])
    func costs(rule: String, evaluation: UInt64, estimate: UInt64) throws {
        #expect(try evaluate(rule).cost == evaluation)
        let checked = try environment.compile(rule)
        #expect(
            environment.estimateCost(checked, CELKubernetesCostModel(root: SchemaTests.root)).max == estimate)
    }
}

@Suite("Authorization in expressions")
struct AuthorizationTests {
    struct Rules: CELAuthorizer {
        var user = "alice"
        func authorize(_ request: CELAuthorizationRequest) -> CELAuthorizationDecision {
            CELAuthorizationDecision(
                isAllowed: request.verb == "get" && request.resource == "pods" && request.namespace == user)
        }
        func serviceAccount(namespace: String, name: String) -> any CELAuthorizer { Rules(user: namespace) }
    }

    @Test(
        "checks are those of the user or a service account",
        arguments: [
            ("authorizer.group('').resource('pods').namespace('alice').check('get').allowed()", true),
            ("authorizer.group('').resource('pods').namespace('bob').check('get').allowed()", false),
            (
                "authorizer.serviceAccount('bob', 'x').group('').resource('pods').namespace('bob').check('get').allowed()",
                true
            ),
            ("authorizer.path('/healthz').check('get').errored()", false),
        ])
    func checks(rule: String, isTrue: Bool) throws {
        var environment = CELEnvironment.kubernetes
        environment.declare("authorizer", CELAuthorization.type)
        let program = try environment.program(try environment.compile(rule))
        let outcome = program.evaluate([CELAuthorization.value(Rules())])
        guard case .bool(isTrue) = outcome.value else {
            Issue.record("\(outcome.value)")
            return
        }
        #expect(outcome.cost >= 350_000)
    }

    @Test("expressions of mutating policies make objects and patches")
    func mutation() throws {
        var environment = CELEnvironment.kubernetes
        environment.types = CELMutationTypes()
        environment.addPatchKeys()
        let text = "[JSONPatch{op: 'add', path: '/a/' + jsonpatch.escapeKey('b/c'), value: Object.spec{replicas: 1}}]"
        let outcome = try environment.program(try environment.compile(text)).evaluate([])
        guard case .list(let patches) = outcome.value, case .object(let patch) = patches.element(at: 0),
            case .string("/a/b~1c")? = patch.field("path"), case .object(let value)? = patch.field("value")
        else {
            Issue.record("\(outcome.value)")
            return
        }
        #expect(value.typeName == "Object.spec")
        #expect(throws: CELIssues.self) { try environment.compile("JSONPatch{nothing: 1}") }
    }
}
