import Glibc
import MartinetCEL
import MartinetCELKubernetes
import MartinetTesting
import Testing

/// The cases of the CEL specification. What Kubernetes does not enable is left out by name.
@Suite("CEL specification")
struct ConformanceTests {
    /// Files about protobuf messages, and one about blocks that an optimizer writes.
    static let filesLeftOut: Set<String> = ["proto2", "proto2_ext", "proto3", "block_ext", "enums", "unknowns"]
    /// What an expression or value contains that names a protobuf message of the specification's tests.
    static let wordsLeftOut = [
        "TestAllTypes", "TestRequired", "GlobalEnum", "NestedMessage", "cel.expr.conformance", "google.protobuf.Any",
        "google.protobuf.FieldMask", "google.protobuf.Empty", "proto.getExt", "proto.hasExt",
    ]
    /// Cases on which the reference implementation, which Kubernetes embeds, differs from the specification.
    static let casesLeftOut: Set<String> = [
        // Kubernetes refuses IPv4 addresses in the form of IPv6 ones.
        "network_ext/ipv4/ipv4_equals_ipv6", "network_ext/ipv4/ipv4_not_equals_ipv6",
        // The version of the reference that Kubernetes embeds answers -1 behind the end.
        "string_ext/value_errors/indexof_out_of_range", "string_ext/value_errors/lastindexof_out_of_range",
        // The reference answers all milliseconds of a duration, not those of its last second.
        "timestamps/duration_converters/get_milliseconds",
        // A flag that Kubernetes leaves off makes these errors.
        "optionals/optionals/map_null_entry_no_such_key", "optionals/optionals/map_present_key_invalid_field",
        "type_deduction/legacy_nullable_types/null_assignable_to_abstract_parameter_candidate",
    ]

    static let names = SharedFiles.names(in: "upstream-api/cel", suffix: ".textproto").filter {
        !filesLeftOut.contains($0)
    }

    @Test(
        "holds", .enabled(if: SharedFiles.root != nil, "the shared vectors are not beside the clone"), arguments: names)
    func holds(file: String) {
        let suite = TextProto(SharedFiles.read("upstream-api/cel/\(file).textproto"))
        var passed = 0
        var leftOut = 0
        for section in suite.messages("section") {
            for test in section.messages("test") {
                let name = "\(file)/\(section.text("name") ?? "")/\(test.text("name") ?? "")"
                let expression = test.text("expr") ?? ""
                if Self.casesLeftOut.contains(name) || Self.wordsLeftOut.contains(where: test.mentions) {
                    leftOut += 1
                    continue
                }
                if let failure = ConformanceCase(test, expression).failure() {
                    Issue.record("\(name): \(expression): \(failure)")
                } else {
                    passed += 1
                }
            }
        }
        print("conformance \(file): \(passed) passed, \(leftOut) left out")
    }
}

struct ConformanceCase {
    private let test: TextProto
    private let expression: String
    private var environment: CELEnvironment
    private var values: [String: CELValue] = [:]

    init(_ test: TextProto, _ expression: String) {
        self.test = test
        self.expression = expression
        environment = CELEnvironment.everything
        environment.addNetwork()
        environment.container = test.text("container") ?? ""
        environment.timeZones = { zone in
            guard let file = fopen("/usr/share/zoneinfo/\(zone)", "r") else { return nil }
            defer { fclose(file) }
            var bytes = [UInt8](repeating: 0, count: 100_000)
            let count = fread(&bytes, 1, bytes.count, file)
            return Array(bytes[..<count])
        }
        for declaration in test.messages("type_env") {
            let name = declaration.text("name") ?? ""
            if let type = declaration.message("ident")?.message("type") {
                environment.declare(name, CELType(type))
            }
            for overload in declaration.message("function")?.messages("overloads") ?? [] {
                environment.add(
                    name,
                    [
                        CELOverload(
                            overload.text("overload_id") ?? "",
                            isMember: overload.word("is_instance_function") == "true",
                            overload.messages("params").map { CELType($0) },
                            overload.message("result_type").map { CELType($0) } ?? .dyn,
                            .variadic { _ in .failure("unbound") })
                    ])
            }
        }
        for binding in test.messages("bindings") {
            guard let key = binding.text("key"), let value = binding.message("value")?.message("value") else {
                continue
            }
            values[key] = CELValue(value)
            if environment.slot(of: key) == nil { environment.declare(key, .dyn) }
        }
    }

    /// What differs from what is expected; nil where nothing does.
    func failure() -> String? {
        let outcome: CELValue
        do {
            let tree = try environment.parse(expression)
            if test.word("disable_check") == "true" {
                outcome = evaluate(try environment.program(unchecked: tree))
            } else {
                let checked = try environment.check(tree)
                if let wanted = test.message("typed_result")?.message("deduced_type").map({ CELType($0) }) {
                    guard checked.resultType.shape == wanted.shape else {
                        return "type \(checked.resultType) instead of \(wanted)"
                    }
                }
                if test.word("check_only") == "true" { return nil }
                outcome = evaluate(try environment.program(checked))
            }
        } catch {
            return test.message("eval_error") != nil ? nil : "\(error)"
        }
        if test.message("eval_error") != nil {
            if case .error = outcome { return nil }
            return "\(outcome) instead of an error"
        }
        let wanted =
            (test.message("value") ?? test.message("typed_result")?.message("result")).map { CELValue($0) }
            ?? .bool(true)
        return outcome.isSame(as: wanted) ? nil : "\(outcome.described) instead of \(wanted.described)"
    }

    private func evaluate(_ program: CELProgram) -> CELValue {
        program.evaluate(
            environment.variables.map { values[$0.name] ?? .failure("no such attribute: \($0.name)") }
        ).value
    }
}

extension CELType {
    /// Type parameters that are free may have any number.
    var shape: String { description.replacing(/T[0-9]+/, with: "T") }

    init(_ message: TextProto) {
        self = .dyn
        if let word = message.word("primitive") ?? message.word("wrapper") {
            let primitives: [String: CELType] = [
                "BOOL": .bool, "INT64": .int, "UINT64": .uint, "DOUBLE": .double, "STRING": .string, "BYTES": .bytes,
            ]
            let type = primitives[word] ?? .dyn
            self = message.word("wrapper") == nil ? type : .nullable(type)
        } else if let list = message.message("list_type") {
            self = .list(list.message("elem_type").map { CELType($0) } ?? .dyn)
        } else if let map = message.message("map_type") {
            self = .map(
                map.message("key_type").map { CELType($0) } ?? .dyn,
                map.message("value_type").map { CELType($0) } ?? .dyn)
        } else if let word = message.word("well_known") {
            self = word == "TIMESTAMP" ? .timestamp : word == "DURATION" ? .duration : .any
        } else if message.word("null") != nil {
            self = .null
        } else if let inner = message.message("type") {
            self = .type(CELType(inner))
        } else if let name = message.text("message_type") {
            self = name == "google.protobuf.Duration" ? .duration : .object(name)
        } else if let abstract = message.message("abstract_type") {
            self = .opaque(
                abstract.text("name") ?? "", abstract.messages("parameter_types").map { CELType($0) })
        }
    }
}

extension CELValue {
    init(_ message: TextProto) {
        self = .null
        guard let (name, value) = message.fields.first else { return }
        switch (name, value) {
        case ("bool_value", .word(let word)): self = .bool(word == "true")
        case ("int64_value", .word(let word)): self = .int(CELValue.integer(word))
        case ("uint64_value", .word(let word)): self = .uint(UInt64(word) ?? UInt64(CELValue.integer(word)))
        case ("double_value", .word(let word)):
            self = .double(
                word == "inf" || word == "infinity"
                    ? .infinity : word == "-inf" || word == "-infinity" ? -.infinity : Double(word) ?? .nan)
        case ("string_value", .text(let text)): self = .string(String(decoding: text, as: UTF8.self))
        case ("bytes_value", .text(let text)): self = .bytes(text)
        case ("type_value", .text(let text)):
            let name = String(decoding: text, as: UTF8.self)
            let opaque = CELType.opaque(name, [])
            self = .type(CELEnvironment.everything.typeNames[name] ?? (name.hasPrefix("net.") ? opaque : .object(name)))
        case ("list_value", .message(let list)): self = .list(list.messages("values").map { CELValue($0) })
        case ("map_value", .message(let map)):
            var builder = CELDictionaryBuilder()
            for entry in map.messages("entries") {
                guard let key = entry.message("key"), let value = entry.message("value") else { continue }
                _ = builder.insert(CELValue(key), CELValue(value))
            }
            self = .map(CELDictionary(builder))
        case ("object_value", .message(let object)): self = CELValue(object: object)
        default: break
        }
    }

    private static func integer(_ word: String) -> Int64 {
        if word.hasPrefix("0x") { return Int64(word.dropFirst(2), radix: 16) ?? 0 }
        return Int64(word) ?? 0
    }

    private init(object: TextProto) {
        self = .null
        guard case (let name, .message(let body))? = object.fields.first else { return }
        let number = { (field: String) in Int64(body.word(field) ?? "0") ?? 0 }
        if name.contains("protobuf.Duration") {
            self = .duration(CELDuration(nanoseconds: number("seconds") &* 1_000_000_000 &+ number("nanos")))
        } else if name.contains("protobuf.Timestamp") {
            self =
                CELTimestamp(seconds: number("seconds"), nanoseconds: number("nanos")).map { .timestamp($0) } ?? .null
        } else if name.contains("Int32Value") || name.contains("Int64Value"), !name.contains("UInt") {
            self = .int(number("value"))
        } else if name.contains("UInt") {
            self = .uint(UInt64(number("value")))
        } else if name.contains("BytesValue"), case .text(let bytes)? = body.all("value").first {
            self = .bytes(bytes)
        } else if name.contains("protobuf.Value") || name.contains("ListValue") || name.contains("Struct") {
            self = name.contains("protobuf.Value") ? CELValue(json: body) : CELValue(jsonBody: body)
        } else if name.contains("StringValue") {
            self = .string(body.text("value") ?? "")
        } else if name.contains("BoolValue") {
            self = .bool(body.word("value") == "true")
        } else if name.contains("DoubleValue") || name.contains("FloatValue") {
            self = .double(Double(body.word("value") ?? "0") ?? 0)
        }
    }

    private init(json: TextProto) {
        switch json.fields.first {
        case ("number_value", .word(let word))?: self = .double(Double(word) ?? .nan)
        case ("bool_value", .word(let word))?: self = .bool(word == "true")
        case ("string_value", .text(let text))?: self = .string(String(decoding: text, as: UTF8.self))
        case (_, .message(let body))?: self = CELValue(jsonBody: body)
        default: self = .null
        }
    }

    private init(jsonBody body: TextProto) {
        if body.fields.first?.name == "fields" {
            var builder = CELDictionaryBuilder()
            for field in body.messages("fields") {
                let value = field.message("value").map { CELValue(json: $0) } ?? .null
                _ = builder.insert(.string(field.text("key") ?? ""), value)
            }
            self = .map(CELDictionary(builder))
        } else {
            self = .list(body.messages("values").map { CELValue(json: $0) })
        }
    }

    /// Equal and of the same type; no number is like no number.
    func isSame(as other: CELValue) -> Bool {
        switch (self, other) {
        case (.double(let first), .double(let second)) where first.isNaN: return second.isNaN
        case (.list(let first), .list(let second)):
            return first.count == second.count
                && (0..<first.count).allSatisfy { first.element(at: $0).isSame(as: second.element(at: $0)) }
        default:
            guard type.runtimeName == other.type.runtimeName, case .bool(true) = equals(other) else { return false }
            return true
        }
    }

    var described: String {
        switch self {
        case .list(let list): "[\((0..<list.count).map { list.element(at: $0).described }.joined(separator: ", "))]"
        case .map(let map):
            "{\((0..<map.count).map { "\(map.entry(at: $0).key.described): \(map.entry(at: $0).value.described)" }.joined(separator: ", "))}"
        default: "\(type.runtimeName)(\(debugText))"
        }
    }
}
