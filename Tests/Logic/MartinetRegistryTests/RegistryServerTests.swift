import MartinetImageSpec
import MartinetRegistry
import Testing

@Suite struct RegistryServerTests {
    private func send(
        _ server: inout RegistryServer, _ method: String, _ target: String, _ body: [UInt8] = [],
        _ headers: [(String, String)] = []
    ) -> RegistryServer.Response {
        server.handle(.init(method: method, host: "r", target: target, headers: headers, body: body))
    }

    @Test func uploadsInPartsAndAtOnce() {
        var server = RegistryServer()
        let begun = send(&server, "POST", "/v2/a/b/blobs/uploads/")
        let place = begun.headers.first { $0.0 == "Location" }?.1 ?? ""
        #expect(begun.status == 202)
        #expect(send(&server, "PATCH", place, [1, 2], [("Content-Range", "0-1")]).status == 202)
        #expect(send(&server, "PATCH", place, [9], [("Content-Range", "5-5")]).status == 416)
        let digest = ContentDigest(of: [1, 2, 3])
        #expect(send(&server, "PUT", place + "?digest=sha256:00", [3]).status == 400)
        let again = send(&server, "POST", "/v2/a/b/blobs/uploads/?digest=\(digest)", [1, 2, 3])
        #expect(again.status == 201)
        #expect(send(&server, "GET", "/v2/a/b/blobs/\(digest)").body == [1, 2, 3])
        #expect(send(&server, "GET", "/v2/a/b/blobs/\(digest)", [], [("Range", "bytes=2-")]).status == 206)
        #expect(
            send(&server, "GET", "/v2/other/blobs/\(digest)").status == 404, "a repository has only what it was given")
        #expect(send(&server, "POST", "/v2/other/blobs/uploads/?mount=\(digest)&from=a/b").status == 201)
    }

    @Test func manifestsNeedTheirParts() throws {
        var server = RegistryServer()
        let config = Array("{}".utf8)
        let manifest = try ImageJSON.encode(
            ImageManifest(config: Descriptor(mediaType: MediaType.ociConfig, content: config), layers: []))
        let type = [("Content-Type", MediaType.ociManifest)]
        #expect(send(&server, "PUT", "/v2/a/manifests/1", manifest, type).status == 404)
        #expect(send(&server, "POST", "/v2/a/blobs/uploads/?digest=\(ContentDigest(of: config))", config).status == 201)
        for tag in ["1", "2", "3"] {
            #expect(send(&server, "PUT", "/v2/a/manifests/\(tag)", manifest, type).status == 201)
        }
        #expect(send(&server, "PUT", "/v2/a/manifests/.x", manifest, type).status == 400)
        #expect(send(&server, "PUT", "/v2/a/manifests/x", manifest, [("Content-Type", "text/plain")]).status == 415)
        let page = send(&server, "GET", "/v2/a/tags/list?n=2")
        #expect(String(decoding: page.body, as: UTF8.self) == #"{"name":"a","tags":["1","2"]}"#)
        #expect(page.headers.contains { $0.0 == "Link" })
        #expect(
            String(decoding: send(&server, "GET", "/v2/_catalog").body, as: UTF8.self) == #"{"repositories":["a"]}"#)
        #expect(send(&server, "DELETE", "/v2/a/manifests/\(ContentDigest(of: manifest))").status == 202)
        #expect(send(&server, "GET", "/v2/a/manifests/1").status == 404)
    }

    @Test(arguments: [
        "", "/", "/v2", "/v2//", "/v2/a", "/v2/A/tags/list", "/v2/../manifests/x", "/v2/a/blobs/x", "/v2/a/manifests/",
        "/v2/a/blobs/uploads/%ff?digest=%", "/token?scope=:::", "/v2/_catalog?n=-1",
        "/v2/_catalog?n=99999999999999999999",
    ]) func anyTargetIsAnswered(target: String) {
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "x"] {
            var server = RegistryServer(
                authentication: .init(scheme: .basic, realm: "r", service: "s", users: [:]))
            #expect((200..<500).contains(send(&server, method, target).status))
        }
    }
}
