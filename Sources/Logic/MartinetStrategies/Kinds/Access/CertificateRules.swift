import MartinetSchema

struct CertificateSigningRequestRules: KindRules {
    var nameForm: Form { .anything }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    private static let usages: Set<String> = [
        "signing", "digital signature", "content commitment", "key encipherment", "key agreement", "data encipherment",
        "cert sign", "crl sign", "encipher only", "decipher only", "any", "server auth", "client auth", "code signing",
        "email protection", "s/mime", "ipsec end system", "ipsec tunnel", "ipsec user", "timestamping", "ocsp signing",
        "microsoft sgc", "netscape sgc",
    ]
    private static let decisions = ["Approved", "Denied"]

    /// Who asks is the server's to say.
    func prepareForCreate(_ object: inout Object) {
        object.edit("spec") { for name in ["username", "uid", "groups", "extra"] { $0[field: name] = nil } }
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        object[field: "spec"] = old[field: "spec"]
        object[field: "status"] = old[field: "status"]
    }

    /// Conditions that decide are not written with the certificate.
    func prepareForStatusUpdate(_ object: inout Object, old: Object) {
        for type in Self.decisions { Self.keep(type, in: &object, old: old) }
    }

    private static func conditions(_ object: Object) -> [Object] {
        guard case .list(let values) = object.inner("status")[field: "conditions"] else { return [] }
        return values.compactMap { if case .object(let object) = $0 { object } else { nil } }
    }

    private static func keep(_ type: String, in object: inout Object, old: Object) {
        var conditions = conditions(object)
        let before = self.conditions(old).filter { $0.text("type") == type }
        let places = conditions.indices.filter { conditions[$0].text("type") == type }
        guard !places.isEmpty, places.count == before.count else { return }
        for (place, condition) in zip(places, before) { conditions[place] = condition }
        object.edit("status") { $0[field: "conditions"] = .list(conditions.map(Value.object)) }
    }

    func validateCreate(_ new: Part) { validate(new, old: nil, checksCertificate: true) }

    func validateUpdate(_ new: Part, _ old: Part) { change(new, old, mayDecide: false, mayIssue: false) }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        MetadataRules.validate(new.metadata, form: .anything, isNamespaced: false)
        MetadataRules.finalizerNames(new.metadata)
        change(new, old, mayDecide: false, mayIssue: true)
    }

    func subresource(_ name: String) -> (any SubresourceRules)? { name == "approval" ? Approval() : nil }

    /// Who may decide says yes or no.
    struct Approval: SubresourceRules {
        func prepare(_ object: inout Object, old: Object) {
            let conditions = object.inner("status")[field: "conditions"]
            object[field: "spec"] = old[field: "spec"]
            object[field: "status"] = old[field: "status"]
            object.edit("status") { $0[field: "conditions"] = conditions }
        }

        func validate(_ new: Part, _ old: Part) {
            let rules = CertificateSigningRequestRules()
            MetadataRules.validate(new.metadata, form: .anything, isNamespaced: false)
            MetadataRules.finalizerNames(new.metadata)
            rules.change(new, old, mayDecide: true, mayIssue: false)
        }
    }

    private func validate(_ new: Part, old: Part?, checksCertificate: Bool) {
        let (spec, before) = (new.spec, old?.spec)
        if !PEM.isRequest(spec.request.bytes) { spec.request.invalid("must be a PEM block of a certificate request") }
        spec.usages.mustBeSet()
        if before?.usages.strings.allSatisfy(Self.usages.contains) != false {
            for usage in spec.usages.items where !Self.usages.contains(usage.text) {
                usage.unsupported(Self.usages.sorted())
            }
        }
        if before.map({ Set($0.usages.strings).count == $0.usages.count }) ?? true { spec.usages.unique() }
        let legacy = "kubernetes.io/legacy-unknown"
        if spec.signerName.text == legacy, before?.signerName.text != legacy {
            spec.signerName.invalid("must not be \(legacy)")
        } else {
            spec.signerName.mustBeSignerName()
        }
        if spec.expirationSeconds.isSet, spec.expirationSeconds.int < 600 {
            spec.expirationSeconds.invalid("must be at least 600")
        }
        conditions(new.status.conditions, old?.status.conditions)
        let (certificate, earlier) = (new.status.certificate.bytes, old?.status.certificate.bytes)
        if certificate != earlier, !certificate.isEmpty, earlier.map({ $0.isEmpty || PEM.areCertificates($0) }) ?? true,
            !PEM.areCertificates(certificate)
        {
            new.status.certificate.invalid("must be PEM blocks of certificates")
        }
    }

    private func conditions(_ conditions: Part, _ old: Part?) {
        let before = old?.items.map { $0["type"].text } ?? []
        let mayBeBoth = Self.decisions.allSatisfy(before.contains)
        var (seen, decided): (Set<String>, Set<String>) = ([], [])
        for condition in conditions.items {
            let type = condition["type"].text
            if !before.contains("") { condition["type"].mustBeSet() }
            let isFinal = ["Approved", "Denied", "Failed"].contains(type)
            condition.status.mustBeOneOf(isFinal ? ["True"] : ["False", "True", "Unknown"])
            if !mayBeBoth, Self.decisions.contains(type) {
                decided.insert(type)
                if decided.count == 2 { conditions.invalid("may not be both Approved and Denied") }
            }
            if Set(before).count == before.count, !seen.insert(type).inserted { condition["type"].duplicate() }
        }
    }

    private func change(_ new: Part, _ old: Part, mayDecide: Bool, mayIssue: Bool) {
        validate(new, old: old, checksCertificate: mayIssue)
        let (status, before) = (new.status, old.status)
        func found(_ status: Part, _ type: String) -> [Value?] {
            status.conditions.items.filter { $0["type"].text == type }.map({ $0.value })
        }
        for type in Self.decisions + ["Failed"] {
            let (now, then) = (found(status, type), found(before, type))
            if now.count < then.count { status.conditions.forbidden("may not lose \(type)") }
            guard !mayDecide, Self.decisions.contains(type) else { continue }
            if now.count > then.count {
                status.conditions.forbidden("may gain \(type) only through approval")
            } else if now.count == then.count, now != then {
                status.conditions.forbidden("may change \(type) only through approval")
            }
        }
        if status.certificate.value != before.certificate.value {
            if !mayIssue {
                status.certificate.forbidden("may be set only through status")
            } else if !before.certificate.isEmpty {
                status.certificate.forbidden("may not change once it is set")
            }
        }
    }
}

extension Part {
    /// `example.com/signer`
    func mustBeSignerName() {
        guard mustBeSet() else { return }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2 else { return invalid("must be a domain and a path, joined by '/'") }
        atMostBytes(of: parts[0], 253)
        let labels = parts[0].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if let bad = labels.first(where: { !Form.dnsLabel.faults($0).isEmpty }) { invalid(Form.dnsLabel.faults(bad)) }
        if labels.count < 2 { invalid("must have a domain of at least two labels") }
        let steps = parts[1].split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        if let bad = steps.first(where: { !Form.dnsSubdomain.faults($0).isEmpty }) {
            invalid(Form.dnsSubdomain.faults(bad))
        }
        atMost(bytes: 571)
    }

    private func atMostBytes(of text: String, _ most: Int) { if text.utf8.count > most { tooLong(most) } }
}
