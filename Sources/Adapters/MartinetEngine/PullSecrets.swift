import MartinetAPI
import MartinetRegistry
import MartinetSchema

/// What a pod's `imagePullSecrets` say about registries.
enum PullSecrets {
    /// The logins of all of them. A secret that is not there or cannot be read is passed over: its name is in `unusable`.
    static func keyring(
        _ secrets: [(name: String, secret: Secret?)]
    ) -> (keyring: RegistryKeyring, unusable: [String]) {
        var keyring = RegistryKeyring.empty
        var unusable: [String] = []
        for (name, secret) in secrets {
            if let logins = secret.flatMap(PullSecrets.logins) { keyring.add(logins) } else { unusable.append(name) }
        }
        return (keyring, unusable)
    }

    private static func logins(_ secret: Secret) -> RegistryKeyring? {
        let files = secret.files
        if let bytes = files[".dockerconfigjson"] { return try? RegistryKeyring(dockerConfigJSON: bytes) }
        return files[".dockercfg"].flatMap { try? RegistryKeyring(dockerCfg: $0) }
    }
}
