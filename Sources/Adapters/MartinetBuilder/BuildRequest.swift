package import MartinetBase
package import MartinetDockerfile
package import MartinetImageSpec
package import MartinetImages

/// What to build.
package struct BuildRequest: Sendable {
    package var dockerfile: Dockerfile
    /// The folder that COPY and ADD take from.
    package var context: String
    package var ignored: IgnoreList
    package var tags: [ImageReference]
    /// Values for ARG.
    package var arguments: [String: String] = [:]
    /// A stage's name or number; the last one by itself.
    package var target: String?
    /// The time of everything in the image (SOURCE_DATE_EPOCH).
    package var time = Timestamp(seconds: 0)
    package var platform = Platform.host
    package var usesCache = true
    /// Finds base images that are not in the store; nil where there is nowhere to look.
    package var pull: (@Sendable (ImageReference) throws -> Image)?
    package var progress: @Sendable (BuildProgress) -> Void = { _ in }

    package init(dockerfile: Dockerfile, context: String, tags: [ImageReference], ignored: IgnoreList = IgnoreList()) {
        self.dockerfile = dockerfile
        self.context = context
        self.tags = tags
        self.ignored = ignored
    }
}
