import Crypto
import CryptoExtras
import FoundationEssentials
import MartinetBase
import MartinetCertificates
import Testing

@Suite("keys of other issuers") struct VerificationKeyTests {
    private static func base64(_ bytes: some Collection<UInt8>) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    private static func token(_ algorithm: String, _ sign: ([UInt8]) throws -> [UInt8]) throws -> CompactToken {
        let signed = base64(Array(#"{"alg":"\#(algorithm)"}"#.utf8)) + "." + base64(Array(#"{"a":1}"#.utf8))
        let signature = try sign(Array(signed.utf8))
        return try #require(CompactToken(signed + "." + base64(signature)))
    }

    @Test("an RSA key verifies what it signed, by the algorithm that signed it and by no other")
    func rsa() throws {
        let key = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let numbers = try key.publicKey.getKeyPrimitives()
        let own = try VerificationKey(
            rsaModulus: Self.base64(numbers.modulus), exponent: Self.base64(numbers.publicExponent))
        for (algorithm, padding) in [("RS256", _RSA.Signing.Padding.insecurePKCS1v1_5), ("PS256", .PSS)] {
            let token = try Self.token(algorithm) {
                Array(try key.signature(for: SHA256.hash(data: $0), padding: padding).rawRepresentation)
            }
            for tried in VerificationKey.algorithms + ["none", "HS256", ""] {
                #expect(own.verifies(token, algorithm: tried) == (tried == algorithm), "\(algorithm) as \(tried)")
            }
        }
        let other = try _RSA.Signing.PrivateKey(keySize: .bits2048)
        let foreign = try Self.token("RS256") {
            Array(try other.signature(for: SHA256.hash(data: $0), padding: .insecurePKCS1v1_5).rawRepresentation)
        }
        #expect(!own.verifies(foreign, algorithm: "RS256"))
    }

    @Test("a key of an elliptic curve verifies by its own algorithm only")
    func curves() throws {
        let key = P384.Signing.PrivateKey()
        let raw = Array(key.publicKey.rawRepresentation)
        let own = try VerificationKey(curve: "P-384", x: Self.base64(raw[..<48]), y: Self.base64(raw[48...]))
        let token = try Self.token("ES384") { Array(try key.signature(for: SHA384.hash(data: $0)).rawRepresentation) }
        for tried in VerificationKey.algorithms { #expect(own.verifies(token, algorithm: tried) == (tried == "ES384")) }
    }

    @Test("what is no key, or a weak one, is refused")
    func refusals() throws {
        let small = Self.base64([UInt8](repeating: 0xff, count: 64))
        #expect(throws: (any Error).self) { try VerificationKey(rsaModulus: small, exponent: "AQAB") }
        #expect(throws: (any Error).self) { try VerificationKey(rsaModulus: "", exponent: "") }
        #expect(throws: (any Error).self) { try VerificationKey(curve: "P-256", x: "AA", y: "AA") }
        #expect(throws: (any Error).self) { try VerificationKey(curve: "P-1", x: "AA", y: "AA") }
        for text in ["", "a.b", "..", "a.b.c.d", "!.!.!", String(repeating: "A", count: 70_000) + ".."] {
            #expect(CompactToken(text) == nil || text == "..")
        }
    }

    @Test("only the authority itself is taken for the issuer, and only while both hold")
    func trust() throws {
        let now = Timestamp(seconds: 1_767_225_600)
        let own = try CertificateAuthority.create(commonName: "same", now: now)
        let other = try CertificateAuthority.create(commonName: "same", now: now)
        let trust = try CertificateTrust(pem: own.certificatePEM)
        let life = Duration.seconds(60)
        let good = try own.issue(.client("a"), now: now, validity: life).certificateDER
        let foreign = try other.issue(.client("a"), now: now, validity: life).certificateDER
        #expect(trust.issued(good, now: now) && !trust.issued(foreign, now: now))
        #expect(!trust.issued(good, now: now.advanced(by: .seconds(61))) && !trust.issued([1, 2], now: now))
        #expect(throws: (any Error).self) { try CertificateTrust(pem: Array("nothing".utf8)) }
    }

    @Test("a certificate is due in the last third of its life")
    func renewal() throws {
        let now = Timestamp(seconds: 1_767_225_600)
        let authority = try CertificateAuthority.create(commonName: "ca", now: now)
        let info = try CertificateInfo(
            der: authority.issue(.client("a"), now: now, validity: .seconds(900)).certificateDER)
        #expect(!CertificateRenewal.isDue(info, now: now.advanced(by: .seconds(599))))
        #expect(CertificateRenewal.isDue(info, now: now.advanced(by: .seconds(600))))
        #expect(CertificateRenewal.left(info, now: now) == "15m")
        #expect(CertificateRenewal.interval(validity: .seconds(6)) == .milliseconds(300))
        #expect(CertificateRenewal.interval(validity: .seconds(365 * 86_400)) == .seconds(3600))
    }
}
