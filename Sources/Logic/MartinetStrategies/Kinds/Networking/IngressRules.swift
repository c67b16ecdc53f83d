import MartinetSchema

struct IngressRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    private static let annotation = "kubernetes.io/ingress.class"

    func validateCreate(_ new: Part) {
        validate(new.spec, old: nil)
        let name = new.spec.ingressClassName
        if let text = new.metadata.annotations.text(key: Self.annotation), name.isSet, text != name.text {
            new.named("annotations").named(Self.annotation).invalid("must be ingressClassName where both are set")
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) { validate(new.spec, old: old.spec) }

    private func validate(_ spec: Part, old: Part?) {
        if spec.rules.count == 0, !spec.defaultBackend.isSet { spec.invalid("must have rules or a defaultBackend") }
        if spec.defaultBackend.isSet { backend(spec.defaultBackend) }
        let allowsWildcards = old?.rules.items.contains { $0.host.text.contains("*") && $0.http.isFaulty(paths) }
        for rule in spec.rules.items {
            let host = rule.host
            let isWild = host.text.contains("*")
            if !host.isEmpty {
                if Addresses.lenient(host.text) != nil { host.invalid("must be a name, no address") }
                host.form(isWild ? .wildcardSubdomain : .dnsSubdomain)
            }
            if !isWild || allowsWildcards != true { paths(rule.http) }
        }
        let allowsSecrets = old?.tls.items.contains { $0.isFaulty { $0.secretName.ifText(form: .dnsSubdomain) } }
        for tls in spec.tls.items {
            for host in tls.hosts.items { host.form(host.text.contains("*") ? .wildcardSubdomain : .dnsSubdomain) }
            if allowsSecrets != true { tls.secretName.ifText(form: .dnsSubdomain) }
        }
        spec.ingressClassName.ifSet(form: .dnsSubdomain)
    }

    private func paths(_ http: Part) {
        guard http.isSet else { return }
        http.paths.mustBeSet()
        for path in http.paths.items {
            guard path.pathType.isSet else {
                path.pathType.required()
                continue
            }
            let text = path.path.text
            switch path.pathType.text {
            case "Exact", "Prefix":
                if !text.hasPrefix("/") { path.path.invalid("must be an absolute path") }
                for word in ["//", "/./", "/../", "%2f", "%2F"] where text.contains(word) {
                    path.path.invalid("must not hold \(word)")
                }
                for word in ["/..", "/."] where text.hasSuffix(word) { path.path.invalid("must not end in \(word)") }
            case "ImplementationSpecific":
                if !text.isEmpty, !text.hasPrefix("/") { path.path.invalid("must be an absolute path") }
            default: path.pathType.oneOf("Exact", "ImplementationSpecific", "Prefix")
            }
            backend(path.backend)
        }
    }

    private func backend(_ backend: Part) {
        let (resource, service) = (backend.resource, backend.service)
        switch (resource.isSet, service.isSet) {
        case (true, true): backend.invalid("may not have both a resource and a service")
        case (false, false): backend.invalid("must have a resource or a service")
        case (true, false): reference(resource)
        case (false, true):
            service.name.mustBe(.dnsLabel)
            let (name, number) = (service.port.name, service.port.number)
            if !name.isEmpty, number.int != 0 {
                backend.invalid("may not have both the name and the number of a port")
            } else if !name.isEmpty {
                name.form(.portName)
            } else if number.int != 0 {
                number.mustBePort()
            } else {
                backend.required("must have the name or the number of a port")
            }
        }
    }

    /// Another object, of whatever kind.
    private func reference(_ reference: Part) {
        reference.apiGroup.ifSet(form: .dnsSubdomain)
        reference.kind.mustBe(.pathSegment)
        reference.name.mustBe(.pathSegment)
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        let known = Set(old.status.loadBalancer.ingress.items.map({ $0.ip.text }))
        for entry in new.status.loadBalancer.ingress.items { Self.address(entry, known) }
    }

    /// Where a load balancer is reached: an address or a name.
    static func address(_ entry: Part, _ known: Set<String>) {
        if !known.contains(entry.ip.text) { entry.ip.ifText(form: .ip) }
        entry.hostname.ifText(form: .dnsSubdomain)
        if Addresses.lenient(entry.hostname.text) != nil { entry.hostname.invalid("must be a name, no address") }
    }

    func warn(_ new: Part, _ old: Part?) {
        if old == nil, new.metadata.annotations.has(key: Self.annotation), !new.spec.ingressClassName.isSet {
            new.metadata.annotations.keyed(Self.annotation).warn("is deprecated: use spec.ingressClassName")
        }
    }
}

struct IngressClassRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) {
        let spec = new.spec
        spec.controller.atMost(bytes: 250)
        spec.controller.domainPrefixedPath()
        let parameters = spec.parameters
        guard parameters.isSet else { return }
        parameters.apiGroup.ifSet(form: .dnsSubdomain)
        parameters.kind.mustBe(.pathSegment)
        parameters.name.mustBe(.pathSegment)
        guard parameters.scope.isSet else { return parameters.scope.required() }
        switch parameters.scope.text {
        case "Namespace":
            if parameters.namespace.isSet {
                parameters.namespace.form(.dnsLabel)
            } else {
                parameters.namespace.required("must be set where scope is Namespace")
            }
        case "Cluster":
            if parameters.namespace.isSet { parameters.namespace.forbidden("may not be set where scope is Cluster") }
        default: parameters.scope.unsupported(["Cluster", "Namespace"])
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) { new.spec.controller.mustNotChange(since: old.spec.controller) }
}

extension Part {
    /// `acme.io/foo`
    func domainPrefixedPath() {
        guard mustBeSet() else { return }
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            return invalid("must be a path that begins with a domain, such as acme.io/foo")
        }
        invalid(Form.dnsSubdomain.faults(parts[0]))
        if !Names.isHTTPPath(parts[1]) { invalid("must be a path that begins with a domain, such as acme.io/foo") }
    }
}
