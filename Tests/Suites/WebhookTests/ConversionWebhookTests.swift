import MartinetAPI
import MartinetAPICore
import MartinetBase
import MartinetClient
import MartinetSchema
import MartinetStore
import Synchronization
import Testing

/// A kind whose v1 has `hostPort` and whose v2 has `host` and `port`, as upstream's own test has it.
@Suite struct ConversionWebhookTests {
    let cluster: WebhookCluster
    var hooks: FakeWebhooks { cluster.hooks }
    private let definitions: ResourceName

    init() throws {
        cluster = try WebhookCluster()
        definitions = cluster.name("customresourcedefinitions", group: "apiextensions.k8s.io", namespace: nil)
        hooks.on("/convert") { review, request in ConversionWebhookTests.convert(review, request) }
        _ = try cluster.send(.create, definitions, ConversionWebhookTests.definition(stored: "v1"))
        cluster.settle { cluster.registry.served[widgets("v2")] != nil }
    }

    private func widgets(_ version: String, _ name: String? = nil) -> ResourceName {
        cluster.name("widgets", group: "example.com", version: version, name)
    }

    private static func definition(stored: String, versions: [String] = ["v1", "v2"]) -> String {
        func version(_ name: String) -> String {
            let fields =
                name == "v1"
                ? #""hostPort":{"type":"string"}"# : #""host":{"type":"string"},"port":{"type":"string"}"#
            return
                #"{"name":"\#(name)","served":true,"storage":\#(name == stored),"schema":{"openAPIV3Schema":{"type":"object","properties":{\#(fields)}}}}"#
        }
        return
            #"{"metadata":{"name":"widgets.example.com"},"spec":{"group":"example.com","scope":"Namespaced","names":{"plural":"widgets","kind":"Widget"},"versions":[\#(versions.map(version).joined(separator: ","))],"conversion":{"strategy":"Webhook","webhook":{"clientConfig":{"url":"https://hooks.example.com/convert"},"conversionReviewVersions":["v1"]}}}}"#
    }

    private static func convert(
        _ review: Value, _ request: Value, change: (inout Map) -> Void = { _ in }
    ) -> String {
        let wanted = request["desiredAPIVersion"].text
        let objects = request["objects"].items.map { object -> String in
            guard case .map(var map) = object else { return "null" }
            map["apiVersion"] = .string(wanted)
            if wanted.hasSuffix("v2") {
                let parts = object["hostPort"].text.split(separator: ":").map(String.init)
                map["hostPort"] = nil
                map["host"] = parts.first.map { .string($0) }
                map["port"] = parts.count > 1 ? .string(parts[1]) : nil
            } else {
                map["hostPort"] = .string("\(object["host"].text):\(object["port"].text)")
                (map["host"], map["port"]) = (nil, nil)
            }
            change(&map)
            return String(decoding: JSONEncoder.encode(Value.map(map)), as: UTF8.self)
        }
        return
            #"{"kind":"ConversionReview","apiVersion":"\#(review["apiVersion"].text)","response":{"uid":"\#(request["uid"].text)","result":{"status":"Success"},"convertedObjects":[\#(objects.joined(separator: ","))]}}"#
    }

    private func make(_ name: String) throws {
        _ = try cluster.send(
            .create, widgets("v1"), #"{"metadata":{"name":"\#(name)"},"hostPort":"localhost:8080"}"#)
    }

    @Test func whatIsWrittenInOneVersionIsReadInTheOther() throws {
        try make("x")
        #expect(hooks.requests.isEmpty)
        let read = try cluster.send(.get, widgets("v2", "x"))
        #expect(read["host"].text == "localhost")
        #expect(read["port"].text == "8080")
        #expect(read["apiVersion"].text == "example.com/v2")
        #expect(read["hostPort"] == .null)
        #expect(read["metadata"]["resourceVersion"].text.isEmpty == false)
        #expect(hooks.requests.count == 1)
        // The copy is kept.
        _ = try cluster.send(.get, widgets("v2", "x"))
        #expect(hooks.requests.count == 1)
        // A list asks once.
        try make("y")
        try make("z")
        let list = try cluster.send(.list, widgets("v2"))
        #expect(list["items"].items.map { $0["port"].text } == ["8080", "8080", "8080"])
        #expect(hooks.requests.count == 2)
        #expect(hooks.requests.last?.request["objects"].items.count == 2)
    }

    @Test func changesInEitherVersionAreOnesOfTheSameObject() throws {
        try make("x")
        let patched = try cluster.send(.patch, widgets("v2", "x"), #"{"port":"9090"}"#)
        #expect(patched["port"].text == "9090")
        #expect(patched["metadata"]["generation"].int == 2)
        #expect(try cluster.send(.get, widgets("v1", "x"))["hostPort"].text == "localhost:9090")
        _ = try cluster.send(.create, widgets("v2"), #"{"metadata":{"name":"y"},"host":"h","port":"1"}"#)
        #expect(try cluster.send(.get, widgets("v1", "y"))["hostPort"].text == "h:1")
        _ = try cluster.send(.delete, widgets("v2", "y"))
        #expect(try cluster.refusal(.get, widgets("v1", "y"))?.code == 404)
    }

    @Test func watchesSeeTheirVersion() throws {
        let seen = Mutex<[String]>([])
        let watch = try cluster.registry.watch(
            APIRequest(.watch, widgets("v2")), as: .admin, on: cluster.runtime.executor(named: "watch")
        ) { events in
            for event in events {
                switch event {
                case .added(let object), .modified(let object), .deleted(let object):
                    let tree = (try? JSONDecoder.decodeAny(object.json).value) ?? .null
                    seen.withLock { $0.append("\(tree["metadata"]["name"].text) \(tree["port"].text)") }
                case .bookmark: break
                case .ended: seen.withLock { $0.append("ended") }
                }
            }
        }
        try make("x")
        _ = try cluster.send(.patch, widgets("v1", "x"), #"{"hostPort":"h:2"}"#)
        cluster.settle { seen.withLock { $0.count == 2 } }
        #expect(seen.withLock { $0 } == ["x 8080", "x 2"])
        #expect(watch.revision.value > 0)
        hooks.on("/convert") { _, _ in nil }
        try make("y")
        cluster.settle { seen.withLock { $0.count == 3 } }
        #expect(seen.withLock { $0.last } == "ended")
        watch.cancel()
    }

    @Test func aWebhookThatIsDownFailsWhatNeedsIt() throws {
        try make("x")
        hooks.on("/convert") { _, _ in nil }
        let refusal = try #require(try cluster.refusal(.get, widgets("v2", "x")))
        #expect(refusal.code == 500)
        #expect(
            refusal.message
                == "conversion webhook for example.com/v2, Kind=Widget failed: Post \"https://hooks.example.com/convert?timeout=30s\": connection refused"
        )
        #expect(try cluster.refusal(.list, widgets("v2"))?.code == 500)
        #expect(
            try cluster.refusal(.create, widgets("v2"), #"{"metadata":{"name":"y"},"host":"h","port":"1"}"#)?.code
                == 500)
        // Nothing is lost, and what needs nobody goes on.
        #expect(try cluster.send(.get, widgets("v1", "x"))["hostPort"].text == "localhost:8080")
        hooks.on("/convert") { review, request in ConversionWebhookTests.convert(review, request) }
        #expect(try cluster.send(.get, widgets("v2", "x"))["port"].text == "8080")
    }

    @Test(arguments: [
        (#""uid":"UID","result":{"status":"Failure","message":"cannot"},"convertedObjects":[]"#, "failed: cannot"),
        (
            #""uid":"other","result":{"status":"Success"},"convertedObjects":[]"#,
            "failed: expected response.uid="
        ),
        (
            #""uid":"UID","result":{"status":"Success"},"convertedObjects":[]"#,
            "returned 0 objects, expected 1"
        ),
        (
            #""uid":"UID","result":{"status":"Success"},"convertedObjects":[{"apiVersion":"example.com/v1","kind":"Widget"}]"#,
            "invalid groupVersion (expected example.com/v2, received example.com/v1)"
        ),
        (
            #""uid":"UID","result":{"status":"Success"},"convertedObjects":[{"apiVersion":"example.com/v2","kind":"Widget","metadata":{"name":"other"}}]"#,
            "must have the same name: x != other"
        ),
    ])
    func whatIsNoConversionIsRefused(response: String, expected: String) throws {
        try make("x")
        hooks.on("/convert") { _, request in
            #"{"kind":"ConversionReview","apiVersion":"apiextensions.k8s.io/v1","response":{\#(response.replacing("UID", with: request["uid"].text))}}"#
        }
        let refusal = try #require(try cluster.refusal(.get, widgets("v2", "x")))
        #expect(refusal.code == 500)
        #expect(refusal.message.contains(expected), "\(refusal.message)")
    }

    @Test func ofTheMetadataOnlyLabelsAndAnnotationsMayChange() throws {
        try make("x")
        hooks.on("/convert") { review, request in
            ConversionWebhookTests.convert(review, request) { map in
                guard case .map(var metadata)? = map["metadata"] else { return }
                metadata["labels"] = .map(Map(unsorted: [.init(key: "converted", value: .string("yes"))]))
                metadata["resourceVersion"] = .string("1")
                metadata["creationTimestamp"] = nil
                map["metadata"] = .map(metadata)
            }
        }
        let before = try cluster.send(.get, widgets("v1", "x"))["metadata"]
        let after = try cluster.send(.get, widgets("v2", "x"))["metadata"]
        #expect(after["labels"]["converted"].text == "yes")
        #expect(after["resourceVersion"] == before["resourceVersion"])
        #expect(after["creationTimestamp"] == before["creationTimestamp"])
    }

    @Test func objectsLieInTheVersionOfTheirLastWrite() throws {
        try make("old")
        var definition = definitions
        definition.name = "widgets.example.com"
        _ = try cluster.send(.patch, definition, ConversionWebhookTests.definition(stored: "v2"))
        cluster.settle()
        try make("new")
        hooks.forget()
        // Each is sent where it is needed, and only there.
        let second = try cluster.send(.list, widgets("v2"))
        #expect(second["items"].items.map { $0["port"].text } == ["8080", "8080"])
        #expect(hooks.requests.last?.request["objects"].items.map { $0["metadata"]["name"].text } == ["old"])
        let first = try cluster.send(.list, widgets("v1"))
        #expect(first["items"].items.map { $0["hostPort"].text } == ["localhost:8080", "localhost:8080"])
        #expect(stored("old") == "example.com/v1")
        #expect(stored("new") == "example.com/v2")
        // A write that changes nothing migrates.
        _ = try cluster.send(.patch, widgets("v1", "old"), "{}")
        #expect(stored("old") == "example.com/v2")
        let status = try cluster.send(.get, definition)["status"]["storedVersions"]
        #expect(status.items.map(\.text) == ["v1", "v2"])
    }

    private func stored(_ name: String) -> String {
        cluster.registry.stored(widgets("v1", name))?.type.kind?.apiVersion ?? ""
    }

    @Test func aDefinitionGoesAlsoWhileItsWebhookIsDown() throws {
        try make("x")
        hooks.on("/convert") { _, _ in nil }
        var definition = definitions
        definition.name = "widgets.example.com"
        _ = try cluster.send(.delete, definition)
        cluster.settle { cluster.registry.stored(definition) == nil }
        #expect(try cluster.refusal(.get, definition)?.code == 404)
    }

    @Test func webhooksOfAdmissionSeeTheVersionThatTheyKnow() throws {
        let rule =
            #"{"operations":["CREATE"],"apiGroups":["example.com"],"apiVersions":["v1"],"resources":["widgets"]}"#
        hooks.answer("/old") { request in
            #expect(request["object"]["hostPort"].text == "h:1")
            return WebhookCluster.patch(#"[{"op":"replace","path":"/hostPort","value":"h:2"}]"#)
        }
        try cluster.register(.mutating, "hooks", WebhookCluster.webhook("/old", rule: rule))
        let made = try cluster.send(
            .create, widgets("v2"), #"{"metadata":{"name":"y"},"host":"h","port":"1"}"#)
        #expect(made["port"].text == "2")
    }
}
