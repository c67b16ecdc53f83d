import Glibc
import MartinetCEL
import MartinetCELKubernetes
import MartinetSchema

// What compiling and evaluating typical rules takes: `swift run -c release ExpressionBench`.

/// The processor time of this thread, so that what else the machine does is left out.
func now() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) * 1e9 + Double(time.tv_nsec)
}

func measure(_ rounds: Int, _ body: () -> Void) -> Double {
    var best = Double.infinity
    for _ in 0..<5 {
        let start = now()
        for _ in 0..<rounds { body() }
        best = min(best, (now() - start) / Double(rounds))
    }
    return best
}

func schema(_ type: String, _ change: (inout CELSchema.Description) -> Void = { _ in }) -> CELSchema {
    var description = CELSchema.Description()
    description.type = type
    change(&description)
    return CELSchema(description, name: "selfType." + type)
}

let item = schema("object") { $0.properties = [("name", schema("string"), false)] }
let root = schema("object") {
    $0.properties = [
        ("replicas", schema("integer"), false), ("maxReplicas", schema("integer"), false),
        ("name", schema("string"), false), ("items", schema("array") { $0.items = item }, false),
    ]
}
let items = (0..<10).map { Value.map(Map(unsorted: [.init(key: "name", value: .string("a-name-\($0)"))])) }
let object = Value.map(
    Map(unsorted: [
        .init(key: "replicas", value: .int(3)), .init(key: "maxReplicas", value: .int(5)),
        .init(key: "name", value: .string("web-frontend")), .init(key: "items", value: .list(items)),
    ]))

var environment = CELEnvironment.kubernetes
environment.types = CELSchemaTypes(root.typesByName)
environment.declare("self", root.type)

let rules = [
    "self.replicas <= self.maxReplicas", "self.items.all(x, x.name.startsWith('a'))",
    "self.name.matches('^[a-z-]+$') && size(self.name) < 64", "!has(self.name) || self.name in ['web-frontend', 'b']",
    "self.items.map(x, x.name).exists_one(n, n == 'a-name-3')", "quantity('1Gi').isLessThan(quantity('2Gi'))",
]
for rule in rules {
    let checked = try environment.compile(rule)
    let program = try environment.program(checked)
    let compile = measure(200) { _ = try? environment.program(environment.compile(rule)) }
    var cost: UInt64 = 0
    let evaluate = measure(20_000) {
        cost = program.evaluate([CELValue(object, root)], costLimit: 1_000_000).cost
    }
    print("\(Int(evaluate)) ns, cost \(cost), compiled in \(Int(compile / 1000)) µs: \(rule)")
}
