import MartinetAPI
import MartinetSchema

/// A container's environment, in upstream's order of precedence: services, then `envFrom`, then `env`.
struct Environment {
    private(set) var names: [String] = []
    private(set) var values: [String: String] = [:]

    var list: [String] { names.map { "\($0)=\(values[$0] ?? "")" } }

    mutating func set(_ name: String, _ value: String) {
        if values.updateValue(value, forKey: name) == nil { names.append(name) }
    }

    /// Adds what the image says, where the pod does not say otherwise.
    func over(_ defaults: [String]) -> Environment {
        var out = Environment()
        for entry in defaults {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            if !parts[0].isEmpty { out.set(parts[0], parts.count > 1 ? parts[1] : "") }
        }
        for name in names { out.set(name, values[name] ?? "") }
        return out
    }

    init() {}

    init(_ container: Container, content: PodContent, downward: DownwardAPI) throws(EngineError) {
        let pod = downward.pod
        for service in content.services {
            guard pod.spec.enableServiceLinks ?? true || service.isOfAPI else { continue }
            addService(service)
        }
        for source in container.envFrom { try add(source, content, pod.metadata.namespace) }
        for variable in container.env {
            guard let source = variable.valueFrom else {
                set(variable.name, Environment.expand(variable.value, with: values))
                continue
            }
            if let value = try Environment.value(source, container, content, downward) { set(variable.name, value) }
        }
    }

    /// The variables that Docker's links had, which programs still look for.
    private mutating func addService(_ service: Service) {
        let address = service.spec.clusterIP
        guard !address.isEmpty, address != "None", let first = service.spec.ports.first else { return }
        let prefix = service.metadata.name.uppercased().map { $0 == "-" || $0 == "." ? "_" : String($0) }.joined()
        set("\(prefix)_SERVICE_HOST", address)
        set("\(prefix)_SERVICE_PORT", String(first.port))
        for port in service.spec.ports where !port.name.isEmpty {
            let name = port.name.uppercased().map { $0 == "-" ? "_" : String($0) }.joined()
            set("\(prefix)_SERVICE_PORT_\(name)", String(port.port))
        }
        let host = address.contains(":") ? "[\(address)]" : address
        for (index, port) in service.spec.ports.enumerated() {
            let scheme = (port.protocol.isEmpty ? "TCP" : port.protocol).lowercased()
            let url = "\(scheme)://\(host):\(port.port)"
            if index == 0 { set("\(prefix)_PORT", url) }
            let base = "\(prefix)_PORT_\(port.port)_\(scheme.uppercased())"
            set(base, url)
            set(base + "_PROTO", scheme)
            set(base + "_PORT", String(port.port))
            set(base + "_ADDR", address)
        }
    }

    private mutating func add(
        _ source: EnvFromSource, _ content: PodContent, _ namespace: String
    ) throws(EngineError) {
        let files: [String: [UInt8]]
        if let reference = source.configMapRef {
            guard let map = content.configMaps[reference.name] else {
                if reference.optional == true { return }
                throw EngineError.config("configmap \(reference.name.debugDescription) not found")
            }
            files = map.files
        } else if let reference = source.secretRef {
            guard let secret = content.secrets[reference.name] else {
                if reference.optional == true { return }
                throw EngineError.config("secret \(reference.name.debugDescription) not found")
            }
            files = secret.files
        } else {
            return
        }
        for (key, value) in files.sorted(by: { $0.key.precedes($1.key) }) {
            set(source.prefix + key, String(decoding: value, as: UTF8.self))
        }
    }

    /// nil: an optional source that is not there.
    private static func value(
        _ source: EnvVarSource, _ container: Container, _ content: PodContent, _ downward: DownwardAPI
    ) throws(EngineError) -> String? {
        if let field = source.fieldRef { return try downward.value(of: field.fieldPath) }
        if let selector = source.resourceFieldRef { return try downward.resource(selector, in: container) }
        let namespace = downward.pod.metadata.namespace
        if let reference = source.configMapKeyRef {
            guard let map = content.configMaps[reference.name] else {
                if reference.optional == true { return nil }
                throw EngineError.config("configmap \(reference.name.debugDescription) not found")
            }
            if let value = map.files[reference.key] { return String(decoding: value, as: UTF8.self) }
            if reference.optional == true { return nil }
            throw EngineError.config(
                "couldn't find key \(reference.key) in ConfigMap \(namespace)/\(reference.name)")
        }
        if let reference = source.secretKeyRef {
            guard let secret = content.secrets[reference.name] else {
                if reference.optional == true { return nil }
                throw EngineError.config("secret \(reference.name.debugDescription) not found")
            }
            if let value = secret.files[reference.key] { return String(decoding: value, as: UTF8.self) }
            if reference.optional == true { return nil }
            throw EngineError.config("couldn't find key \(reference.key) in Secret \(namespace)/\(reference.name)")
        }
        throw EngineError.config("env.valueFrom of this kind is not supported")
    }

    /// Replaces `$(NAME)` by what NAME is; `$$` is one `$`, and names that are not known stay as they are.
    static func expand(_ text: String, with values: [String: String]) -> String {
        guard text.utf8.contains(36) else { return text }
        var out: [UInt8] = []
        let bytes = Array(text.utf8)
        var index = 0
        while index < bytes.count {
            guard bytes[index] == 36, index + 1 < bytes.count else {
                out.append(bytes[index])
                index += 1
                continue
            }
            if bytes[index + 1] == 36 {
                out.append(36)
                index += 2
            } else if bytes[index + 1] == 40, let end = bytes[index...].firstIndex(of: 41) {
                let name = String(decoding: bytes[(index + 2)..<end], as: UTF8.self)
                out += values[name].map { Array($0.utf8) } ?? Array(bytes[index...end])
                index = end + 1
            } else {
                out.append(36)
                index += 1
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}

extension Service {
    /// The one by which pods reach the API, told to all of them.
    package var isOfAPI: Bool { metadata.name == "kubernetes" && metadata.namespace == "default" }
}
