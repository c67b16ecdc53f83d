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
        guard backend["serviceName"] != nil || backend["servicePort"] != nil else { return result }
        result["service"] = result.made("service") { service in
            service["name"] = backend["serviceName"]
            service["port"] = service.made("port") { port in
                switch backend["servicePort"] {
                case .int(let number)?: port["number"] = number == 0 ? nil : .int(number)
                case .string(let name)?: port["name"] = .string(name)
                default: break
                }
            }
        }
        return result
    }

    private static let early: Versions.Reshape = { backend, type in
        var result = Versions.sameFields(backend, to: type)
        guard let service = backend.part("service") else { return result }
        result["serviceName"] = service["name"]
        guard let port = service.part("port") else { return result }
        result["servicePort"] = port["name"] ?? port["number"]
        return result
    }
}
