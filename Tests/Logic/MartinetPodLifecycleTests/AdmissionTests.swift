import MartinetAPI
import MartinetPodLifecycle
import MartinetScheduling
import MartinetSchema
import Testing

@Suite struct AdmissionTests {
    private static func pod(_ spec: String) throws -> Pod {
        let json = "{\"metadata\":{\"name\":\"p\"},\"spec\":\(spec)}"
        return Pod(object: try JSONDecoder.decode(Array(json.utf8), as: Pod.type).object)
    }

    private static func asking(_ requests: String, _ more: String = "") throws -> Pod {
        try pod("{\"containers\":[{\"name\":\"a\",\"resources\":{\"requests\":{\(requests)}}\(more)}]}")
    }

    private static let node = ResourceVector([
        "cpu": "2", "memory": "1Gi", "ephemeral-storage": "10Gi", "pods": "2",
    ])

    @Test func whatDoesNotFitIsToldInTheKubeletsWords() throws {
        let admission = NodeAdmission(allocatable: Self.node)
        let half = try Self.asking("\"cpu\":\"1500m\",\"memory\":\"600Mi\"")
        #expect(admission.refusal(of: half, beside: []) == nil)
        let second = admission.refusal(of: half, beside: [half])
        #expect(second?.reason == "OutOfcpu")
        #expect(
            second?.message
                == "Pod was rejected: Node didn't have enough resource: cpu, requested: 1500, used: 1500, capacity: 2000"
        )
        let memory = try Self.asking("\"memory\":\"600Mi\"")
        #expect(admission.refusal(of: memory, beside: [half])?.reason == "OutOfmemory")
        let none = try Self.pod("{\"containers\":[{\"name\":\"a\"}]}")
        #expect(admission.refusal(of: none, beside: [half]) == nil, "who asks for nothing always fits")
        #expect(admission.refusal(of: none, beside: [none, none])?.reason == "OutOfpods")
        let disk = try Self.asking("\"ephemeral-storage\":\"11Gi\"")
        #expect(admission.refusal(of: disk, beside: [])?.reason == "OutOfephemeral-storage")
        let absurd = try Self.asking("\"memory\":\"9E\"")
        #expect(admission.refusal(of: absurd, beside: [absurd])?.reason == "OutOfmemory")
    }

    @Test func aPortOfTheHostIsGivenOnce() throws {
        let admission = NodeAdmission(allocatable: Self.node)
        let ports = { (port: String) in
            try Self.asking("", ",\"ports\":[{\"containerPort\":80,\"hostPort\":8080\(port)}]")
        }
        let all = try ports("")
        #expect(admission.refusal(of: all, beside: [all])?.reason == "NodePorts")
        #expect(try admission.refusal(of: ports(",\"hostIP\":\"10.0.0.1\""), beside: [all])?.reason == "NodePorts")
        #expect(try admission.refusal(of: ports(",\"protocol\":\"UDP\""), beside: [all]) == nil)
        #expect(
            try admission.refusal(
                of: ports(",\"hostIP\":\"10.0.0.1\""), beside: [ports(",\"hostIP\":\"10.0.0.2\"")]) == nil)
    }

    @Test func aNodeThatIsLowTakesOnlyWhatMatters() throws {
        let low = NodeAdmission(allocatable: Self.node, isMemoryLow: true)
        let effort = try Self.pod("{\"containers\":[{\"name\":\"a\"}]}")
        let refusal = low.refusal(of: effort, beside: [])
        #expect(refusal?.reason == "Evicted")
        #expect(refusal?.message == "Pod was rejected: The node had condition: [MemoryPressure]. ")
        let burstable = try Self.asking("\"cpu\":\"1m\"")
        #expect(low.refusal(of: burstable, beside: []) == nil)
        let tolerant = try Self.pod(
            "{\"containers\":[{\"name\":\"a\"}],\"tolerations\":[{\"key\":\"node.kubernetes.io/memory-pressure\",\"operator\":\"Exists\"}]}"
        )
        #expect(low.refusal(of: tolerant, beside: []) == nil)
        let full = NodeAdmission(allocatable: Self.node, isDiskLow: true)
        #expect(full.refusal(of: burstable, beside: [])?.reason == "Evicted")
        let critical = try Self.pod("{\"priority\":2000000000,\"containers\":[{\"name\":\"a\"}]}")
        #expect(full.refusal(of: critical, beside: []) == nil)
    }
}

@Suite struct PressureTests {
    @Test func conditionsComeAtOnceAndGoFiveMinutesLater() {
        var pressure = NodePressure(NodePressure.Thresholds())
        var readings = NodeReadings()
        readings.memoryAvailable = 99 << 20
        let breach = pressure.observe(readings, at: .seconds(0)).first
        #expect(
            breach?.message == "The node was low on resource: memory. Threshold quantity: 100Mi, available: 99Mi. ")
        #expect(pressure.isMemoryLow && !pressure.isDiskLow)
        readings.memoryAvailable = 1 << 30
        #expect(pressure.observe(readings, at: .seconds(299)).isEmpty)
        #expect(pressure.isMemoryLow)
        _ = pressure.observe(readings, at: .seconds(300))
        #expect(!pressure.isMemoryLow)
        (readings.diskCapacity, readings.diskAvailable) = (1000, 99)
        (readings.inodes, readings.inodesFree) = (1000, 49)
        #expect(pressure.observe(readings, at: .seconds(301)).map(\.resource) == ["ephemeral-storage", "inodes"])
        #expect(pressure.isDiskLow)
        // Eleven GiB are enough on a disk of two TiB, nine are not.
        (readings.inodes, readings.diskCapacity, readings.diskAvailable) = (0, 2 << 40, 11 << 30)
        #expect(pressure.observe(readings, at: .seconds(302)).isEmpty)
        readings.diskAvailable = 9 << 30
        #expect(pressure.observe(readings, at: .seconds(303)).count == 1)
    }

    @Test func whoTakesMoreThanAskedForGoesFirst() {
        let one = { (uid: String, priority: Int32, usage: Int64, request: Int64) in
            NodePressure.Candidate(uid: uid, priority: priority, usage: usage, request: request)
        }
        let ranked = NodePressure.ranked([
            one("modest", 0, 100, 200), one("important", 10, 900, 0), one("greedy", 0, 500, 100),
            one("greedier", 0, 600, 100), one("idle", -5, 0, 0),
        ])
        #expect(ranked.map(\.uid) == ["greedier", "greedy", "important", "idle", "modest"])
    }

    @Test func localStorageIsHeldToItsLimits() throws {
        let json = """
            {"spec":{"volumes":[{"name":"v","emptyDir":{"sizeLimit":"1Mi"}},{"name":"m","emptyDir":{"medium":"Memory","sizeLimit":"1Mi"}}],
             "containers":[{"name":"a","resources":{"limits":{"ephemeral-storage":"2Mi"}}},{"name":"b"}]}}
            """
        let pod = Pod(object: try JSONDecoder.decode(Array(json.utf8), as: Pod.type).object)
        #expect(LocalStorage.isLimited(pod) && !LocalStorage.isLimited(Pod()))
        var usage = LocalStorage()
        usage.emptyDirs = ["v": 1 << 20]
        usage.containers = ["a": 1 << 20, "b": 0]
        #expect(usage.excess(of: pod) == nil)
        usage.containers["b"] = 1
        #expect(
            usage.excess(of: pod) == "Pod ephemeral local storage usage exceeds the total limit of containers 2097152. "
        )
        usage.containers["a"] = 3 << 20
        #expect(usage.excess(of: pod) == "Container a exceeded its local ephemeral storage limit \"2Mi\". ")
        usage.emptyDirs = ["v": .max]
        #expect(usage.excess(of: pod) == "Usage of EmptyDir volume \"v\" exceeds the limit \"1Mi\". ")
    }
}
