import MartinetSchema
import MartinetVersions
import Testing

@Suite struct VersionsTests {
    private func kind(_ name: String) throws -> Kind { try #require(Schema.builtin.type(named: name)?.kind) }

    private func converted(_ json: String, _ from: String, _ to: String) throws -> Object {
        let object = try JSONDecoder.decode(Array(json.utf8), as: kind(from).type).object
        return Versions.convert(object, to: try kind(to))
    }

    private func text(_ object: Object) -> String { String(decoding: JSONEncoder.encode(object), as: UTF8.self) }

    @Test func anEventKeepsItsFieldsUnderItsOtherNames() throws {
        let json = #"{"metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p"},"message":"m","count":3}"#
        let event = try converted(json, "v1.Event", "events.k8s.io/v1.Event")
        #expect(text(event).contains(#""regarding":{"kind":"Pod","name":"p"}"#))
        #expect(text(event).contains(#""note":"m""#))
        #expect(text(event).contains(#""deprecatedCount":3"#))
        let back = Versions.convert(event, to: try kind("v1.Event"))
        #expect(try back == JSONDecoder.decode(Array(json.utf8), as: kind("v1.Event").type).object)
    }

    @Test func whatTheFirstAutoscalerCannotSayLiesInAnnotationsAndComesBack() throws {
        let json = """
            {"metadata":{"name":"h"},"spec":{"scaleTargetRef":{"kind":"Deployment","name":"d"},"maxReplicas":3,"metrics":[\
            {"type":"Pods","pods":{"metric":{"name":"qps"},"target":{"type":"AverageValue","averageValue":"5"}}},\
            {"type":"Resource","resource":{"name":"cpu","target":{"type":"Utilization","averageUtilization":70}}}],\
            "behavior":{"scaleUp":{"stabilizationWindowSeconds":7}}},"status":{"desiredReplicas":1,"currentMetrics":null}}
            """
        let old = try converted(
            json, "autoscaling/v2.HorizontalPodAutoscaler", "autoscaling/v1.HorizontalPodAutoscaler")
        #expect(text(old).contains(#""targetCPUUtilizationPercentage":70"#))
        #expect(text(old).contains("targetAverageValue"))
        let back = Versions.convert(old, to: try kind("autoscaling/v2.HorizontalPodAutoscaler"))
        let original = try JSONDecoder.decode(
            Array(json.utf8), as: kind("autoscaling/v2.HorizontalPodAutoscaler").type
        ).object
        #expect(text(back) == text(original))
    }

    @Test func anEarlyIngressBecomesAModernOne() throws {
        let json = """
            {"metadata":{"name":"i"},"spec":{"backend":{"serviceName":"s","servicePort":80},"rules":[{"host":"a",\
            "http":{"paths":[{"path":"/","pathType":"Prefix","backend":{"serviceName":"t","servicePort":"web"}}]}}]}}
            """
        let ingress = try converted(json, "extensions/v1beta1.Ingress", "networking.k8s.io/v1.Ingress")
        #expect(text(ingress).contains(#""defaultBackend":{"service":{"name":"s","port":{"number":80}}}"#))
        #expect(text(ingress).contains(#""backend":{"service":{"name":"t","port":{"name":"web"}}}"#))
        let back = Versions.convert(ingress, to: try kind("extensions/v1beta1.Ingress"))
        #expect(try back == JSONDecoder.decode(Array(json.utf8), as: kind("extensions/v1beta1.Ingress").type).object)
    }

    @Test func aDeviceRequestOfTheFirstFormIsExact() throws {
        let json = """
            {"metadata":{"name":"c"},"spec":{"devices":{"requests":[{"name":"r","deviceClassName":"d","count":2}]}}}
            """
        let claim = try converted(json, "resource.k8s.io/v1beta1.ResourceClaim", "resource.k8s.io/v1.ResourceClaim")
        #expect(text(claim).contains(#""exactly":{"deviceClassName":"d","count":2}"#))
        let back = Versions.convert(claim, to: try kind("resource.k8s.io/v1beta1.ResourceClaim"))
        #expect(text(back).contains(#"{"name":"r","deviceClassName":"d","count":2}"#))
    }

    @Test func everyVersionOfEveryKindLeadsToOneThatIsStored() {
        for kind in Schema.builtin.kinds where !kind.storedAs.isEmpty {
            let storage = Versions.storage(of: kind)
            #expect(storage != kind, "\(kind.apiVersion) \(kind.name): \(kind.storedAs) is no kind")
            #expect(storage.storedAs.isEmpty)
        }
    }
}
