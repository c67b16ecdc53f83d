import MartinetAPI
import MartinetAddresses
import MartinetAPICore
import MartinetClient
import MartinetSchema
import Testing

/// One object, seen and changed in several versions.
@Suite struct ServedVersionTests {
    private func type(_ name: String) throws -> ObjectType { try #require(Schema.builtin.type(named: name)) }

    private func request(
        _ verb: APIRequest.Verb, _ type: String, _ name: String? = nil, subresource: String = "", body: String = ""
    ) throws -> APIRequest {
        let type = try self.type(type)
        let kind = try #require(type.kind)
        var request = APIRequest(
            verb,
            ResourceName(kind, namespace: kind.isNamespaced ? "shop" : nil, name: name, subresource: subresource))
        if !body.isEmpty, verb != .patch { request.object = try JSONDecoder.decode(Array(body.utf8), as: type).object }
        if verb == .patch { request.patch = (.merge, Array(body.utf8)) }
        return request
    }

    private static let v1 = "autoscaling/v1.HorizontalPodAutoscaler"
    private static let v2 = "autoscaling/v2.HorizontalPodAutoscaler"

    @Test func anAutoscalerIsOneObjectInBothVersions() throws {
        let cluster = try TestCluster()
        let body = """
            {"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"maxReplicas":3,\
            "targetCPUUtilizationPercentage":70}}
            """
        let made = try cluster.send(request(.create, Self.v1, body: body))
        #expect(made.type == (try type(Self.v1)))
        let modern = try cluster.send(request(.get, Self.v2, "h"))
        #expect(modern.metadata.uid == made.metadata.uid)
        #expect(modern.metadata.resourceVersion == made.metadata.resourceVersion)
        let metric = modern.part("spec")?.parts("metrics").first?.part("resource")?.part("target")
        #expect(metric?[field: "averageUtilization"] == .int(70))

        let changed = try cluster.send(
            request(.patch, Self.v1, "h", body: #"{"spec":{"targetCPUUtilizationPercentage":50}}"#))
        #expect(changed.value(at: ".spec.targetCPUUtilizationPercentage") == .int(50))
        let status = #"{"status":{"currentReplicas":2,"desiredReplicas":3,"currentMetrics":null}}"#
        _ = try cluster.send(request(.patch, Self.v2, "h", subresource: "status", body: status))
        let seen = try cluster.send(request(.get, Self.v1, "h"))
        #expect(seen.value(at: ".status.desiredReplicas") == .int(3))
        #expect(seen.value(at: ".spec.targetCPUUtilizationPercentage") == .int(50))
        let list = try cluster.send(request(.list, Self.v1))
        #expect(list.type.kind?.name == "HorizontalPodAutoscalerList")
        #expect(list.items.count == 1)
        _ = try cluster.send(request(.delete, Self.v1, "h"))
        #expect(try cluster.failure(request(.get, Self.v2, "h")).code == 404)
    }

    @Test func anAutoscalerWithoutAMetricGetsTheUsualOneInEitherVersion() throws {
        let cluster = try TestCluster()
        let body = """
            {"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"apiVersion":"apps/v1","kind":"Deployment","name":"d"},"maxReplicas":3}}
            """
        let made = try cluster.send(request(.create, Self.v1, body: body))
        #expect(made.value(at: ".spec.targetCPUUtilizationPercentage") == .int(80))
    }

    @Test func aClaimOfTheFirstVersionIsServedInAllOfThem() throws {
        let cluster = try TestCluster(runtimeConfig: try RuntimeConfig(["api/all=true"]))
        let body = """
            {"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","deviceClassName":"d.example.com"}]}}}
            """
        _ = try cluster.send(request(.create, "resource.k8s.io/v1beta1.ResourceClaim", body: body))
        let stored = try cluster.send(request(.get, "resource.k8s.io/v1.ResourceClaim", "c"))
        let exactly = stored.part("spec")?.part("devices")?.parts("requests").first?.part("exactly")
        #expect(exactly?.text("deviceClassName") == "d.example.com")
        #expect(exactly?[field: "count"] == .int(1))
    }

    @Test func whatIsConfiguredIsServedAndNothingElse() throws {
        func served(_ pairs: [String], legacy: Bool = false, _ name: String) throws -> Bool {
            let kind = try #require(type(name).kind)
            return try RuntimeConfig(pairs, servesLegacy: legacy).serves(kind)
        }
        let slice = "resource.k8s.io/v1beta1.ResourceSlice"
        #expect(try !served([], slice))
        #expect(try served(["api/all=true"], slice))
        #expect(try served(["api/beta=true"], slice))
        #expect(try served(["resource.k8s.io/v1beta1=true"], slice))
        #expect(try served(["resource.k8s.io/v1beta1/resourceslices"], slice))
        #expect(try !served(["resource.k8s.io/v1beta1=true", "resource.k8s.io/v1beta1/resourceslices=false"], slice))
        #expect(try !served(["v1/endpoints=false"], "v1.Endpoints"))
        #expect(try !served(["api/v1=false"], "v1.Pod"))
        #expect(try !served(["api/all=true"], "batch/v1beta1.CronJob"))
        #expect(try served([], legacy: true, "batch/v1beta1.CronJob"))
        #expect(try served(["batch/v1beta1=true"], "batch/v1beta1.CronJob"))
        #expect(throws: RuntimeConfig.Invalid.self) { try RuntimeConfig(["example.com/v1=true"]) }
        #expect(throws: RuntimeConfig.Invalid.self) { try RuntimeConfig(["api/all=perhaps"]) }
    }

    @Test func aServiceOfTwoFamiliesHasAnAddressOfEach() throws {
        let network = ServiceNetwork(secondary: .init("fd00:10:96::/112"))
        let cluster = try TestCluster(serviceNetwork: network)
        let body = #"{"metadata":{"name":"s"},"spec":{"ipFamilyPolicy":"PreferDualStack","ports":[{"port":80}]}}"#
        let service = Service(object: try cluster.send(request(.create, "v1.Service", body: body)))
        #expect(service.spec.ipFamilies == ["IPv4", "IPv6"])
        #expect(service.spec.clusterIPs.count == 2)
        #expect(service.spec.clusterIPs.last?.hasPrefix("fd00:10:96::") == true)
        #expect(service.spec.clusterIP == service.spec.clusterIPs.first)
        let single = try cluster.send(
            request(
                .patch, "v1.Service", "s",
                body: #"{"spec":{"ipFamilyPolicy":"SingleStack","ipFamilies":["IPv4"],"clusterIPs":null}}"#))
        #expect(Service(object: single).spec.clusterIPs == [service.spec.clusterIP])
    }
}
