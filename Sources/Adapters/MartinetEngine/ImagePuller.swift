package import MartinetImageSpec
package import MartinetImages
package import MartinetRegistry

/// Fetches images into the store.
package protocol ImagePuller: Sendable {
    /// `completion` runs once, on any thread; the message of a failure names the image.
    ///
    /// - Parameter keyring: the logins that the pod brings; those of the node are the puller's own.
    func pull(
        _ reference: ImageReference, into store: ImageStore, keyring: RegistryKeyring,
        _ completion: @escaping @Sendable ((any Error)?) -> Void)
}

/// A node that only runs what it has.
package struct NoPuller: ImagePuller {
    package init() {}
    package func pull(
        _ reference: ImageReference, into store: ImageStore, keyring: RegistryKeyring,
        _ completion: @escaping @Sendable ((any Error)?) -> Void
    ) {
        completion(EngineError("ErrImagePull", "image \(reference.familiar): this node has no way to a registry"))
    }
}
