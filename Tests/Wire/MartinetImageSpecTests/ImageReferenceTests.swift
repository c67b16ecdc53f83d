import MartinetImageSpec
import Testing

@Suite struct ImageReferenceTests {
    @Test(arguments: [
        ("nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("nginx:1.7.9", "docker.io/library/nginx:1.7.9", "nginx:1.7.9"),
        ("backup/mon-conteneur", "docker.io/backup/mon-conteneur:latest", "backup/mon-conteneur:latest"),
        ("k8s.gcr.io/busybox", "k8s.gcr.io/busybox:latest", "k8s.gcr.io/busybox:latest"),
        ("localhost/a", "localhost/a:latest", "localhost/a:latest"),
        ("localhost:5000/a/b:T_1.x-y", "localhost:5000/a/b:T_1.x-y", "localhost:5000/a/b:T_1.x-y"),
        ("index.docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("docker.io/nginx", "docker.io/library/nginx:latest", "nginx:latest"),
        ("[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"),
        (
            "quay.io/fluentd_elasticsearch/fluentd:v2.5.2", "quay.io/fluentd_elasticsearch/fluentd:v2.5.2",
            "quay.io/fluentd_elasticsearch/fluentd:v2.5.2"
        ),
        ("HOST/a", "HOST/a:latest", "HOST/a:latest"),
        ("a__b---c", "docker.io/library/a__b---c:latest", "a__b---c:latest"),
    ]) func namesAreMadeWhole(typed: String, whole: String, familiar: String) throws {
        let reference = try ImageReference(typed)
        #expect(reference.description == whole)
        #expect(reference.familiar == familiar)
        #expect(try ImageReference(whole) == reference)
    }

    @Test func digestsAndTagsTogether() throws {
        let digest = "sha256:" + String(repeating: "ab", count: 32)
        #expect(try ImageReference("nginx@\(digest)").tag == nil)
        #expect(try ImageReference("nginx:1@\(digest)").target == digest)
    }

    @Test(arguments: [
        "", "Nginx", "a//b", "/a", "a/", "a:", "a:-x", "a:x y", "nginx@sha256:ab", "nginx@md5:00", "a___b", "-a", "a.",
        "host:99999/a", "host:x/a", "a:" + String(repeating: "t", count: 129), String(repeating: "ab", count: 32),
        String(repeating: "a", count: 300), "[::1/a", "é", "a/../b", "a\u{0}b",
    ]) func namesThatAreNoneAreRefused(typed: String) {
        #expect(throws: ImageError.self) { try ImageReference(typed) }
    }

    @Test func upperCaseIsRefusedWithWhatWasMeant() {
        let error = #expect(throws: ImageError.self) { try ImageReference("MyApp:V1") }
        #expect(error?.message.contains("\"myapp:v1\"") == true)
    }
}

@Suite struct DigestTests {
    @Test func sha256OfTheStandardsExamples() {
        let vectors = [
            ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
            ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
            ),
        ]
        for (text, hex) in vectors { #expect(ContentDigest(of: text).hex == hex) }
        var million = SHA256()
        for _ in 0..<1000 { million.update([UInt8](repeating: 97, count: 1000)) }
        #expect(million.digest().hex == "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")
    }

    @Test func bothImplementationsAgreeForEveryLengthAndSplit() {
        let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 * 7) }
        for count in 0..<bytes.count {
            var fast = SHA256()
            var portable = SHA256.portable()
            fast.update(Array(bytes[..<count]))
            portable.update(Array(bytes[..<(count / 3)]))
            portable.update(Array(bytes[(count / 3)..<count]))
            #expect(fast.digest() == portable.digest())
        }
    }
}

@Suite struct DocumentTests {
    @Test func theHostsPlatformIsChosenFromAnIndex() throws {
        func descriptor(_ platform: Platform?, _ text: String) -> Descriptor {
            var descriptor = Descriptor(mediaType: MediaType.ociManifest, content: Array(text.utf8))
            descriptor.platform = platform
            return descriptor
        }
        let amd = descriptor(Platform(architecture: "amd64"), "a")
        let arm = descriptor(Platform(architecture: "arm64"), "b")
        let index = ImageIndex(manifests: [amd, arm])
        #expect(index.manifest(for: Platform(architecture: "amd64")) == amd)
        #expect(index.manifest(for: Platform(architecture: "arm64", variant: "v8")) == arm)
        #expect(index.manifest(for: Platform(architecture: "s390x")) == nil)
        #expect(ImageIndex(manifests: [descriptor(nil, "c")]).manifest(for: .host) != nil)
    }

    @Test func errorsNameTheField() {
        let error = #expect(throws: ImageError.self) {
            try ImageJSON.decode(ImageManifest.self, from: Array(#"{"schemaVersion":2,"layers":[]}"#.utf8), of: "m")
        }
        #expect(error?.message == "m: .config is missing")
        #expect(throws: ImageError.self) {
            try ImageJSON.decode(
                ImageManifest.self, from: Array(repeating: UInt8(ascii: "["), count: 100_000), of: "deep")
        }
    }

    @Test func chainsFollowTheSpecification() {
        let a = ContentDigest(of: "a")
        let b = ContentDigest(of: "b")
        #expect(ImageConfig.chainIDs(of: [a, b]) == [a, ContentDigest(of: "\(a) \(b)")])
    }
}
