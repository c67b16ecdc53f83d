import MartinetSchema

/// The structured configuration of authentication (`--authentication-config`), as the old flags say it too.
struct AuthenticationFile: Sendable {
    var issuers: [IssuerRules] = []
    /// Nil where the file says nothing of it.
    var anonymous: Authenticator.Anonymous?

    /// - Parameter document: the file's content, as JSON says it.
    init(_ document: Value, file: String) throws(AccessError) {
        guard case .map(let root) = document, root.text("kind") == "AuthenticationConfiguration",
            ["v1", "v1beta1", "v1alpha1"].map({ "apiserver.config.k8s.io/" + $0 }).contains(root.text("apiVersion"))
        else { throw AccessError("\(file) must be an AuthenticationConfiguration of apiserver.config.k8s.io") }
        try root.allow(["apiVersion", "kind", "jwt", "anonymous"], file)
        for (index, jwt) in root.maps("jwt").enumerated() {
            let rules = try AuthenticationFile.issuer(jwt, "\(file): jwt[\(index)]")
            guard !issuers.contains(where: { $0.url == rules.url }) else {
                throw AccessError("\(file): jwt[\(index)].issuer.url: \(rules.url) is there twice")
            }
            issuers.append(rules)
        }
        if case .map(let map)? = root["anonymous"] {
            try map.allow(["enabled", "conditions"], "\(file): anonymous")
            let paths = map.maps("conditions").compactMap { $0.text("path") }
            switch (map["enabled"] == .bool(true), paths.isEmpty) {
            case (true, true): anonymous = .everywhere
            case (true, false): anonymous = .on(paths)
            case (false, true): anonymous = .nowhere
            case (false, false):
                throw AccessError("\(file): anonymous.conditions must not be set when anonymous is disabled")
            }
        }
    }

    private static func issuer(_ jwt: Map, _ path: String) throws(AccessError) -> IssuerRules {
        try jwt.allow(["issuer", "claimValidationRules", "claimMappings", "userValidationRules"], path)
        guard case .map(let issuer)? = jwt["issuer"], case .map(let mappings)? = jwt["claimMappings"] else {
            throw AccessError("\(path) must have an issuer and claimMappings")
        }
        try issuer.allow(
            ["url", "discoveryURL", "certificateAuthority", "audiences", "audienceMatchPolicy"], path + ".issuer")
        var rules = try IssuerRules(url: issuer.text("url") ?? "")
        rules.discoveryURL = issuer.text("discoveryURL")
        if let other = rules.discoveryURL, !other.hasPrefix("https://") || other == rules.url {
            throw AccessError("\(path).issuer.discoveryURL must be another https url than the issuer's")
        }
        rules.authorities = issuer.text("certificateAuthority").flatMap { $0.isEmpty ? nil : Array($0.utf8) }
        rules.audiences = issuer.texts("audiences")
        guard !rules.audiences.isEmpty else { throw AccessError("\(path).issuer.audiences: at least one is required") }
        guard rules.audiences.count == 1 || issuer.text("audienceMatchPolicy") == "MatchAny" else {
            throw AccessError("\(path).issuer.audienceMatchPolicy must be MatchAny for multiple audiences")
        }
        try mappings.allow(["username", "groups", "uid", "extra"], path + ".claimMappings")
        guard let user = try source(mappings, "username", path) else {
            throw AccessError("\(path).claimMappings.username: claim or expression is required")
        }
        rules.user = user
        rules.groups = try source(mappings, "groups", path)
        rules.uid = try source(mappings, "uid", path)
        for (index, extra) in mappings.maps("extra").enumerated() {
            let field = "\(path).claimMappings.extra[\(index)]"
            let key = extra.text("key") ?? ""
            guard key.contains("/"), key == key.lowercased(), !key.contains("kubernetes.io/"), !key.contains("k8s.io/")
            else {
                throw AccessError("\(field).key must be a lower-case domain-prefixed path that is not Kubernetes' own")
            }
            rules.extra.append(
                (key, try ClaimExpression(extra.text("valueExpression") ?? "", over: .claims, field: field)))
        }
        try checks(jwt, path, &rules)
        return rules
    }

    private static func checks(_ jwt: Map, _ path: String, _ rules: inout IssuerRules) throws(AccessError) {
        for (index, rule) in jwt.maps("claimValidationRules").enumerated() {
            let field = "\(path).claimValidationRules[\(index)]"
            try rule.allow(["claim", "requiredValue", "expression", "message"], field)
            switch (rule.text("claim"), rule.text("expression")) {
            case (let claim?, nil): rules.claimChecks.append(.claim(claim, value: rule.text("requiredValue") ?? ""))
            case (nil, let source?):
                rules.claimChecks.append(
                    .expression(
                        try ClaimExpression(source, over: .claims, field: field), message: rule.text("message") ?? ""))
            default: throw AccessError("\(field) must have either a claim or an expression")
            }
        }
        for (index, rule) in jwt.maps("userValidationRules").enumerated() {
            let field = "\(path).userValidationRules[\(index)]"
            try rule.allow(["expression", "message"], field)
            rules.userChecks.append(
                (
                    try ClaimExpression(rule.text("expression") ?? "", over: .user, field: field),
                    rule.text("message") ?? ""
                ))
        }
    }

    private static func source(_ mappings: Map, _ name: String, _ path: String) throws(AccessError) -> IssuerRules
        .Source?
    {
        guard case .map(let map)? = mappings[name] else { return nil }
        let field = "\(path).claimMappings.\(name)"
        try map.allow(["claim", "prefix", "expression"], field)
        switch (map.text("claim") ?? "", map.text("expression") ?? "") {
        case ("", ""): return nil
        case (let claim, ""):
            guard name == "uid" || map.text("prefix") != nil else {
                throw AccessError("\(field).prefix: it is required when claim is set; it may be empty")
            }
            return .claim(claim, prefix: map.text("prefix") ?? "")
        case ("", let source): return .expression(try ClaimExpression(source, over: .claims, field: field))
        default: throw AccessError("\(field): claim and expression exclude each other")
        }
    }

    /// What the `--oidc-*` flags say; nil where they say nothing.
    static func issuer(_ flags: AccessFlags.OpenIDFlags, authorities: [UInt8]?) throws(AccessError) -> IssuerRules? {
        guard !flags.issuer.isEmpty || !flags.client.isEmpty else { return nil }
        guard !flags.client.isEmpty else { throw AccessError("--oidc-client-id is needed with --oidc-issuer-url") }
        var rules = try IssuerRules(url: flags.issuer)
        rules.authorities = authorities
        rules.audiences = [flags.client]
        rules.algorithms = flags.algorithms
        for algorithm in flags.algorithms where !VerificationAlgorithms.all.contains(algorithm) {
            throw AccessError(
                "--oidc-signing-algs must be of \(VerificationAlgorithms.all.joined(separator: ", ")), found \(algorithm)"
            )
        }
        // Names of issuers must not be taken for names of the cluster: all but mail addresses get a prefix.
        var prefix = flags.userPrefix
        if prefix.isEmpty, flags.userClaim != "email" { prefix = flags.issuer + "#" }
        if prefix == "-" { prefix = "" }
        rules.user = .claim(flags.userClaim, prefix: prefix)
        if !flags.groupsClaim.isEmpty { rules.groups = .claim(flags.groupsClaim, prefix: flags.groupsPrefix) }
        rules.claimChecks = flags.required.sorted { $0.key < $1.key }.map { .claim($0.key, value: $0.value) }
        return rules
    }
}

extension Map {
    func maps(_ key: String) -> [Map] {
        guard case .list(let values)? = self[key] else { return [] }
        return values.compactMap { if case .map(let map) = $0 { map } else { nil } }
    }

    /// Refuses what is not known: a setting that nobody reads is one that somebody relies on.
    func allow(_ names: Set<String>, _ path: String) throws(AccessError) {
        for entry in entries where !names.contains(entry.key) {
            throw AccessError("\(path): there is no field \(entry.key.debugDescription)")
        }
    }
}
