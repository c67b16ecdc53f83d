import MartinetBase
import MartinetEngine
import MartinetImageSpec
import MartinetImages
import MartinetRegistry
import MartinetRegistryAccess
import MartinetTransport

/// Brings images from registries to the node.
struct NodePuller: ImagePuller {
    private let access: RegistryAccess

    init(_ settings: Settings, loops: EventLoops, runtime: any Runtime, log: Log) throws {
        access = RegistryAccess(loops: loops, runtime: runtime, log: log, try settings.registryAccess())
    }

    func pull(
        _ reference: ImageReference, into store: ImageStore, keyring: RegistryKeyring,
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        let isHere = (try? store.image(reference)) != nil
        // Unstructured, as the pods' workers are serial executors and not tasks; it ends with the pull.
        Task {
            do {
                // What is here already runs anyway where the registry is out of reach: it is not waited for long.
                try await access.pull(reference, into: store, keyring: keyring, attempts: isHere ? 1 : 3)
                completion(nil)
            } catch {
                completion(error)
            }
        }
    }
}

extension Settings {
    /// What the settings and the environment say about registries.
    func registryAccess() throws -> RegistryAccessConfiguration {
        var access = RegistryAccessConfiguration()
        if let registries { access.folders.insert(registries, at: 0) }
        if let registryCA {
            guard let text = readText(registryCA) else {
                throw SettingsError(message: "--registry-ca: \(registryCA) cannot be read")
            }
            access.authorities = Array(text.utf8)
        }
        access.plainHTTP = plainRegistries
        access.proxies = try ProxySettings(environment: Environ.variables)
        return access
    }
}
