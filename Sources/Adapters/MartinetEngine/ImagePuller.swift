package import MartinetBase
package import MartinetImageSpec
package import MartinetImages

/// Fetches images into the store.
package protocol ImagePuller: Sendable {
    /// `completion` runs once, on any thread; the message of a failure names the image.
    ///
    /// - Parameter credentials: to be tried in this order, the first that the registry takes; none: as nobody.
    func pull(
        _ reference: ImageReference, into store: ImageStore, credentials: [RegistryCredentials],
        _ completion: @escaping @Sendable ((any Error)?) -> Void)
}

/// Pulls from registries over a transport that the composition root brings.
package struct RegistryPuller: ImagePuller {
    private let transport: any RegistryTransport
    private let runtime: any Runtime
    private let plainHTTP: @Sendable (String) -> Bool

    /// - Parameter plainHTTP: whether the registry of that domain is spoken to without TLS.
    package init(
        transport: any RegistryTransport, runtime: any Runtime, plainHTTP: @escaping @Sendable (String) -> Bool
    ) {
        self.transport = transport
        self.runtime = runtime
        self.plainHTTP = plainHTTP
    }

    package func pull(
        _ reference: ImageReference, into store: ImageStore, credentials: [RegistryCredentials],
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        var configuration = RegistryClient.Configuration()
        configuration.allowsPlainHTTP = plainHTTP(reference.domain)
        let clients = (credentials.isEmpty ? [nil] : credentials.map(Optional.some)).map { one in
            configuration.credentials = one
            return RegistryClient(
                domain: reference.domain, transport: transport, runtime: runtime, configuration: configuration)
        }
        // Unstructured, as the pods' workers are serial executors and not tasks; it ends with the pull.
        Task {
            var failure: (any Error)?
            for client in clients {
                do {
                    _ = try await client.pull(reference, into: store)
                    return completion(nil)
                } catch {
                    failure = error
                }
            }
            completion(failure)
        }
    }
}

/// A node that only runs what it has.
package struct NoPuller: ImagePuller {
    package init() {}
    package func pull(
        _ reference: ImageReference, into store: ImageStore, credentials: [RegistryCredentials],
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        completion(EngineError("ErrImagePull", "image \(reference.familiar): this node has no way to a registry"))
    }
}
