import MartinetAPI
import MartinetBase
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import MartinetTesting
import Testing

@Suite struct DefinitionRulesTests {
    private func causes(_ schema: String, version: String = "", names: String = "") throws -> [String] {
        CustomResourceDefinitionRules.validate(try definition(spec: schema, version: version, names: names))
            .map { "\($0.reason.rawValue.dropFirst(10)) \($0.field)" }
    }

    @Test func whatIsNotThereYetIsRefusedByName() throws {
        let place = "spec.validation.openAPIV3Schema.properties[spec]"
        #expect(
            try causes(#"{"type":"array","items":{"type":"string","default":"a"}}"#)
                .contains("Forbidden \(place).items.default"))
    }

    @Test func aConversionByWebhookSaysWhereItIs() throws {
        var crd = try definition(spec: #"{"type":"object"}"#)
        crd.spec.conversion = CustomResourceConversion {
            $0.strategy = "Webhook"
            $0.webhook = WebhookConversion {
                $0.clientConfig = WebhookClientConfig { $0.url = "https://example.com/convert" }
                $0.conversionReviewVersions = ["v1"]
            }
        }
        #expect(CustomResourceDefinitionRules.validate(crd) == [])
    }

    @Test func webhooksThatConvertHaveAPlaceAndAVersion() throws {
        var crd = try definition(spec: #"{"type":"object"}"#)
        func fields(_ webhook: WebhookConversion?) -> [String] {
            crd.spec.conversion = CustomResourceConversion {
                $0.strategy = "Webhook"
                $0.webhook = webhook
            }
            return CustomResourceDefinitionRules.validate(crd).map {
                "\($0.reason.rawValue.dropFirst(10)) \($0.field.dropFirst("spec.conversion.".count))"
            }
        }
        #expect(fields(nil) == ["Required webhookClientConfig", "Required conversionReviewVersions"])
        let both = WebhookConversion {
            $0.clientConfig = WebhookClientConfig {
                $0.url = "https://example.com"
                $0.service = ServiceReference { $0.name = "a" }
            }
            $0.conversionReviewVersions = ["v1", "v1"]
        }
        #expect(fields(both) == ["Required webhookClientConfig", "Invalid conversionReviewVersions[1]"])
        let plain = WebhookConversion {
            $0.clientConfig = WebhookClientConfig { $0.url = "http://example.com" }
            $0.conversionReviewVersions = ["v2"]
        }
        #expect(fields(plain) == ["Invalid webhookClientConfig.url", "Invalid conversionReviewVersions"])
    }

    @Test func anApprovalIsAskedForOnlyWhereItChanges() throws {
        var crd = try definition(spec: #"{"type":"object"}"#)
        crd.spec.group = "example.k8s.io"
        crd.metadata.name = "\(crd.spec.names.plural).example.k8s.io"
        let fields = CustomResourceDefinitionRules.validate(crd).map(\.field)
        #expect(fields == ["metadata.annotations[api-approved.kubernetes.io]"])
        #expect(CustomResourceDefinitionRules.validateUpdate(crd, old: crd) == [])
        var changed = crd
        changed.metadata.annotations = ["api-approved.kubernetes.io": "soon"]
        #expect(CustomResourceDefinitionRules.validateUpdate(changed, old: crd).count == 1)
    }

    @Test func schemasMustBeStructural() throws {
        let place = "spec.validation.openAPIV3Schema.properties[spec]"
        #expect(try causes(#"{"properties":{"a":{"type":"string"}}}"#) == ["Required \(place).type"])
        #expect(try causes(#"{"type":"array"}"#).contains("Required \(place).items"))
        #expect(
            try causes(#"{"type":"object","anyOf":[{"type":"object"},{"required":["a"]}]}"#)
                == ["Forbidden \(place).anyOf[0].type"])
        #expect(
            try causes(#"{"type":"object","anyOf":[{"properties":{"a":{"minLength":1}}}]}"#)
                == ["Required \(place).properties[a]"])
        #expect(try causes(#"{"type":"string","pattern":"("}"#) == ["Invalid \(place).pattern"])
        #expect(
            try causes(#"{"anyOf":[{"type":"integer"},{"type":"string"}],"x-kubernetes-int-or-string":true}"#) == [])
    }

    @Test func defaultsMustFitTheirOwnSchema() throws {
        let place = "spec.validation.openAPIV3Schema.properties[spec]"
        #expect(try causes(#"{"type":"string","default":5}"#) == ["TypeInvalid \(place).default"])
        #expect(
            try causes(#"{"type":"object","default":{"a":1},"properties":{"b":{"type":"string"}}}"#)
                == ["Invalid \(place).default"])
    }

    @Test func whatIsStoredAlreadyMayCostWhatItCosts() throws {
        let costly =
            #"{"type": "array", "items": {"type": "string", "x-kubernetes-validations": [{"rule": "self.contains('abc')"}]}}"#
        let stored = try definition(spec: costly)
        func causes(_ new: CustomResourceDefinition) -> [String] {
            CustomResourceDefinitionRules.validateUpdate(new, old: stored).map(\.reason.rawValue)
        }
        #expect(CustomResourceDefinitionRules.validate(stored).map(\.reason.rawValue).contains("FieldValueForbidden"))
        var renamed = stored
        renamed.spec.names.shortNames.append("wd")
        #expect(causes(renamed).isEmpty)
        let changed = try definition(spec: costly.replacing("abc", with: "abd"))
        #expect(causes(changed).contains("FieldValueForbidden"))
    }

    @Test func aFormatThatNothingChecksIsWarnedOfOnce() throws {
        let old = try definition(
            spec: #"{"type": "object", "properties": {"a": {"type": "string", "format": "odd"}}}"#)
        let new = try definition(
            spec: #"{"type": "object", "properties": {"a": {"type": "string", "format": "odd"}, "#
                + #""b": {"type": "array", "items": {"type": "integer", "format": "int8"}}, "#
                + #""c": {"type": "string", "format": "date-time"}}}"#)
        let strategy = CustomResourceDefinitionStrategy.strategy(for: try #require(old.object.type.kind))
        #expect(strategy.warnings(old.object, old: nil) == [#"unrecognized format "odd""#])
        #expect(strategy.warnings(new.object, old: old.object) == [#"unrecognized format "int8""#])
    }

    @Test func namesBelongToTheFirstThatClaimedThem() throws {
        let now = Timestamp(seconds: 5)
        var first = try definition(spec: #"{"type":"object"}"#, names: #","shortNames":["w"]"#)
        first.status = AcceptedNames.status(of: first, others: [], builtins: [], now: now)
        #expect(first.status.conditions.map(\.type) == ["NamesAccepted", "Established"])
        #expect(first.status.conditions.map(\.reason) == ["NoConflicts", "InitialNamesAccepted"])
        #expect(first.status.acceptedNames == first.spec.names)
        #expect(AcceptedNames.status(of: first, others: [], builtins: [], now: Timestamp(seconds: 9)) == first.status)

        var second = try definition(spec: #"{"type":"object"}"#, names: #","shortNames":["w"]"#)
        second.metadata.name = "gadgets.example.com"
        second.spec.names.plural = "gadgets"
        second.spec.names.singular = "gadget"
        let status = AcceptedNames.status(of: second, others: [first], builtins: [], now: now)
        #expect(status.conditions.map(\.status) == ["False", "False"])
        #expect(status.conditions.map(\.reason) == ["ListKindConflict", "NotAccepted"])
        #expect(status.acceptedNames.plural == "gadgets")
        #expect(status.acceptedNames.shortNames.isEmpty)
        let freed = AcceptedNames.status(of: second, others: [], builtins: [], now: now)
        #expect(freed.conditions.map(\.status) == ["True", "True"])
    }

    @Test(.enabled(if: SharedFiles.root != nil, "the upstream answers are not beside the clone"))
    func definitionsAreAcceptedAndRefusedAsRecorded() throws {
        var (passed, total) = (0, 0)
        var failures: [String] = []
        for line in SharedFiles.read("upstream-answers/validation.jsonl").split(separator: 10) {
            guard line.starts(with: #"{"id""#.utf8),
                String(decoding: line.prefix(300), as: UTF8.self).contains("customresourcedefinitions")
            else { continue }
            let recorded = try JSONDecoder.decodeAny(Array(line)).value
            guard case .int(let code)? = recorded.member("answer")?.member("code"), [200, 201, 422].contains(code),
                let body = recorded.member("body")
            else { continue }
            var expected: [String] = []
            if case .list(let causes)? = recorded.member("answer")?.member("causes") {
                expected = causes.map { "\($0.text("reason").dropFirst(10)) \($0.text("field"))" }
            }
            if expected.contains(where: { $0.contains(" metadata.") && !$0.hasSuffix("metadata.name") }) { continue }
            total += 1
            do {
                let found = try judge(body, recorded.member("existing"))
                if found.sorted() == expected.sorted() {
                    passed += 1
                } else {
                    failures.append(
                        "\(recorded.text("id")): recorded \(code) \(expected.sorted()), found \(found.sorted())")
                }
            } catch {
                failures.append("\(recorded.text("id")): \(error), recorded \(code) \(expected)")
            }
        }
        print("recorded definitions: \(passed)/\(total)")
        for failure in failures.prefix(40) { print("  \(failure)") }
        #expect(passed == total)
    }

    @Test(.enabled(if: SharedFiles.root != nil, "the upstream answers are not beside the clone"))
    func recordedDefinitionsAreServedAndGetTheRecordedStatus() throws {
        let cases = try JSONDecoder.decodeAny(SharedFiles.read("upstream-answers/openapi-crds.json")).value
        guard case .list(let cases) = cases else { return }
        for recorded in cases {
            let body = try #require(recorded.member("crd"))
            var crd = try CustomResourceDefinition(decoding: body)
            CustomResourceDefinitionRules.setDefaults(&crd)
            #expect(CustomResourceDefinitionRules.validate(crd) == [])
            #expect(try CustomResources.served(crd).count == crd.spec.versions.count)
            guard let stored = recorded.member("stored"), stored.member("status") != nil else { continue }
            crd.status = AcceptedNames.status(of: crd, others: [], builtins: [], now: Timestamp(seconds: 0))
            let status = PlainTree.plain(.object(crd.status.object))
            #expect(status.member("acceptedNames") == stored.member("status")?.member("acceptedNames"))
            #expect(status.member("storedVersions") == stored.member("status")?.member("storedVersions"))
            guard case .list(let conditions)? = stored.member("status")?.member("conditions") else { continue }
            let wanted = conditions.map { "\($0.text("type")) \($0.text("status")) \($0.text("reason"))" }
            #expect(crd.status.conditions.map { "\($0.type) \($0.status) \($0.reason)" } == wanted)
        }
    }

    private func judge(_ body: Value, _ existing: Value?) throws -> [String] {
        let kind = try #require(CustomResourceDefinition.type.kind)
        let strategy = CustomResourceDefinitionStrategy.strategy(for: kind)
        var object = try CustomResourceDefinition(decoding: body).object
        Defaults.apply(to: &object)
        strategy.setDefaults(&object)
        let errors: [FieldError]
        if let existing {
            var old = try CustomResourceDefinition(decoding: existing).object
            Defaults.apply(to: &old)
            strategy.setDefaults(&old)
            var crd = CustomResourceDefinition(object: old)
            crd.status = AcceptedNames.status(of: crd, others: [], builtins: [], now: Timestamp(seconds: 0))
            old = crd.object
            strategy.prepareForUpdate(&object, old: old)
            errors = strategy.validateUpdate(object, old: old)
        } else {
            strategy.prepareForCreate(&object)
            errors = strategy.validate(object)
        }
        return errors.map { "\($0.reason.rawValue.dropFirst(10)) \($0.field)" }
    }
}
