import MartinetAPI
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import Testing

/// `x-kubernetes-validations` of definitions and of the objects held against them.
@Suite("Rules in expressions")
struct ExpressionTests {
    private func definition(_ spec: String) throws -> CustomResourceDefinition {
        let text = #"""
            {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
             "metadata": {"name": "widgets.example.com"},
             "spec": {"group": "example.com", "scope": "Namespaced",
               "names": {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"},
               "versions": [{"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema":
                 {"type": "object", "properties": {"spec": \#(spec)}}}}]}}
            """#
        var crd = try CustomResourceDefinition(decoding: JSONDecoder.decodeAny(Array(text.utf8)).value)
        CustomResourceDefinitionRules.setDefaults(&crd)
        return crd
    }

    private func causes(_ spec: String) throws -> [String] {
        CustomResourceDefinitionRules.validate(try definition(spec)).map {
            "\($0.reason.rawValue.dropFirst(10)) \($0.field.replacing("spec.validation.openAPIV3Schema.", with: ""))"
        }
    }

    private func errors(_ spec: String, _ object: String, old: String? = nil) throws -> [FieldError] {
        let version = try #require(try CustomResources.served(try definition(spec)).first)
        func read(_ spec: String) throws -> Object {
            let text =
                #"{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w", "namespace": "b", "#
                + #""uid": "u", "resourceVersion": "7"}, "spec": \#(spec)}"#
            return try JSONDecoder.decode(Array(text.utf8), as: version.kind.type).object
        }
        guard let old else { return version.strategy.validate(try read(object)) }
        return version.strategy.validateUpdate(try read(object), old: try read(old))
    }

    private func found(_ spec: String, _ object: String, old: String? = nil) throws -> [String] {
        try errors(spec, object, old: old).map { "\($0.reason.rawValue.dropFirst(10)) \($0.field)" }
    }

    private func object(_ rules: String, _ properties: String = #""a": {"type": "integer"}"#) -> String {
        #"{"type": "object", "properties": {\#(properties)}, "x-kubernetes-validations": [\#(rules)]}"#
    }

    @Test("definitions are refused for rules that cannot work")
    func definitions() throws {
        let rules = "properties[spec].x-kubernetes-validations[0]"
        #expect(try causes(object(#"{"rule": "self.a > 0"}"#)) == [])
        #expect(try causes(object(#"{"rule": "self.b > 0"}"#)) == ["Invalid \(rules).rule"])
        #expect(try causes(object(#"{"rule": "self.a"}"#)) == ["Invalid \(rules).rule"])
        #expect(try causes(object(#"{"rule": " "}"#)) == ["Required \(rules).rule"])
        #expect(try causes(object(#"{"rule": "true", "message": " "}"#)) == ["Invalid \(rules).message"])
        #expect(try causes(object(#"{"rule": "true\n|| true"}"#)) == ["Required \(rules).message"])
        #expect(try causes(object(#"{"rule": "true", "reason": "Nonsense"}"#)) == ["NotSupported \(rules).reason"])
        #expect(try causes(object(#"{"rule": "true", "fieldPath": ".b"}"#)) == ["Invalid \(rules).fieldPath"])
        #expect(try causes(object(#"{"rule": "true", "fieldPath": ".a"}"#)) == [])
        #expect(
            try causes(object(#"{"rule": "true", "messageExpression": "1"}"#)) == ["Invalid \(rules).messageExpression"]
        )
        #expect(
            try causes(object(#"{"rule": "true", "optionalOldSelf": true}"#)) == ["Invalid \(rules).optionalOldSelf"])
    }

    @Test("definitions are refused for rules that may cost too much")
    func costs() throws {
        func list(_ limits: String) -> String {
            #"{"type": "array", "items": {"type": "array", "items": {"type": "string", "x-kubernetes-validations": "#
                + #"[{"rule": "self.contains('abc')"}]}\#(limits)}\#(limits)}"#
        }
        let place = "properties[spec].items.items.x-kubernetes-validations[0].rule"
        #expect(
            try causes(list(""))
                == ["Forbidden \(place)", "Forbidden \(place)", "Forbidden openAPIV3Schema"].map {
                    $0.replacing("openAPIV3Schema", with: "spec.validation.openAPIV3Schema")
                })
        #expect(try causes(list(#", "maxItems": 3"#)) == [])
    }

    @Test("a transition needs old values that can be found again")
    func correlation() throws {
        let rule = #""x-kubernetes-validations": [{"rule": "self == oldSelf"}]"#
        let item = #"{"type": "object", "required": ["k"], "properties": {"k": {"type": "string"}}, \#(rule)}"#
        let atomic = #"{"type": "array", "maxItems": 5, "items": \#(item)}"#
        #expect(
            try causes(atomic) == ["Invalid properties[spec].items.x-kubernetes-validations[0].rule"])
        let keyed =
            #"{"type": "array", "maxItems": 5, "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["k"], "items": \#(item)}"#
        #expect(try causes(keyed) == [])
    }

    @Test("objects are held against rules, where and why the rule says")
    func objects() throws {
        let spec = object(
            #"{"rule": "self.a > 0", "message": "positive"}, "#
                + #"{"rule": "self.a < 9", "reason": "FieldValueForbidden", "fieldPath": ".a", "messageExpression": "'not ' + string(self.a)"}"#
        )
        #expect(try found(spec, #"{"a": 1}"#) == [])
        #expect(try found(spec, #"{"a": 0}"#) == ["Invalid spec"])
        let errors = try errors(spec, #"{"a": 10}"#)
        #expect(errors.map(\.field) == ["spec.a"])
        #expect(errors.map(\.reason) == [.forbidden])
        #expect(errors.map(\.message).first?.hasSuffix("not 10") == true)
        // What is not there is an error of the rule.
        #expect(try found(spec, "{}") == ["Invalid spec", "Invalid spec"])
    }

    @Test("transitions are judged on updates only")
    func transitions() throws {
        let spec = object(#"{"rule": "self.a >= oldSelf.a"}"#)
        #expect(try found(spec, #"{"a": 1}"#) == [])
        #expect(try found(spec, #"{"a": 1}"#, old: #"{"a": 2}"#) == ["Invalid spec"])
        #expect(try found(spec, #"{"a": 3}"#, old: #"{"a": 2}"#) == [])
        let optional = object(
            #"{"rule": "oldSelf.hasValue() || self.a == 1", "optionalOldSelf": true}"#)
        #expect(try found(optional, #"{"a": 2}"#) == ["Invalid spec"])
        #expect(try found(optional, #"{"a": 2}"#, old: #"{"a": 1}"#) == [])
    }

    @Test("what did not change is not refused for a later rule")
    func ratcheting() throws {
        let spec =
            #"{"type": "object", "properties": {"a": {"type": "integer", "x-kubernetes-validations": "#
            + #"[{"rule": "self > 5"}]}, "b": {"type": "string"}}}"#
        #expect(try found(spec, #"{"a": 1}"#) == ["Invalid spec.a"])
        #expect(try found(spec, #"{"a": 1, "b": "new"}"#, old: #"{"a": 1}"#) == [])
        #expect(try found(spec, #"{"a": 2}"#, old: #"{"a": 1}"#) == ["Invalid spec.a"])
    }

    @Test("an object of the wrong form is not evaluated")
    func blocked() throws {
        #expect(
            try found(object(#"{"rule": "self.a > 0"}"#), #"{"a": "x"}"#) == ["TypeInvalid spec.a", "Invalid <nil>"])
    }

    @Test("an expensive rule ends when its cost is spent")
    func budget() throws {
        let list = #""l": {"type": "array", "maxItems": 1000, "items": {"type": "integer"}}"#
        let spec = object(
            #"{"rule": "self.l.all(x, self.l.all(y, x == y || self.l.exists(z, z == -1) || true))"}"#, list)
        let numbers = (0..<1000).map(String.init).joined(separator: ",")
        let errors = try errors(spec, #"{"l": [\#(numbers)]}"#)
        #expect(errors.map(\.field) == ["spec"])
        #expect(errors.first?.message.contains("cost") == true)
    }
}
