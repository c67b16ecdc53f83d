import MartinetAuthorization
import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetSchema

/// Only who may approve for a signer approves requests to it.
struct CertificateApproval: AdmissionPlugin {
    let name = "CertificateApproval"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isSigningRequest, attributes.resource.subresource == "approval", let old = attributes.old
        else { return }
        let signer = old.part("spec")?.text("signerName") ?? ""
        guard try registry.mayUse(signer: signer, "approve", attributes.identity) else {
            throw attributes.forbidden("user not permitted to approve requests with signerName \"\(signer)\"")
        }
    }
}

/// Only who may sign for a signer writes certificates.
struct CertificateSigning: AdmissionPlugin {
    let name = "CertificateSigning"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isSigningRequest, attributes.verb == .update, attributes.resource.subresource == "status",
            let old = attributes.old
        else { return }
        let (before, after) = (old.part("status"), attributes.object.part("status"))
        guard
            before?[field: "certificate"] != after?[field: "certificate"]
                || before?[field: "conditions"] != after?[field: "conditions"]
        else { return }
        let signer = old.part("spec")?.text("signerName") ?? ""
        guard try registry.mayUse(signer: signer, "sign", attributes.identity) else {
            throw attributes.forbidden("user not permitted to sign requests with signerName \"\(signer)\"")
        }
    }
}

/// Nobody becomes a master by a certificate of the client signer.
struct CertificateSubjectRestriction: AdmissionPlugin {
    let name = "CertificateSubjectRestriction"
    private static let signer = "kubernetes.io/kube-apiserver-client"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isSigningRequest, attributes.verb == .create, attributes.resource.subresource.isEmpty,
            let spec = attributes.object.part("spec"), spec.text("signerName") == CertificateSubjectRestriction.signer
        else { return }
        guard case .bytes(let pem)? = spec[field: "request"], let names = RequestSubject.organizations(pem: pem) else {
            throw attributes.forbidden("failed to parse CSR: spec.request must be a PEM CERTIFICATE REQUEST")
        }
        guard !names.contains("system:masters") else {
            throw attributes.forbidden(
                "use of \(CertificateSubjectRestriction.signer) signer with system:masters group is not allowed")
        }
    }
}

extension AdmissionAttributes {
    var isSigningRequest: Bool { concerns("CertificateSigningRequest", group: "certificates.k8s.io") }
}

extension Registry {
    /// Whether somebody may do something that is no request: a verb such as `approve` on something that is named.
    func permits(_ identity: Identity, _ verb: String, _ resource: ResourceName) -> APIError? {
        var asked = AccessRequest(user: identity.user, groups: identity.groups, verb: verb)
        asked.group = resource.group
        asked.resource = resource.plural
        asked.subresource = resource.subresource
        asked.name = resource.name ?? ""
        asked.namespace = resource.namespace ?? ""
        return authorizer.refusal(asked)
    }

    /// Whether somebody may approve or sign for a signer, by its name or for all of its domain.
    ///
    /// - Throws: the question that somebody else must answer first.
    func mayUse(signer: String, _ verb: String, _ identity: Identity) throws(APIError) -> Bool {
        let domain = signer.prefix { $0 != "/" }
        for name in [signer, "\(domain)/*"] {
            let resource = ResourceName(
                group: "certificates.k8s.io", version: "v1", plural: "signers", name: name)
            guard let refusal = permits(identity, verb, resource) else { return true }
            guard refusal.reason != OpenQuestions.reason else { throw refusal }
        }
        return false
    }
}

/// The organizations in the subject of a certificate request. Source: RFC 2986 section 4.1, X.690.
enum RequestSubject {
    /// - Returns: nil where it is no request.
    static func organizations(pem: [UInt8]) -> [String]? { values(of: [0x55, 0x04, 0x0A], pem: pem) }

    /// The values of an attribute, by its object identifier in DER.
    static func values(of wanted: [UInt8], pem: [UInt8]) -> [String]? {
        let lines = String(decoding: pem, as: UTF8.self).split(whereSeparator: \.isNewline).map {
            $0.filter { $0 != " " }
        }
        guard let start = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN") && $0.hasSuffix("REQUEST-----") }),
            let end = lines[start...].firstIndex(where: { $0.hasPrefix("-----END") }), end > start,
            let der = Base64.decode(lines[(start + 1)..<end].joined())
        else { return nil }
        var request = DERReader(der[...])
        guard var outer = request.enter(0x30), var info = outer.enter(0x30), info.enter(0x02) != nil,
            var subject = info.enter(0x30)
        else { return nil }
        var found: [String] = []
        while !subject.isAtEnd {
            guard var set = subject.enter(0x31) else { return nil }
            while !set.isAtEnd {
                guard var pair = set.enter(0x30), let name = pair.enter(0x06), let value = pair.next() else {
                    return nil
                }
                if name.bytes.elementsEqual(wanted) {
                    found.append(String(decoding: value, as: UTF8.self))
                }
            }
        }
        return found
    }

    private struct DERReader {
        private(set) var bytes: ArraySlice<UInt8>
        init(_ bytes: ArraySlice<UInt8>) { self.bytes = bytes }
        var isAtEnd: Bool { bytes.isEmpty }

        /// The content of the next value, if it has the tag.
        mutating func enter(_ tag: UInt8) -> DERReader? {
            guard bytes.first == tag else { return nil }
            return next().map { DERReader($0) }
        }

        mutating func next() -> ArraySlice<UInt8>? {
            var rest = bytes.dropFirst()
            guard let first = rest.popFirst() else { return nil }
            var length = Int(first)
            if first >= 0x80 {
                let count = Int(first & 0x7F)
                guard (1...4).contains(count), rest.count >= count else { return nil }
                length = rest.prefix(count).reduce(0) { $0 << 8 | Int($1) }
                rest = rest.dropFirst(count)
            }
            guard rest.count >= length else { return nil }
            bytes = rest.dropFirst(length)
            return rest.prefix(length)
        }
    }
}
