import MartinetAPI
import MartinetPodSecurity
import MartinetSchema
import Testing

@Suite struct PodSecurityTests {
    private func pod(_ spec: String) throws -> Object {
        let json = #"{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"},"spec":\#(spec)}"#
        return try JSONDecoder.decode(Array(json.utf8), as: Pod.type).object
    }

    @Test func aRefusalNamesTheFieldItsValueAndWhatWouldDo() throws {
        let pod = try pod(#"{"containers":[{"name":"c","image":"i","securityContext":{"privileged":true}}]}"#)
        let violations = PodSecurity.violations(of: pod, against: PodSecurityTarget(.baseline))
        #expect(violations.map(\.check) == ["privileged"])
        #expect(
            PodSecurity.text(violations)
                == #"privileged (spec.containers[0].securityContext.privileged of container "c" is true: it must be unset or false)"#
        )
    }

    @Test func aCheckOfTheStricterLevelTakesThePlaceOfTheLaxerOne() throws {
        let pod = try pod(#"{"containers":[],"volumes":[{"name":"v","hostPath":{"path":"/"}}]}"#)
        let restricted = PodSecurity.violations(of: pod, against: PodSecurityTarget(.restricted))
        #expect(restricted.map(\.check) == ["restrictedVolumes"])
        #expect(PodSecurity.violations(of: pod, against: PodSecurityTarget(.privileged)).isEmpty)
    }

    @Test func labelsThatAreNotUnderstoodAreEnforcedStrictlyAndNotWarnedAbout() {
        let labels = ["pod-security.kubernetes.io/enforce": "strict", "pod-security.kubernetes.io/warn": "x"]
        let (policy, faults) = PodSecurityPolicy.read({ labels[$0] }, defaults: PodSecurityPolicy())
        #expect(policy.enforce.level == .restricted)
        #expect(policy.warn.level == .privileged)
        #expect(faults.count == 2)
    }

    @Test func versionsAreLatestOrAMinorOfOne() {
        #expect(PodSecurityVersion("v1.30")?.minor == 30)
        #expect(PodSecurityVersion("latest") == .latest)
        for text in ["", "v1.", "v1.01", "v2.0", "1.3", "v1.99999999999999999999"] {
            #expect(PodSecurityVersion(text) == nil)
        }
    }

    @Test func whatIsEnforcedIsWarnedAboutToo() {
        let labels = ["pod-security.kubernetes.io/enforce": "baseline"]
        #expect(
            PodSecurityPolicy.read({ labels[$0] }, defaults: PodSecurityPolicy()).policy.warn
                == PodSecurityTarget(.baseline))
    }
}
