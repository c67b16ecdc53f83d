import MartinetAPI
import MartinetBase
import MartinetCustomResources
import MartinetSchema
import MartinetStrategies
import MartinetTesting
import Testing

/// A definition around the schema of `spec`, with what a test adds to its version.
func definition(spec: String, version: String = "", names: String = "") throws -> CustomResourceDefinition {
    let text = """
        {"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.com"},
         "spec":{"group":"example.com","scope":"Namespaced",
          "names":{"plural":"widgets","kind":"Widget"\(names)},
          "versions":[{"name":"v1","served":true,"storage":true\(version),
           "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":\(spec),
             "status":{"type":"object","x-kubernetes-preserve-unknown-fields":true}}}}}]}}
        """
    var crd = try CustomResourceDefinition(decoding: JSONDecoder.decodeAny(Array(text.utf8)).value)
    CustomResourceDefinitionRules.setDefaults(&crd)
    return crd
}

@Suite struct CustomResourceTests {
    /// What `spec` becomes: decoded, with defaults, encoded again; and what strict decoding found.
    private func through(_ schema: String, _ spec: String) throws -> (json: String, issues: [String]) {
        let version = try #require(try CustomResources.served(definition(spec: schema)).first)
        let body = #"{"apiVersion":"example.com/v1","kind":"Widget","metadata":{"name":"a"},"spec":\#(spec)}"#
        let result = try JSONDecoder.decode(Array(body.utf8), as: version.kind.type)
        var object = result.object
        Defaults.apply(to: &object)
        let json = String(decoding: JSONEncoder.encode(object), as: UTF8.self)
        let prefix = #"{"kind":"Widget","apiVersion":"example.com/v1","metadata":{"name":"a"},"spec":"#
        #expect(json.hasPrefix(prefix))
        return (String(json.dropFirst(prefix.utf8.count).dropLast()), result.issues.map(\.description))
    }

    /// Metadata as the engine leaves it to the strategy.
    private let placed = #"{"name":"a","namespace":"b","uid":"u","resourceVersion":"7"}"#

    private func errors(_ schema: String, _ spec: String) throws -> [String] {
        let version = try #require(try CustomResources.served(definition(spec: schema)).first)
        let body = #"{"apiVersion":"example.com/v1","kind":"Widget","metadata":\#(placed),"spec":\#(spec)}"#
        let object = try JSONDecoder.decode(Array(body.utf8), as: version.kind.type).object
        return version.strategy.validate(object).map { "\($0.reason.rawValue) \($0.field)" }
    }

    @Test func unknownFieldsArePrunedAndReported() throws {
        let schema = #"{"type":"object","properties":{"a":{"type":"object","properties":{"b":{"type":"string"}}}}}"#
        let (json, issues) = try through(schema, #"{"a":{"b":"x","c":1},"d":{"e":1}}"#)
        #expect(json == #"{"a":{"b":"x"}}"#)
        #expect(issues == [#"unknown field "spec.a.c""#, #"unknown field "spec.d""#])
    }

    @Test func aFieldThatComesTwiceIsReported() throws {
        let schema = #"{"type":"object","properties":{"a":{"type":"string"}}}"#
        #expect(try through(schema, #"{"a":"x","a":"y"}"#) == (#"{"a":"y"}"#, [#"duplicate field "spec.a""#]))
    }

    @Test func zeroValuesAndEmptyCollectionsStayAsSent() throws {
        let schema = """
            {"type":"object","properties":{"i":{"type":"integer"},"s":{"type":"string"},"b":{"type":"boolean"},
             "l":{"type":"array","items":{"type":"string"}},"o":{"type":"object","properties":{"x":{"type":"string"}}},
             "n":{"type":"number"},"m":{"type":"object","additionalProperties":{"type":"string"}}}}
            """
        let text = #"{"b":false,"i":0,"l":[],"m":{},"n":0,"o":{},"s":""}"#
        #expect(try through(schema, text).json == text)
        #expect(try through(schema, "{}").json == "{}")
        #expect(try through(schema, #"{"n":1.5,"i":9007199254740993}"#).json == #"{"i":9007199254740993,"n":1.5}"#)
    }

    @Test func defaultsFillWhatIsAbsentAndNothingElse() throws {
        let schema = """
            {"type":"object","properties":{
             "a":{"type":"string","default":"x"},
             "deep":{"type":"object","default":{},"properties":{"d":{"type":"integer","default":7}}},
             "absent":{"type":"object","properties":{"d":{"type":"integer","default":7}}},
             "map":{"type":"object","additionalProperties":{"type":"object","properties":{"p":{"type":"integer","default":80}}}},
             "list":{"type":"array","items":{"type":"object","properties":{"p":{"type":"integer","default":80}}}}}}
            """
        let (json, _) = try through(schema, #"{"map":{"k":{}},"list":[{},{"p":1}]}"#)
        #expect(json == #"{"a":"x","deep":{"d":7},"list":[{"p":80},{"p":1}],"map":{"k":{"p":80}}}"#)
    }

    @Test func nullIsKeptWhereItMayBeAndMakesRoomForADefaultElsewhere() throws {
        let schema = """
            {"type":"object","properties":{"n":{"type":"string","nullable":true,"default":"x"},
             "d":{"type":"string","default":"x"},"p":{"type":"string"}}}
            """
        #expect(try through(schema, #"{"n":null,"d":null,"p":null}"#).json == #"{"d":"x","n":null}"#)
    }

    @Test func numbersAndStringsStayWhatTheyWere() throws {
        let schema =
            #"{"type":"object","properties":{"a":{"x-kubernetes-int-or-string":true},"b":{"x-kubernetes-int-or-string":true}}}"#
        #expect(try through(schema, #"{"a":5,"b":"5%"}"#).json == #"{"a":5,"b":"5%"}"#)
        #expect(try errors(schema, #"{"a":true}"#) == ["FieldValueTypeInvalid spec.a"])
    }

    @Test func unknownFieldsStayWhereTheSchemaKeepsThem() throws {
        let schema = """
            {"type":"object","properties":{"free":{"type":"object","x-kubernetes-preserve-unknown-fields":true,
             "properties":{"known":{"type":"object","properties":{"a":{"type":"string"}}}}},
             "any":{"x-kubernetes-preserve-unknown-fields":true}}}
            """
        let (json, issues) = try through(
            schema, #"{"free":{"x":{"y":null},"known":{"a":"1","b":2}},"any":[1,{"z":2}]}"#)
        #expect(json == #"{"any":[1,{"z":2}],"free":{"known":{"a":"1"},"x":{"y":null}}}"#)
        #expect(issues == [#"unknown field "spec.free.known.b""#])
    }

    @Test func embeddedResourcesKeepTheirKindAndTypedMetadata() throws {
        let schema = """
            {"type":"object","properties":{"t":{"type":"object","x-kubernetes-embedded-resource":true,
             "properties":{"data":{"type":"string"}}}}}
            """
        let text = #"{"t":{"apiVersion":"v1","kind":"Thing","metadata":{"name":"x","bad":1},"data":"d","more":1}}"#
        let (json, issues) = try through(schema, text)
        #expect(json == #"{"t":{"metadata":{"name":"x"},"data":"d","apiVersion":"v1","kind":"Thing"}}"#)
        #expect(issues == [#"unknown field "spec.t.metadata.bad""#, #"unknown field "spec.t.more""#])
        #expect(
            try errors(schema, #"{"t":{"kind":"a/b"}}"#) == [
                "FieldValueRequired spec.t.apiVersion", "FieldValueInvalid spec.t.kind",
            ])
    }

    @Test func listsInListsAreDecodedPrunedAndChecked() throws {
        let schema = """
            {"type":"object","properties":{"m":{"type":"array","items":{"type":"array","maxItems":2,
             "items":{"type":"object","properties":{"a":{"type":"integer","default":3}}}}}}}
            """
        #expect(try through(schema, #"{"m":[[{},{"a":1,"b":2}],[]]}"#).json == #"{"m":[[{"a":3},{"a":1}],[]]}"#)
        #expect(
            try errors(schema, #"{"m":[[{"a":"x"}],[{},{},{}],4]}"#)
                == [
                    "FieldValueTypeInvalid spec.m[0][0].a", "FieldValueTooMany spec.m[1]",
                    "FieldValueTypeInvalid spec.m[2]",
                ])
    }

    @Test func equalDefinitionsShareOneTable() throws {
        let crd = try definition(spec: #"{"type":"object","properties":{"a":{"type":"string"}}}"#)
        let first = try #require(try CustomResources.served(crd).first)
        let second = try #require(try CustomResources.served(crd).first)
        #expect(first.kind == second.kind)
        let other = try definition(spec: #"{"type":"object","properties":{"b":{"type":"string"}}}"#)
        #expect(try CustomResources.served(other).first?.fingerprint != first.fingerprint)
    }

    @Test func metadataIsTheOrdinaryMetadata() throws {
        let version = try #require(try CustomResources.served(definition(spec: #"{"type":"object"}"#)).first)
        let body = #"{"metadata":{"name":"a","labels":{"k":"v"},"uid":"u"}}"#
        let object = try JSONDecoder.decode(Array(body.utf8), as: version.kind.type).object
        guard case .object(let metadata)? = object[0] else { throw DecodeError(.type, offset: 0, "no metadata") }
        #expect(ObjectMeta(object: metadata).labels["k"] == "v")
        #expect(version.kind.type.field(0).name == "metadata")
        #expect(throws: DecodeError.self) {
            try JSONDecoder.decode(Array(#"{"metadata":{"labels":5}}"#.utf8), as: version.kind.type)
        }
    }

    @Test func printerColumnsFollowTheNameOrAreTheAge() throws {
        let plain = try #require(try CustomResources.served(definition(spec: #"{"type":"object"}"#)).first)
        #expect(plain.kind.columns.map(\.name) == ["Name", "Age"])
        let columns = """
            ,"additionalPrinterColumns":[{"name":"Ready","type":"string","jsonPath":".status.ready","priority":1,"description":"two\\nlines"}]
            """
        let own = try #require(
            try CustomResources.served(definition(spec: #"{"type":"object"}"#, version: columns)).first)
        #expect(own.kind.columns.map(\.name) == ["Name", "Ready"])
        #expect(own.kind.columns[1].description == "two lines")
        #expect(own.kind.columns[1].priority == 1)
    }

    @Test func hostileDepthIsRefusedInWhateverField() throws {
        let schema = """
            {"type":"object","properties":{"s":{"type":"string"},"any":{"x-kubernetes-preserve-unknown-fields":true},
             "l":{"type":"array","items":{"type":"array","items":{"type":"string"}}}}}
            """
        for name in ["s", "any", "l"] {
            let deep = String(repeating: "[", count: 100_000)
            #expect(throws: DecodeError.self) { try through(schema, "{\"\(name)\":\(deep)}") }
        }
    }

    @Test(.enabled(if: SharedFiles.root != nil, "the upstream answers are not beside the clone"))
    func columnsAreTheRecordedOnes() throws {
        var count = 0
        for line in SharedFiles.read("upstream-answers/tables-custom.jsonl").split(separator: 10) {
            let recorded = try JSONDecoder.decodeAny(Array(line)).value
            guard let columns = recorded.member("printerColumns"), case .list(let wanted)? = recorded.member("columns")
            else { continue }
            let json = String(decoding: JSONEncoder.encode(columns), as: UTF8.self)
            let extra = json == "[]" ? "" : #","additionalPrinterColumns":\#(json)"#
            let version = try #require(
                try CustomResources.served(definition(spec: #"{"type":"object"}"#, version: extra)).first)
            let found = version.kind.columns.map { "\($0.name) \($0.type) \($0.format) \($0.priority)" }
            let expected = wanted.map { column in
                var priority: Int64 = 0
                if case .int(let number)? = column.member("priority") { priority = number }
                return "\(column.text("name")) \(column.text("type")) \(column.text("format")) \(priority)"
            }
            #expect(found == expected)
            count += 1
        }
        #expect(count > 0)
    }

    @Test func scalePathsReachTheReplicas() throws {
        let scale = """
            ,"subresources":{"status":{},"scale":{"specReplicasPath":".spec.size","statusReplicasPath":".status.n","labelSelectorPath":".status.sel"}}
            """
        let version = try #require(
            try CustomResources.served(
                definition(spec: #"{"type":"object","properties":{"size":{"type":"integer"}}}"#, version: scale)
            ).first)
        let paths = try #require(version.kind.scalePaths)
        let body = #"{"metadata":{"name":"a"},"spec":{"size":2},"status":{"n":1,"sel":"a=b"}}"#
        var object = try JSONDecoder.decode(Array(body.utf8), as: version.kind.type).object
        #expect(paths.specReplicas(of: object) == 2)
        #expect(paths.statusReplicas(of: object) == 1)
        #expect(paths.labelSelector(of: object) == "a=b")
        #expect(paths.setSpecReplicas(5, of: &object))
        #expect(paths.specReplicas(of: object) == 5)
        #expect(version.kind.subresources.map(\.name) == ["status", "scale"])
        version.strategy.prepareForCreate(&object)
        #expect(object.value(at: ".status") == nil)
    }

    @Test func anotherVersionIsTheSameObjectWithItsOwnApiVersion() throws {
        var crd = try definition(spec: #"{"type":"object","properties":{"a":{"type":"string"}}}"#)
        crd.spec.versions.append(crd.spec.versions[0])
        crd.spec.versions[1].name = "v2"
        crd.spec.versions[1].storage = false
        let versions = try CustomResources.served(crd)
        let object = try JSONDecoder.decode(
            Array(#"{"metadata":{"name":"a"},"spec":{"a":"x"}}"#.utf8), as: versions[0].kind.type
        ).object
        let converted = try CustomResources.convert(object, to: versions[1].kind)
        #expect(
            String(decoding: JSONEncoder.encode(converted), as: UTF8.self)
                == #"{"kind":"Widget","apiVersion":"example.com/v2","metadata":{"name":"a"},"spec":{"a":"x"}}"#)
    }

    @Test func anUnchangedPartIsNotHeldAgainstARuleThatCameLater() throws {
        let schema = #"{"type":"object","properties":{"a":{"type":"string","maxLength":1},"b":{"type":"string"}}}"#
        let version = try #require(try CustomResources.served(definition(spec: schema)).first)
        func object(_ spec: String) throws -> Object {
            try JSONDecoder.decode(Array(#"{"metadata":\#(placed),"spec":\#(spec)}"#.utf8), as: version.kind.type)
                .object
        }
        let old = try object(#"{"a":"long"}"#)
        #expect(try version.strategy.validateUpdate(object(#"{"a":"long","b":"x"}"#), old: old).isEmpty)
        #expect(try version.strategy.validateUpdate(object(#"{"a":"longer"}"#), old: old).map(\.field) == ["spec.a"])
    }

    @Test func aDefinitionInTheStyleOfCertManagerWorks() throws {
        let schema = """
            {"type":"object","required":["issuerRef","secretName"],"properties":{
             "commonName":{"type":"string"},"dnsNames":{"type":"array","items":{"type":"string"}},
             "duration":{"type":"string"},"isCA":{"type":"boolean"},
             "issuerRef":{"type":"object","required":["name"],"properties":{"group":{"type":"string"},"kind":{"type":"string"},"name":{"type":"string"}}},
             "privateKey":{"type":"object","properties":{"algorithm":{"type":"string","enum":["RSA","ECDSA","Ed25519"]},
               "rotationPolicy":{"type":"string","enum":["Never","Always"]},"size":{"type":"integer"}}},
             "revisionHistoryLimit":{"type":"integer","format":"int32"},"secretName":{"type":"string"},
             "secretTemplate":{"type":"object","properties":{"annotations":{"type":"object","additionalProperties":{"type":"string"}}}},
             "usages":{"type":"array","items":{"type":"string","enum":["signing","server auth","client auth"]}}}}
            """
        let spec = """
            {"dnsNames":["a.example.com"],"issuerRef":{"name":"ca","kind":"Issuer"},"privateKey":{"algorithm":"ECDSA","size":256},\
            "secretName":"tls","secretTemplate":{"annotations":{"k":"v"}},"usages":["server auth"]}
            """
        let sorted = spec.replacing(#"{"name":"ca","kind":"Issuer"}"#, with: #"{"kind":"Issuer","name":"ca"}"#)
        #expect(try through(schema, spec) == (sorted, []))
        #expect(try errors(schema, spec) == [])
        #expect(CustomResourceDefinitionRules.validate(try definition(spec: schema)) == [])
        let broken = #"{"issuerRef":{},"privateKey":{"algorithm":"DSA"},"usages":["x"]}"#
        #expect(
            Set(try errors(schema, broken))
                == [
                    "FieldValueRequired spec.issuerRef.name", "FieldValueNotSupported spec.privateKey.algorithm",
                    "FieldValueNotSupported spec.usages[0]", "FieldValueRequired spec.secretName",
                ])
    }
}
