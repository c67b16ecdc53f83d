import MartinetAPI
import MartinetSchema

struct ConfigMapRules: KindRules {
    func validate(_ object: Object, _ checker: inout Checker) {
        let config = ConfigMap(object: object)
        var size = 0
        for (key, value) in config.data {
            checker.invalid("data[\(key)]", Names.configKey(key))
            if config.binaryData[key] != nil { checker.invalid("data[\(key)]", "is in binaryData too") }
            size += value.utf8.count
        }
        for entry in config.binaryData.entries {
            checker.invalid("binaryData[\(entry.key)]", Names.configKey(entry.key))
            if case .bytes(let bytes) = entry.value { size += bytes.count }
        }
        if size > 1 << 20 { checker.add(.tooLong, "", "may not be more than 1048576 bytes") }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let (config, before) = (ConfigMap(object: object), ConfigMap(object: old))
        guard before.immutable == true else { return }
        let message = "is immutable where `immutable` is set"
        if config.immutable != true { checker.forbidden("immutable", message) }
        if config.data != before.data { checker.forbidden("data", message) }
        if config.binaryData != before.binaryData { checker.forbidden("binaryData", message) }
    }
}

struct SecretRules: KindRules {
    func setDefaults(_ object: inout Object) {
        var secret = Secret(object: object)
        // What is given as text is kept as data; the text itself is never stored.
        for (key, value) in secret.stringData { secret.data[key] = .bytes(Array(value.utf8)) }
        secret.stringData = StringMap()
        object = secret.object
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        var secret = Secret(object: object)
        if secret.type.isEmpty { secret.type = Secret(object: old).type }
        object = secret.object
    }

    func validate(_ object: Object, _ checker: inout Checker) {
        let secret = Secret(object: object)
        var size = 0
        func bytes(_ key: String) -> [UInt8]? { if case .bytes(let bytes) = secret.data[key] { bytes } else { nil } }
        for entry in secret.data.entries {
            checker.invalid("data[\(entry.key)]", Names.configKey(entry.key))
            size += bytes(entry.key)?.count ?? 0
        }
        if size > 1 << 20 { checker.add(.tooLong, "data", "may not be more than 1048576 bytes") }
        func json(_ key: String) {
            guard let bytes = bytes(key) else { return checker.required("data[\(key)]") }
            if (try? RawJSON(checking: bytes))?.text.hasPrefix("{") != true {
                checker.invalid("data[\(key)]", "must be a JSON object")
            }
        }
        switch secret.type {
        case "kubernetes.io/service-account-token":
            let name = "kubernetes.io/service-account.name"
            if secret.metadata.annotations[name]?.isEmpty ?? true { checker.required("metadata.annotations[\(name)]") }
        case "kubernetes.io/dockercfg": json(".dockercfg")
        case "kubernetes.io/dockerconfigjson": json(".dockerconfigjson")
        case "kubernetes.io/basic-auth":
            if bytes("username") == nil, bytes("password") == nil {
                checker.required("data[username]")
                checker.required("data[password]")
            }
        case "kubernetes.io/ssh-auth":
            if bytes("ssh-privatekey")?.isEmpty ?? true { checker.required("data[ssh-privatekey]") }
        case "kubernetes.io/tls":
            if bytes("tls.crt") == nil { checker.required("data[tls.crt]") }
            if bytes("tls.key") == nil { checker.required("data[tls.key]") }
        default: break
        }
    }

    func validateUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let (secret, before) = (Secret(object: object), Secret(object: old))
        if secret.type != before.type { checker.invalid("type", "is immutable") }
        guard before.immutable == true else { return }
        let message = "is immutable where `immutable` is set"
        if secret.immutable != true { checker.forbidden("immutable", message) }
        if secret.data != before.data { checker.forbidden("data", message) }
    }
}

struct ServiceAccountRules: KindRules {
    func prepareForCreate(_ object: inout Object) { reduce(&object) }
    func prepareForUpdate(_ object: inout Object, old: Object) { reduce(&object) }

    /// Of a reference to a secret only the name counts.
    private func reduce(_ object: inout Object) {
        var account = ServiceAccount(object: object)
        for index in account.secrets.indices {
            let name = account.secrets[index].name
            account.secrets[index] = ObjectReference { $0.name = name }
        }
        object = account.object
    }
}

struct NamespaceRules: KindRules {
    var nameForm: NameForm { .dnsLabel }
    var hasGeneration: Bool? { false }
    private static let name = "kubernetes.io/metadata.name"

    func setDefaults(_ object: inout Object) {
        var namespace = Namespace(object: object)
        if !namespace.metadata.name.isEmpty { namespace.metadata.labels[Self.name] = namespace.metadata.name }
        object = namespace.object
    }

    func prepareForCreate(_ object: inout Object) {
        var namespace = Namespace(object: object)
        namespace.status.phase = "Active"
        if !namespace.spec.finalizers.contains("kubernetes") { namespace.spec.finalizers.append("kubernetes") }
        if !namespace.metadata.name.isEmpty { namespace.metadata.labels[Self.name] = namespace.metadata.name }
        object = namespace.object
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        var namespace = Namespace(object: object)
        namespace.spec.finalizers = Namespace(object: old).spec.finalizers
        object = namespace.object
    }

    func validateCreate(_ object: Object, _ checker: inout Checker) {
        for finalizer in Namespace(object: object).spec.finalizers {
            let faults = Names.qualifiedName(finalizer)
            checker.invalid("spec.finalizers", faults)
            if !finalizer.contains("/"),
                !["kubernetes", "orphan", "foregroundDeletion"].contains(finalizer)
            {
                checker.invalid("spec.finalizers", "the name has no prefix and is none of Kubernetes' own")
            }
        }
    }

    func validateStatusUpdate(_ object: Object, old: Object, _ checker: inout Checker) {
        let namespace = Namespace(object: object)
        let wanted = namespace.metadata.deletionTimestamp == nil ? "Active" : "Terminating"
        // Upstream writes this field's name with a capital letter.
        if namespace.status.phase != wanted { checker.invalid("status.Phase", "may only be \(wanted)") }
    }
}

struct LeaseRules: KindRules {
    var allowsCreateOnUpdate: Bool { true }
    var requiresResourceVersionOnUpdate: Bool { false }

    func validate(_ object: Object, _ checker: inout Checker) {
        let spec = Lease(object: object).spec
        if let seconds = spec.leaseDurationSeconds, seconds <= 0 {
            checker.invalid("spec.leaseDurationSeconds", "must be greater than 0")
        }
        if let count = spec.leaseTransitions, count < 0 {
            checker.invalid("spec.leaseTransitions", "must not be negative")
        }
        if let strategy = spec.strategy { checker.invalid("spec.strategy", Names.qualifiedName(strategy)) }
        if let holder = spec.preferredHolder {
            if holder.isEmpty { checker.invalid("spec.preferredHolder", "must not be empty") }
            if spec.strategy?.isEmpty ?? true { checker.invalid("spec.preferredHolder", "needs a strategy") }
        }
    }
}

struct BindingRules: KindRules {
    func validate(_ object: Object, _ checker: inout Checker) {
        let target = Binding(object: object).target
        if !target.kind.isEmpty, target.kind != "Node" {
            checker.notSupported("target.kind", target.kind, ["Node", "<empty>"])
        }
        if target.name.isEmpty { checker.required("target.name") }
    }
}
