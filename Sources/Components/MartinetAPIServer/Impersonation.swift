import MartinetAPICore
import MartinetAuthorization
import MartinetClient
import MartinetTransport
import Synchronization

/// Lets somebody act as somebody else, if he may: all of it as upstream has it since impersonation can be constrained
/// (KEP-5284).
///
/// A constrained mode asks for two rights: to impersonate that identity in that mode, and to do this very thing in it
/// (`impersonate-on:MODE:VERB`). The old mode asks for the right to `impersonate` each part of the identity.
final class Impersonation: Sendable {
    private enum Mode: String, CaseIterable {
        /// The node that the requestor's own pod runs on, by his token.
        case ownNode = "associated-node"
        case node = "arbitrary-node"
        case account = "serviceaccount"
        case user = "user-info"
        case unconstrained = ""
    }

    private let authorizer: Authorizer
    /// The mode in which somebody was last let through: it is tried first.
    private let last = Mutex<[String: Mode]>([:])
    private static let rememberedMax = 10_000
    private static let manyMin = 4
    private static let authentication = "authentication.k8s.io"

    init(authorizer: Authorizer) { self.authorizer = authorizer }

    /// Who a request wants to be, by its headers; nil where it says nothing of it.
    static func wanted(_ headers: HTTPHeaderList) throws(APIError) -> Identity? {
        let user = headers["impersonate-user"] ?? ""
        let uid = headers["impersonate-uid"] ?? ""
        let groups = headers.all("impersonate-group")
        var extra: [String: [String]] = [:]
        for (name, value) in headers.fields {
            let prefix = "impersonate-extra-"
            let lower = name.lowercased()
            guard lower.hasPrefix(prefix) else { continue }
            let key = String(lower.dropFirst(prefix.count))
            extra[percentDecoded(key, plusIsSpace: false) ?? key, default: []].append(value)
        }
        guard user.isEmpty else { return Identity(user: user, uid: uid, groups: groups, extra: extra) }
        guard uid.isEmpty, groups.isEmpty, extra.isEmpty else {
            throw APIError.badRequest("groups, a uid or extra keys are to be impersonated, but no user")
        }
        return nil
    }

    /// Who somebody then is.
    func identity(_ wanted: Identity, by requestor: Identity, for asked: AccessRequest) throws(APIError) -> Identity {
        let first = last.withLock { $0[requestor.user] }
        let modes = [first].compactMap { $0 } + Mode.allCases.filter { $0 != first }
        var refusal: APIError?
        for mode in modes where Impersonation.applies(mode, to: wanted, by: requestor) {
            do throws(APIError) {
                let identity = try check(mode, wanted, requestor, asked)
                last.withLock { last in
                    if last.count >= Impersonation.rememberedMax { last = [:] }
                    last[requestor.user] = mode
                }
                return identity
            } catch {
                if refusal == nil { refusal = error }
            }
        }
        throw refusal ?? APIError.internalError("no mode of impersonation applies")
    }

    private static func applies(_ mode: Mode, to wanted: Identity, by requestor: Identity) -> Bool {
        let isNameOnly = wanted.uid.isEmpty && wanted.groups.isEmpty && wanted.extra.isEmpty
        switch mode {
        case .ownNode:
            guard isNameOnly, let node = node(wanted.user), account(requestor.user) != nil else { return false }
            return requestor.extra["authentication.kubernetes.io/node-name"] == [node]
        case .node: return isNameOnly && node(wanted.user) != nil
        case .account: return isNameOnly && account(wanted.user) != nil
        case .user: return node(wanted.user) == nil && account(wanted.user) == nil
        case .unconstrained: return true
        }
    }

    private static func node(_ user: String) -> String? {
        let name = user.dropFirst(12)
        return user.hasPrefix("system:node:") && !name.isEmpty ? String(name) : nil
    }

    private static func account(_ user: String) -> (namespace: String, name: String)? {
        guard user.hasPrefix("system:serviceaccount:") else { return nil }
        let parts = user.split(separator: ":", omittingEmptySubsequences: false).dropFirst(2).map(String.init)
        guard parts.count == 2, parts.allSatisfy(isLabel) else { return nil }
        return (parts[0], parts[1])
    }

    /// Near enough to what names of namespaces and accounts are: nothing is stored under another.
    private static func isLabel(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 253
            && text.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) || $0 == 45 || $0 == 46 }
            && text.utf8.first != 45 && text.utf8.last != 45
    }

    private func check(
        _ mode: Mode, _ wanted: Identity, _ requestor: Identity, _ asked: AccessRequest
    ) throws(APIError) -> Identity {
        let isConstrained = mode != .unconstrained
        let verb = isConstrained ? "impersonate:\(mode.rawValue)" : "impersonate"
        if isConstrained {
            var on = asked
            on.verb = "impersonate-on:\(mode.rawValue):\(asked.verb)"
            try demand(on)
        }
        let group = isConstrained ? Impersonation.authentication : ""
        var groups = wanted.groups
        var part = AccessRequest(requestor, verb: verb)
        (part.group, part.resource, part.name) = (group, "users", wanted.user)
        if isConstrained, let node = Impersonation.node(wanted.user) {
            // Which node it is follows from the token: the rule names none.
            (part.resource, part.name) = ("nodes", mode == .ownNode ? "*" : node)
            groups = ["system:nodes"]
        }
        if let account = Impersonation.account(wanted.user) {
            (part.resource, part.namespace, part.name) = ("serviceaccounts", account.namespace, account.name)
            if groups.isEmpty { groups = ["system:serviceaccounts", "system:serviceaccounts:\(account.namespace)"] }
        }
        try demand(part)
        if !wanted.uid.isEmpty {
            var part = AccessRequest(requestor, verb: verb)
            (part.group, part.resource, part.name) = (Impersonation.authentication, "uids", wanted.uid)
            try demand(part)
        }
        try demandGroups(wanted.groups, AccessRequest(requestor, verb: verb), group, isConstrained)
        for (key, values) in wanted.extra.sorted(by: { $0.key < $1.key }) {
            for value in values {
                var part = AccessRequest(requestor, verb: verb)
                (part.group, part.resource) = (Impersonation.authentication, "userextras")
                (part.subresource, part.name) = (key, value)
                try demand(part)
            }
        }
        let everybody = ["system:authenticated", "system:unauthenticated"]
        if wanted.user == Identity.anonymous.user {
            if !groups.contains(everybody[1]) { groups.append(everybody[1]) }
        } else if !groups.contains(where: everybody.contains) {
            groups.append(everybody[0])
        }
        return Identity(user: wanted.user, uid: wanted.uid, groups: groups, extra: wanted.extra)
    }

    private func demandGroups(
        _ groups: [String], _ request: AccessRequest, _ group: String, _ isConstrained: Bool
    ) throws(APIError) {
        var part = request
        (part.group, part.resource) = (group, "groups")
        if isConstrained {
            // Only the old mode makes a master of somebody.
            for refused in ["", Authorizer.masters] where groups.contains(refused) {
                part.name = refused
                throw APIError.forbidden(part)
            }
            part.name = "*"
            if groups.count >= Impersonation.manyMin, authorizer.decide(part).isAllowed { return }
        }
        for name in groups {
            part.name = name
            try demand(part)
        }
    }

    private func demand(_ request: AccessRequest) throws(APIError) {
        if let refusal = authorizer.refusal(request) { throw refusal }
    }
}
