import MartinetAPI
import MartinetSchema
import Testing

@testable import MartinetKubelet

@Suite struct StatusPatchTests {
    private func text(_ old: PodStatus, _ new: PodStatus, uid: String? = nil) -> String? {
        StatusPatch.document(from: old.object, to: new.object, uid: uid).map { String(decoding: $0, as: UTF8.self) }
    }

    @Test func theSameIsNotWritten() {
        let status = PodStatus {
            $0.phase = "Running"
            $0.podIP = "10.0.0.1"
        }
        #expect(text(status, status, uid: "u") == nil)
        #expect(text(PodStatus(), PodStatus()) == nil)
    }

    @Test func onlyWhatDiffersIsWrittenWithTheUidAsItsCondition() {
        let old = PodStatus {
            $0.phase = "Pending"
            $0.podIP = "10.0.0.1"
        }
        var new = old
        new.phase = "Running"
        #expect(text(old, new, uid: "u-1") == "{\"metadata\":{\"uid\":\"u-1\"},\"status\":{\"phase\":\"Running\"}}")
        #expect(text(old, new) == "{\"status\":{\"phase\":\"Running\"}}")
    }

    @Test func whatIsGoneIsTakenAway() {
        let old = PodStatus {
            $0.phase = "Running"
            $0.reason = "x"
            $0.message = "y"
        }
        let bare = PodStatus { $0.phase = "Running" }
        #expect(
            text(old, bare) == "{\"status\":{\"message\":null,\"reason\":null}}"
                || text(old, bare) == "{\"status\":{\"reason\":null,\"message\":null}}")
        var changed = bare
        changed.phase = "Failed"
        let patch = text(old, changed)
        #expect(
            patch?.hasPrefix("{\"status\":{\"phase\":\"Failed\",") == true && patch?.contains("\"reason\":null") == true
        )
    }

    @Test func aListIsWrittenWhole() throws {
        let old = PodStatus { $0.podIPs = [PodIP { $0.ip = "10.0.0.1" }] }
        var new = old
        new.podIPs.append(PodIP { $0.ip = "10.0.0.2" })
        #expect(text(old, new) == "{\"status\":{\"podIPs\":[{\"ip\":\"10.0.0.1\"},{\"ip\":\"10.0.0.2\"}]}}")
        // Applied to what there was, it gives what there is.
        let patch = try #require(StatusPatch.document(from: old.object, to: new.object, uid: nil))
        #expect(try JSONDecoder.decode(Array(patch), as: Pod.type).object == Pod { $0.status = new }.object)
    }

    /// A structure is encoded even where it is empty: one that does not differ is written as it is, never as nothing.
    @Test func structuresThatDoNotDifferAreNotUndone() throws {
        let old = NodeStatus {
            $0.phase = "a"
            $0.nodeInfo.machineID = "m"
            $0.daemonEndpoints.kubeletEndpoint.Port = 10250
        }
        var new = old
        new.phase = "b"
        let patch = try #require(StatusPatch.document(from: old.object, to: new.object, uid: nil))
        let written = Node(object: try JSONDecoder.decode(patch, as: Node.type).object).status
        #expect(written.phase == "b" && written.nodeInfo.machineID == "m")
        #expect(written.daemonEndpoints.kubeletEndpoint.Port == 10250)
    }
}
