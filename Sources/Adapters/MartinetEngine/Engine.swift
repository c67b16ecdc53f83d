import Glibc
package import MartinetAPI
package import MartinetBase
package import MartinetContainers
package import MartinetImageSpec
package import MartinetImages
package import MartinetNetwork
package import MartinetRegistry
import MartinetOCI

/// What a node makes pods with. Everything blocks on the kernel or the disk, so it is called on threads that may block.
package final class Engine: Sendable {
    package let configuration: EngineConfiguration
    package let runtime: any Runtime
    package let containers: ContainerRuntime
    package let images: ImageStore
    package let network: PodNetwork
    package let firewall: ServiceFirewall?
    package let puller: any ImagePuller
    package let log: Log

    package init(
        configuration: EngineConfiguration, runtime: any Runtime, containers: ContainerRuntime, images: ImageStore,
        network: PodNetwork, firewall: ServiceFirewall?, puller: any ImagePuller, log: Log
    ) throws(SystemError) {
        var configuration = configuration
        if configuration.memoryCapacity == 0 { configuration.memoryCapacity = HostMachine.memory }
        self.configuration = configuration
        self.runtime = runtime
        self.containers = containers
        self.images = images
        self.network = network
        self.firewall = firewall
        self.puller = puller
        self.log = log
        for folder in [
            configuration.runFolder, configuration.dataFolder, configuration.logFolder,
            configuration.containerLogFolder,
        ] { try Files.makeFolders(folder) }
    }

    /// The uids of pods of which something is on this node: namespaces, folders or an address.
    package func podsOnDisk() throws -> Set<String> {
        var found = Set(try Files.names(in: configuration.runFolder))
        found.formUnion(try Files.names(in: configuration.dataFolder))
        found.formUnion(network.list().map(\.owner))
        return found
    }

    /// The image that a container wants, where it is in the store; nil where it has to be pulled.
    package func image(_ container: Container) throws(EngineError) -> Image? {
        let reference: ImageReference
        do { reference = try ImageReference(container.image) } catch {
            throw EngineError(
                "InvalidImageName", "Failed to apply default image tag \(container.image.debugDescription): \(error)")
        }
        switch container.imagePullPolicy {
        case "Always": return nil
        default: break
        }
        do {
            return try images.image(reference)
        } catch {
            guard (error as? ImageStoreError)?.code == .notFound else {
                throw EngineError("ImageInspectError", "\(error)")
            }
            if container.imagePullPolicy == "Never" {
                throw EngineError(
                    "ErrImageNeverPull",
                    "Container image \(container.image.debugDescription) is not present with pull policy of Never")
            }
            return nil
        }
    }

    /// Pulls a container's image. Where the registry cannot be asked and the image is here, that one serves: a name
    /// that a course writes must run offline.
    ///
    /// - Parameter secrets: the pod's `imagePullSecrets`, nil for one that is not there.
    /// - Parameter onUnusable: told the names of those that say nothing.
    package func pull(
        _ container: Container, secrets: [(name: String, secret: Secret?)], onUnusable: ([String]) -> Void,
        _ completion: @escaping @Sendable (Result<Image, EngineError>) -> Void
    ) {
        let text = container.image
        let images = images
        do {
            let reference = try ImageReference(text)
            let (keyring, unusable) = PullSecrets.keyring(secrets)
            if !unusable.isEmpty { onUnusable(unusable) }
            puller.pull(reference, into: images, keyring: keyring) { error in
                do {
                    if let error {
                        let known = error as? ImageStoreError
                        // What was built here is nobody's secret, and no registry need know it.
                        let isOwn =
                            known.map { $0.code != .mismatch } == true && (try? images.isLocal(reference)) == true
                        guard isOwn || (error is EngineError || known?.code == .unreachable) && secrets.isEmpty,
                            let image = try? images.image(reference)
                        else { throw error }
                        return completion(.success(image))
                    }
                    let image = try images.image(reference)
                    // What was pulled can be pulled again, and may go when the disk is full.
                    try images.setCachedFile(Engine.pulledKey(reference), [])
                    completion(.success(image))
                } catch {
                    completion(
                        .failure(EngineError("ErrImagePull", "failed to pull image \(text.debugDescription): \(error)"))
                    )
                }
            }
        } catch {
            completion(.failure(EngineError("InvalidImageName", "\(error)")))
        }
    }

    private static func pulledKey(_ reference: ImageReference) -> ContentDigest {
        ContentDigest(of: "pulled \(reference)")
    }

    /// Whether an image came from a registry; others were built or loaded here, and nobody could bring them back.
    package func isPulled(_ reference: ImageReference) -> Bool {
        (try? images.cachedFile(Engine.pulledKey(reference))).flatMap { $0 } != nil
    }

    package func logFolder(namespace: String, name: String, uid: String) -> String {
        "\(configuration.logFolder)/\(namespace)_\(name)_\(uid)"
    }
}
