import MartinetAPICore
import MartinetClient
import MartinetSchema
import MartinetTesting
import MartinetTransport
import Testing

@Suite struct ServedKindTests {
    private let cron = """
        {"kind":"CronJob","apiVersion":"batch/v1beta1","metadata":{"name":"c"},"spec":{"schedule":"* * * * *","jobTemplate":{\
        "spec":{"template":{"spec":{"restartPolicy":"Never","containers":[{"name":"c","image":"i:1"}]}}}}}}
        """

    @Test func versionsThatUpstreamDroppedAreServedWithAWarningWhereTheyAreAskedFor() throws {
        let path = "/apis/batch/v1beta1/namespaces/a/cronjobs"
        #expect(try InMemoryServer().send("POST", path, body: cron).status == 404)
        let server = try InMemoryServer(runtimeConfig: RuntimeConfig(servesLegacy: true))
        let made = try server.send("POST", path, body: cron)
        #expect(made.status == 201)
        #expect(made.tree["apiVersion"].text == "batch/v1beta1")
        #expect(
            made.headers.all("warning") == [
                #"299 - "batch/v1beta1 CronJob is deprecated in v1.21+, unavailable in v1.25+; use batch/v1 CronJob""#
            ])
        let modern = try server.send("GET", "/apis/batch/v1/namespaces/a/cronjobs/c")
        #expect(modern.tree["apiVersion"].text == "batch/v1")
        #expect(modern.headers.all("warning") == [])
        let table = try server.send("GET", path, accept: "application/json;as=Table;g=meta.k8s.io;v=v1")
        #expect(table.tree["columnDefinitions"].items.map { $0["name"].text }.contains("Schedule"))
    }

    @Test func bothVersionsOfAnEventAreOneObject() throws {
        let server = try InMemoryServer()
        let event = """
            {"kind":"Event","apiVersion":"v1","metadata":{"name":"e"},"involvedObject":{"kind":"Pod","name":"p",\
            "namespace":"a"},"message":"m","reason":"R","type":"Normal"}
            """
        #expect(try server.send("POST", "/api/v1/namespaces/a/events", body: event).status == 201)
        let other = try server.send("GET", "/apis/events.k8s.io/v1/namespaces/a/events/e").tree
        #expect(other["note"].text == "m")
        #expect(other["regarding"]["name"].text == "p")
        let selected = "/apis/events.k8s.io/v1/namespaces/a/events?fieldSelector=regarding.name%3Dp"
        #expect(try server.send("GET", selected).tree["items"].items.count == 1)
    }

    @Test func aTokenThatIsNoneIsSaidToBeNone() throws {
        let server = try InMemoryServer()
        let review = #"{"kind":"TokenReview","apiVersion":"authentication.k8s.io/v1","spec":{"token":"x"}}"#
        let answer = try server.send("POST", "/apis/authentication.k8s.io/v1/tokenreviews", body: review)
        #expect(answer.status == 201)
        #expect(!answer.tree["status"]["error"].text.isEmpty)
        #expect(try server.send("GET", "/apis/authentication.k8s.io/v1/tokenreviews").status == 405)
        let statuses = try server.send("GET", "/api/v1/componentstatuses")
        #expect(statuses.tree["items"].items.first?["metadata"]["name"].text == "etcd-0")
    }

    @Test(.enabled(if: SharedFiles.root != nil, "the shared answers are not beside this clone"))
    func tokensAreReviewedAsUpstreamDoes() throws {
        let alice = Identity(user: "alice", uid: "2", groups: ["dev", "qa", "system:authenticated"])
        let server = try InMemoryServer(tokens: ["alice-token": alice])
        for line in SharedFiles.read("upstream-answers/defaults.jsonl").split(separator: 10) {
            let item = try JSONDecoder.decodeAny(Array(line)).value
            guard item["id"].text.contains("TokenReview/") else { continue }
            let body = String(decoding: JSONEncoder.encode(item["body"]), as: UTF8.self)
            let answer = try server.send("POST", item["path"].text, body: body)
            #expect(answer.status == 201)
            // Upstream's words for what went wrong are not recorded.
            for field in ["authenticated", "user", "audiences"] {
                #expect(
                    answer.tree["status"][field] == item["answer"]["object"]["status"][field],
                    "\(item["id"].text): \(answer.text)")
            }
        }
    }

    @Test func documentsComeUnderTheirHash() throws {
        // Few kinds: all documents are made before the first of them is told.
        let few = ["api/all=false", "api/ga=false", "v1/namespaces=true", "apps/v1/deployments=true"]
        let server = try InMemoryServer(runtimeConfig: RuntimeConfig(few))
        let index = try server.send("GET", "/openapi/v3").tree
        let url = index["paths"]["apis/apps/v1"]["serverRelativeURL"].text
        #expect(url.hasPrefix("/openapi/v3/apis/apps/v1?hash="))
        let document = try server.send("GET", url)
        #expect(document.status == 200)
        #expect(document.headers["cache-control"]?.contains("immutable") == true)
        #expect(try server.send("GET", "/openapi/v3/apis/apps/v1?hash=0").status == 301)
    }

    @Test func aCertificateIsApprovedByAConditionAlone() throws {
        let server = try InMemoryServer()
        let path = "/apis/certificates.k8s.io/v1/certificatesigningrequests"
        let csr = """
            {"kind":"CertificateSigningRequest","apiVersion":"certificates.k8s.io/v1","metadata":{"name":"c"},"spec":{"request":\
            "eA==","signerName":"example.com/s","usages":["client auth"]}}
            """
        let made = try server.send("POST", path, body: csr)
        guard made.status == 201 else { return }  // the request itself may be checked more closely
        let approval = made.text.replacing(
            #""status":{}"#,
            with:
                #""status":{"conditions":[{"type":"Approved","status":"True","reason":"r","message":"m"}],"certificate":"eA=="}"#
        )
        let answer = try server.send("PUT", path + "/c/approval", body: approval)
        #expect(answer.status == 200)
        #expect(answer.tree["status"]["conditions"].items.first?["type"].text == "Approved")
        #expect(answer.tree["status"]["certificate"] == .null)
    }
}
