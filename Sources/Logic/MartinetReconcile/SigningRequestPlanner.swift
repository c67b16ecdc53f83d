import MartinetAPI
package import MartinetBase
package import MartinetClient
package import MartinetSchema

/// Approves what nodes ask for, signs what is approved, and takes away what is old.
///
/// Source: upstream's controllers csrapproving, csrsigning and csrcleaner.
package enum SigningRequestPlanner {
    private static let prefix = "kubernetes.io/"
    private static let hour: Int64 = 3600

    /// - Parameter lifetime: the longest that a certificate is good for.
    package static func plan(
        _ object: Object, signer: any CertificateSigner, now: Timestamp, lifetime: Duration
    ) -> Plan {
        let request = SigningRequest(object)
        var plan = Plan()
        if let age = request.excess(now, signer) {
            guard age < 0 else {
                plan.add(Write(write(.delete, object, ""), tolerates: [.notFound, .conflict]))
                return plan
            }
            plan.requeue(after: .seconds(-age))
        }
        guard request.certificate.isEmpty else { return plan }
        if request.isOpen {
            approve(object, request, signer, now, &plan)
        } else if request.has("Approved"), !request.has("Denied"), !request.has("Failed") {
            sign(object, request, signer, now, lifetime, &plan)
        }
        return plan
    }

    // MARK: - Approving

    private static func approve(
        _ object: Object, _ request: SigningRequest, _ signer: any CertificateSigner, _ now: Timestamp,
        _ plan: inout Plan
    ) {
        guard request.signerName == prefix + "kube-apiserver-client-kubelet",
            let wish = signer.read(request.request), refusalOfNodeClient(wish, request.usages) == nil
        else { return }
        let isOwn = request.requester.user == wish.commonName
        let granted: String
        if isOwn, signer.permits(request.requester, "selfnodeclient") {
            granted = "Auto approving self kubelet client certificate after SubjectAccessReview."
        } else if signer.permits(request.requester, "nodeclient") {
            granted = "Auto approving kubelet client certificate after SubjectAccessReview."
        } else {
            // A role may come.
            return plan.requeue(after: .seconds(60))
        }
        let approved = with(object, "Approved", "AutoApproved", granted, now)
        plan.add(Write(write(.update, approved, "approval"), tolerates: [.notFound, .conflict]))
    }

    // MARK: - Signing

    private static func sign(
        _ object: Object, _ request: SigningRequest, _ signer: any CertificateSigner, _ now: Timestamp,
        _ lifetime: Duration, _ plan: inout Plan
    ) {
        guard request.signerName.hasPrefix(prefix) else { return }
        let name = request.signerName.dropFirst(prefix.count)
        let standard = ["kube-apiserver-client", "kube-apiserver-client-kubelet", "kubelet-serving", "legacy-unknown"]
        guard standard.contains(String(name)) else { return }
        let refusal: String?
        if let wish = signer.read(request.request) {
            switch name {
            case "kube-apiserver-client": refusal = refusalOfClient(request.usages)
            case "kube-apiserver-client-kubelet": refusal = refusalOfNodeClient(wish, request.usages)
            case "kubelet-serving": refusal = refusalOfNodeServer(wish, request.usages)
            default: refusal = nil
            }
        } else {
            refusal = "the request cannot be read, or is not signed with its own key"
        }
        if let refusal {
            let failed = with(object, "Failed", "SignerValidationFailure", refusal, now)
            return plan.add(Write(write(.update, failed, "status"), tolerates: [.notFound, .conflict]))
        }
        let asked = request.seconds.map { min(max(.seconds($0), .seconds(600)), lifetime) } ?? lifetime
        do {
            let certificate = try signer.sign(request.request, usages: request.usages, lifetime: asked, now: now)
            var signed = object
            signed.change("status") { $0[field: "certificate"] = .bytes(certificate) }
            plan.add(Write(write(.update, signed, "status"), tolerates: [.notFound, .conflict]))
        } catch {
            plan.requeue(after: .seconds(60))
        }
    }

    private static func write(_ verb: APIRequest.Verb, _ object: Object, _ subresource: String) -> APIRequest {
        var request = APIRequest(
            verb,
            ResourceName(
                group: "certificates.k8s.io", version: "v1", plural: "certificatesigningrequests",
                name: object.key.name,
                subresource: subresource))
        if verb == .update { request.object = object }
        return request
    }

    private static func with(
        _ object: Object, _ type: String, _ reason: String, _ message: String, _ now: Timestamp
    ) -> Object {
        var object = object
        object.change("status") { status in
            guard let element = status.type.field(named: "conditions")?.type else { return }
            var condition = Object(type: element)
            for (field, text) in [("type", type), ("status", "True"), ("reason", reason), ("message", message)] {
                condition[field: field] = .string(text)
            }
            condition[field: "lastUpdateTime"] = .int(now.seconds)
            status[field: "conditions"] = .list(status.parts("conditions").map(Value.object) + [.object(condition)])
        }
        return object
    }

    // MARK: - What the signers take

    private static func refusalOfClient(_ usages: [String]) -> String? {
        for usage in usages where !["digital signature", "key encipherment", "client auth"].contains(usage) {
            return "invalid usage for client certificate: \(usage)"
        }
        return usages.contains("client auth") ? nil : "missing required usage for client certificate: client auth"
    }

    private static func refusalOfNodeClient(_ wish: CertificateWish, _ usages: [String]) -> String? {
        guard wish.organizations == ["system:nodes"] else { return "subject organization is not system:nodes" }
        guard wish.dnsNames.isEmpty else { return "DNS subjectAltNames are not allowed" }
        guard wish.mailAddresses.isEmpty else { return "Email subjectAltNames are not allowed" }
        guard wish.addresses.isEmpty else { return "IP subjectAltNames are not allowed" }
        guard wish.uris.isEmpty else { return "URI subjectAltNames are not allowed" }
        guard wish.commonName.hasPrefix("system:node:") else {
            return "subject common name does not begin with system:node:"
        }
        return refusal(of: usages, needing: "client auth")
    }

    private static func refusalOfNodeServer(_ wish: CertificateWish, _ usages: [String]) -> String? {
        guard wish.organizations == ["system:nodes"] else { return "subject organization is not system:nodes" }
        guard !wish.dnsNames.isEmpty || !wish.addresses.isEmpty else { return "DNS or IP subjectAltName is required" }
        guard wish.mailAddresses.isEmpty else { return "Email subjectAltNames are not allowed" }
        guard wish.uris.isEmpty else { return "URI subjectAltNames are not allowed" }
        if let refusal = refusal(of: usages, needing: "server auth") { return refusal }
        return wish.commonName.hasPrefix("system:node:") ? nil : "subject common name does not begin with system:node:"
    }

    private static func refusal(of usages: [String], needing usage: String) -> String? {
        let least: Set<String> = ["digital signature", usage]
        let given = Set(usages)
        if given == least || given == least.union(["key encipherment"]) { return nil }
        return "usages did not match \(least.union(["key encipherment"]).sorted())"
    }
}

/// A CertificateSigningRequest, read.
private struct SigningRequest {
    let signerName: String
    let request: [UInt8]
    let usages: [String]
    let seconds: Int64?
    let requester: CertificateRequester
    let certificate: [UInt8]
    private let created: Timestamp?
    private let conditions: [(type: String, status: String, updated: Timestamp?)]

    init(_ object: Object) {
        let spec = object.part("spec")
        func texts(_ field: String) -> [String] {
            guard case .list(let values)? = spec?[field: field] else { return [] }
            return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
        }
        signerName = spec?.text("signerName") ?? ""
        if case .bytes(let bytes)? = spec?[field: "request"] { request = bytes } else { request = [] }
        usages = texts("usages")
        if case .int(let number)? = spec?[field: "expirationSeconds"] { seconds = number } else { seconds = nil }
        requester = CertificateRequester(user: spec?.text("username") ?? "", groups: texts("groups"))
        let status = object.part("status")
        if case .bytes(let bytes)? = status?[field: "certificate"] { certificate = bytes } else { certificate = [] }
        created = object.metadata.creationTimestamp
        conditions = (status?.parts("conditions") ?? []).map {
            condition in
            var updated: Timestamp?
            if case .int(let seconds)? = condition[field: "lastUpdateTime"] { updated = Timestamp(seconds: seconds) }
            return (condition.text("type"), condition.text("status"), updated)
        }
    }

    var isOpen: Bool { !has("Approved") && !has("Denied") && !has("Failed") }
    func has(_ type: String) -> Bool { conditions.contains { $0.type == type && $0.status != "False" } }

    /// By how many seconds it is older than it may become; below zero while it is not; nil where it stays.
    func excess(_ now: Timestamp, _ signer: any CertificateSigner) -> Int64? {
        var excesses: [Int64] = []
        func add(_ since: Timestamp?, _ allowed: Int64) {
            if let since { excesses.append(now.seconds - since.seconds - allowed) }
        }
        let (hour, day): (Int64, Int64) = (3600, 86_400)
        if conditions.isEmpty { add(created, day) }
        for condition in conditions {
            switch condition.type {
            case "Denied", "Failed": add(condition.updated, hour)
            case "Approved":
                add(condition.updated, certificate.isEmpty ? day : hour)
                if !certificate.isEmpty { add(signer.end(of: certificate), 0) }
            default: break
            }
        }
        return excesses.max()
    }
}
