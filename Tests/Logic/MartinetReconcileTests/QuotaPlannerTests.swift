import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetReconcile
import MartinetSchema
import Testing

@Suite struct QuotaPlannerTests {
    private func object(_ type: String, _ json: String) throws -> Object {
        let type = try #require(Schema.builtin.type(named: type))
        return try JSONDecoder.decode(Array(json.utf8), as: type).object
    }

    private func subject(_ spec: String, status: String = "{}") throws -> QuotaSubject {
        let json = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":\#(spec),"status":\#(status)}"#
        return QuotaSubject(try object("v1.Pod", json), Pod.kind)
    }

    private func container(_ cpu: String, _ more: String = "") -> String {
        #"{"name":"c","resources":{"requests":{"cpu":"\#(cpu)"}}\#(more)}"#
    }

    private let now = Timestamp(seconds: 1_700_000_000)

    @Test func aPodTakesWhatItsContainersTakeOrThoseBeforeThem() throws {
        let sidecar = container("100m", #","restartPolicy":"Always""#)
        let pod = try subject(
            #"{"initContainers":[\#(sidecar),\#(container("900m"))],"containers":[\#(container("200m")),\#(container("300m"))]}"#
        )
        // The one before the others runs beside the sidecar: 1000m, where the others need 600m with it.
        #expect(pod.usage(at: now)["requests.cpu"] == Quantity("1"))
        #expect(pod.usage(at: now)["pods"] == Quantity(1))
    }

    @Test func aPodThatHasEndedIsOnlyStored() throws {
        let pod = try subject(#"{"containers":[\#(container("1"))]}"#, status: #"{"phase":"Succeeded"}"#)
        #expect(pod.usage(at: now) == ["count/pods": Quantity(1)])
    }

    @Test func theStatusSaysWhatIsUsedAndIsWrittenOnce() throws {
        let json = """
            {"apiVersion":"v1","kind":"ResourceQuota","metadata":{"name":"q","namespace":"n"},\
            "spec":{"hard":{"pods":"5","requests.cpu":"2"}}STATUS}
            """
        let subjects = [try subject(#"{"containers":[\#(container("500m"))]}"#)]
        let fresh = try object("v1.ResourceQuota", json.replacing("STATUS", with: ""))
        #expect(!QuotaPlanner.plan(fresh, subjects, now: now).isEmpty)
        let status = #","status":{"hard":{"pods":"5","requests.cpu":"2"},"used":{"pods":"1","requests.cpu":"0.5"}}"#
        let known = try object("v1.ResourceQuota", json.replacing("STATUS", with: status))
        #expect(QuotaPlanner.used(known, subjects, now: now)["requests.cpu"] == Quantity("500m"))
        #expect(QuotaPlanner.plan(known, subjects, now: now).isEmpty)
    }
}
