import MartinetClient
import MartinetWebhooks
import Testing

@Suite struct AdmissionAnswerTests {
    private func read(_ response: String, isMutating: Bool = true, version: String = "v1") throws -> AdmissionAnswer {
        let text =
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/\#(version)","response":{"uid":"u",\#(response)}}"#
        return try AdmissionAnswer.read(Array(text.utf8), uid: "u", version: version, isMutating: isMutating)
    }

    /// Source: apiserver's admission/plugin/webhook/errors/statuserror_test.go.
    @Test(arguments: [
        (#""allowed":false"#, 400, #"admission webhook "w" denied the request without explanation"#),
        (
            #""allowed":false,"status":{"message":"m","reason":"r","code":422}"#, 422,
            #"admission webhook "w" denied the request: m"#
        ),
        (#""allowed":false,"status":{"reason":"r","code":200}"#, 400, #"admission webhook "w" denied the request: r"#),
        (#""status":{"code":999999999999}"#, 400, #"admission webhook "w" denied the request without explanation"#),
    ])
    func aRefusalIsNeverASuccess(response: String, code: Int, message: String) throws {
        let answer = try read(response)
        #expect(!answer.isAllowed)
        #expect(answer.refusal(by: "w").code == code)
        #expect(answer.refusal(by: "w").message == message)
    }

    @Test(arguments: [
        #""allowed":true,"patch":"W10=""#, #""allowed":true,"patchType":"JSONPatch""#,
        #""allowed":true,"patch":"W10=","patchType":"Merge""#, #""allowed":"yes""#, #""allowed":true,"patch":"?""#,
        #""allowed":true,"patch":5"#,
    ])
    func whatIsContradictoryIsNoAnswer(response: String) {
        #expect(throws: InvalidAnswer.self) { try read(response) }
    }

    @Test(arguments: ["", "[]", "null", "{", "{\"response\":[]}", "{\"response\":{\"uid\":1}}", "\u{0}"])
    func whatIsNoReviewIsNoAnswer(text: String) {
        #expect(throws: InvalidAnswer.self) {
            try AdmissionAnswer.read(Array(text.utf8), uid: "u", version: "v1", isMutating: false)
        }
    }

    @Test func theOlderReviewIsNotLookedAtSoClosely() throws {
        let text = #"{"response":{"uid":"other","allowed":true,"patch":"W10="}}"#
        let answer = try AdmissionAnswer.read(Array(text.utf8), uid: "u", version: "v1beta1", isMutating: true)
        #expect(answer.isAllowed)
        #expect(answer.patch == Array("[]".utf8))
    }

    @Test func everyPrefixOfAnAnswerIsReadOrRefused() {
        let text = Array(
            #"{"kind":"AdmissionReview","apiVersion":"admission.k8s.io/v1","response":{"uid":"u","allowed":true,"warnings":["w",1],"auditAnnotations":{"a":"b","c":[]}}}"#
                .utf8)
        for count in 0..<text.count {
            #expect(throws: InvalidAnswer.self) {
                try AdmissionAnswer.read(Array(text[..<count]), uid: "u", version: "v1", isMutating: false)
            }
        }
    }
}
