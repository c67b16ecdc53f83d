import MartinetCertificates
import Testing

@Suite("the token signer")
struct TokenSignerTests {
    @Test("a token verifies with its own key, after a reload too, and with no other")
    func roundTrip() throws {
        let signer = TokenSigner()
        let claims = Array(#"{"sub":"system:serviceaccount:a:b"}"#.utf8)
        let token = try signer.sign(claims)
        #expect(try signer.verify(token) == claims)
        let loaded = try TokenSigner(privateKeyPEM: signer.privateKeyPEM)
        #expect(try loaded.verify(token) == claims && loaded.keyID == signer.keyID)
        #expect(throws: CertificateError.self) { try TokenSigner().verify(token) }
        #expect(signer.jwks().contains(signer.keyID) && signer.jwks(with: [TokenSigner()]).contains("},{"))
    }

    @Test("a token that was changed anywhere, or names another algorithm, is refused")
    func tampered() throws {
        let signer = TokenSigner()
        let token = try signer.sign(Array("{}".utf8))
        for index in token.indices {
            var broken = token
            broken.replaceSubrange(index...index, with: token[index] == "A" ? "B" : "A")
            #expect(throws: CertificateError.self) { try signer.verify(broken) }
        }
        let parts = token.split(separator: ".")
        // {"alg":"none"}
        for foreign in [
            "", ".", "..", "a.b", "eyJhbGciOiJub25lIn0.\(parts[1]).", "eyJhbGciOiJub25lIn0.\(parts[1]).\(parts[2])",
        ] {
            #expect(throws: CertificateError.self) { try signer.verify(foreign) }
        }
    }
}
