import MartinetSchema

struct ConfigMapRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func validate(_ new: Part) {
        var size = 0
        for (key, value) in new.data.pairs {
            value.invalid(key: key, Form.configKey.faults(key))
            if new.binaryData.has(key: key) { value.invalid("must not be in binaryData too") }
            size += value.text.utf8.count
        }
        for (key, value) in new.binaryData.pairs {
            value.invalid(key: key, Form.configKey.faults(key))
            size += value.bytes.count
        }
        if size > 1 << 20 { new.at(.root).tooLong(1 << 20) }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        guard old.immutable.isTrue else { return }
        if !new.immutable.isTrue { new.immutable.forbidden("may not be taken back") }
        for name in ["data", "binaryData"] where new[name].value != old[name].value {
            new[name].forbidden("may not change where immutable is true")
        }
    }
}

struct SecretRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    /// What is given as text is kept as data; the text itself is never stored.
    func setDefaults(_ object: inout Object) {
        guard case .map(let texts) = object[field: "stringData"] else { return }
        var data = Map()
        if case .map(let present) = object[field: "data"] { data = present }
        for entry in texts.entries {
            if case .string(let text) = entry.value { data[entry.key] = .bytes(Array(text.utf8)) }
        }
        object[field: "data"] = .map(data)
        object[field: "stringData"] = nil
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        if object.text("type").isEmpty { object[field: "type"] = old[field: "type"] }
    }

    func validate(_ new: Part) {
        let data = new.data
        var size = 0
        for (key, value) in data.pairs {
            value.invalid(key: key, Form.configKey.faults(key))
            size += value.bytes.count
        }
        if size > 1 << 20 { data.tooLong(1 << 20) }
        func needs(_ keys: String...) { for key in keys where !data.has(key: key) { data.keyed(key).required() } }
        func needsJSON(_ key: String) {
            guard let value = data.pairs.first(where: { $0.key == key })?.value else {
                return data.keyed(key).required()
            }
            let text = (try? RawJSON(checking: value.bytes))?.text
            if text?.hasPrefix("{") != true, text != "null" { data.keyed(key).invalid("must be a JSON object") }
        }
        switch new["type"].text {
        case "kubernetes.io/service-account-token":
            let name = "kubernetes.io/service-account.name"
            let annotations = new.metadata.annotations
            if annotations.text(key: name)?.isEmpty ?? true { annotations.keyed(name).required() }
        case "kubernetes.io/dockercfg": needsJSON(".dockercfg")
        case "kubernetes.io/dockerconfigjson": needsJSON(".dockerconfigjson")
        case "kubernetes.io/basic-auth":
            if !data.has(key: "username"), !data.has(key: "password") { needs("username", "password") }
        case "kubernetes.io/ssh-auth":
            let key = data.pairs.first { $0.key == "ssh-privatekey" }?.value
            if key?.bytes.isEmpty ?? true { data.keyed("ssh-privatekey").required() }
        case "kubernetes.io/tls": needs("tls.crt", "tls.key")
        default: break
        }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        new["type"].mustNotChange(since: old["type"])
        guard old.immutable.isTrue else { return }
        if !new.immutable.isTrue { new.immutable.forbidden("may not be taken back") }
        if new.data.value != old.data.value { new.data.forbidden("may not change where immutable is true") }
    }

    /// A pair that cannot be a certificate and its key. That it is one only a component with cryptography can tell.
    func warn(_ new: Part, _ old: Part?) {
        guard new["type"].text == "kubernetes.io/tls" else { return }
        for (key, value) in new.data.pairs where key == "tls.crt" || key == "tls.key" {
            if !String(decoding: value.bytes, as: UTF8.self).contains("-----BEGIN ") {
                return value.warn("holds no PEM block")
            }
        }
    }
}

struct ServiceAccountRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func prepareForCreate(_ object: inout Object) { reduce(&object) }
    func prepareForUpdate(_ object: inout Object, old: Object) { reduce(&object) }

    /// Of a reference to a secret only the name counts.
    private func reduce(_ object: inout Object) {
        object.edit("secrets") { secret in
            let name = secret[field: "name"]
            secret = Object(type: secret.type)
            secret[field: "name"] = name
        }
    }

    func warn(_ new: Part, _ old: Part?) {
        let key = "kubernetes.io/enforce-mountable-secrets"
        let annotations = new.metadata.annotations
        if annotations.has(key: key) { annotations.keyed(key).warn("is deprecated: use a namespace for each") }
    }
}

struct NamespaceRules: KindRules {
    var nameForm: Form { .dnsLabel }
    var metadataOnUpdate: MetadataOnUpdate { .everything }

    func setDefaults(_ object: inout Object) { labelName(&object) }

    private func labelName(_ object: inout Object) {
        object.edit("metadata") { metadata in
            guard let name = metadata[field: "name"], name != .string("") else { return }
            var labels = Map()
            if case .map(let present) = metadata[field: "labels"] { labels = present }
            labels["kubernetes.io/metadata.name"] = name
            metadata[field: "labels"] = .map(labels)
        }
    }

    func prepareForCreate(_ object: inout Object) {
        object.edit("status") { $0[field: "phase"] = .string("Active") }
        object.edit("spec") { spec in
            var finalizers: [Value] = []
            if case .list(let present) = spec[field: "finalizers"] { finalizers = present }
            if !finalizers.contains(.string("kubernetes")) { finalizers.append(.string("kubernetes")) }
            spec[field: "finalizers"] = .list(finalizers)
        }
        labelName(&object)
    }

    func prepareForUpdate(_ object: inout Object, old: Object) {
        object.edit("spec") { $0[field: "finalizers"] = old.inner("spec")[field: "finalizers"] }
    }

    func validate(_ new: Part) {
        let finalizers = new.spec.finalizers
        for finalizer in finalizers.items { Self.finalizer(finalizer.at(finalizers.place)) }
    }

    static func finalizer(_ finalizer: Part) {
        finalizer.form(.qualifiedName)
        MetadataRules.standardFinalizer(finalizer)
    }

    func validateStatusUpdate(_ new: Part, _ old: Part) {
        let wanted = new.metadata.deletionTimestamp.isSet ? "Terminating" : "Active"
        // Upstream writes this name with a capital letter.
        let phase = new.status.phase.at(new.status.place.member("Phase"))
        if phase.text != wanted { phase.invalid("must be \(wanted)") }
    }

    func subresource(_ name: String) -> (any SubresourceRules)? { name == "finalize" ? FinalizeRules() : nil }

    /// What holds a namespace back from going.
    struct FinalizeRules: SubresourceRules {
        func prepare(_ object: inout Object, old: Object) { object[field: "status"] = old[field: "status"] }

        func validate(_ new: Part, _ old: Part) {
            for finalizer in new.spec.finalizers.items { NamespaceRules.finalizer(finalizer) }
        }
    }
}

struct LeaseRules: KindRules {
    var namesFinalizersFreely: Bool { true }

    func validate(_ new: Part) {
        let spec = new.spec
        spec.leaseDurationSeconds.ifSetPositive()
        spec.leaseTransitions.nonNegative()
        if spec.strategy.isSet {
            // Upstream names the strategy twice.
            let strategy = spec.strategy.at(spec.strategy.place.member("strategy"))
            if strategy.text.has("/") {
                strategy.form(.qualifiedName)
            } else {
                strategy.oneOf("OldestEmulationVersion")
            }
        }
        if !spec.preferredHolder.isEmpty, spec.strategy.isEmpty { spec.preferredHolder.forbidden("needs a strategy") }
    }
}

struct BindingRules: KindRules {
    func validate(_ new: Part) {
        if !new.target.kind.isEmpty { new.target.kind.oneOf("Node", "<empty>") }
        new.target.name.mustBeSet()
    }
}
