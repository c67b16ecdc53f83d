import MartinetImageSpec
import MartinetImages
import MartinetRegistryAccess

/// Brings images here for commands that need them, with the logins of `docker login`.
struct Fetcher: Sendable {
    let store: ImageStore
    let access: RegistryAccess
    let logins: LoginFile
    /// Told how far it is; nil for no word.
    let console: Console?

    func fetch(_ reference: ImageReference, platform: Platform = .host) throws -> Image {
        let keyring = try logins.keyring(for: reference.domain)
        return try Blocking.wait { [self] in
            try await access.pull(reference, into: store, keyring: keyring, platform: platform) { progress in
                let word =
                    switch progress.step {
                    case .exists: "Already exists"
                    case .began: "Pulling fs layer"
                    case .complete: "Pull complete"
                    }
                console?.print("\(progress.digest.short): \(word)")
            }
        }
    }
}
