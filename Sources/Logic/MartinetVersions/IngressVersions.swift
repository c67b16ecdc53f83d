import MartinetSchema

/// What Ingress said differently before networking.k8s.io/v1: a backend was a service's name and port in one piece, and the
/// default one was called `backend`.
enum IngressVersions {
    private static let new = "networking.k8s.io/v1"

    static let rules: [String: Versions.Reshape] = {
        var rules: [String: Versions.Reshape] = [:]
        for old in ["extensions/v1beta1", "networking.k8s.io/v1beta1"] {
            rules.merge(
                Versions.renaming("\(old).IngressSpec", "\(new).IngressSpec", ["backend": "defaultBackend"])
            ) { $1 }
            rules["\(old).IngressBackend > \(new).IngressBackend"] = modern
            rules["\(new).IngressBackend > \(old).IngressBackend"] = early
        }
        return rules
    }()

    private static let modern: Versions.Reshape = { backend, type in
        var result = Versions.sameFields(backend, to: type)
        guard backend[field: "serviceName"] != nil || backend[field: "servicePort"] != nil else { return result }
        result[field: "service"] = result.made("service") { service in
            service[field: "name"] = backend[field: "serviceName"]
            service[field: "port"] = service.made("port") { port in
                switch backend[field: "servicePort"] {
                case .int(let number)?: port[field: "number"] = number == 0 ? nil : .int(number)
                case .string(let name)?: port[field: "name"] = .string(name)
                default: break
                }
            }
        }
        return result
    }

    private static let early: Versions.Reshape = { backend, type in
        var result = Versions.sameFields(backend, to: type)
        guard let service = backend.part("service") else { return result }
        result[field: "serviceName"] = service[field: "name"]
        guard let port = service.part("port") else { return result }
        result[field: "servicePort"] = port[field: "name"] ?? port[field: "number"]
        return result
    }
}
