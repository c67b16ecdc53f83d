import Glibc
import MartinetArchive
import MartinetBase
import MartinetDockerfile
import MartinetImageSpec
package import MartinetImages

/// Builds images from Dockerfiles straight into the store.
///
/// Each RUN, COPY and ADD works in an overlay mount of the layers so far; what changed becomes an uncompressed layer.
/// Reproducible: the same inputs give the same digests, because every time in the image is the request's.
/// An instruction whose inputs were seen before (layers below, text, variables, content) takes the layer of then.
package final class ImageBuilder {
    let store: ImageStore
    private let runner: any StepRunner
    let builds: String
    private var request: BuildRequest
    private var stages: [(name: String?, state: StageState)] = []
    private var step = 0
    private var steps = 0

    package init(store: ImageStore, runner: any StepRunner) {
        self.store = store
        self.runner = runner
        builds = store.root + "/builds"
        request = BuildRequest(dockerfile: .empty, context: "/", tags: [])
    }

    /// Builds and names the image. Throws `BuildError` with the instruction's place.
    package func build(_ request: BuildRequest) throws -> Image {
        self.request = request
        stages = []
        step = 0
        steps = request.dockerfile.stages.reduce(0) { $0 + 1 + $1.instructions.count }
        try FileTree.makeFolders(builds, mode: 0o700)
        let lease = try store.work()
        for warning in request.dockerfile.warnings { request.progress(.warning("\(warning)")) }
        var last: StageState?
        for (index, stage) in request.dockerfile.stages.enumerated() {
            let state = try build(stage)
            stages.append((stage.name, state))
            last = state
            if let target = request.target?.lowercased(), target == stage.name || target == String(index) { break }
        }
        if let target = request.target?.lowercased(), target != stages.last?.name, target != String(stages.count - 1) {
            throw BuildError(
                nil, "stage \(target): is not in \(request.dockerfile.stages.first?.place.file ?? "the file")")
        }
        guard let last else { throw BuildError(nil, "the file has no stage") }
        let image = try store.putImage(last.config, layers: last.layers)
        for tag in request.tags { try store.setName(tag, to: image.target) }
        lease.end()
        return image
    }

    private func announce(_ text: String) {
        step += 1
        request.progress(.step(text, number: step, of: steps))
    }

    private func build(_ stage: Stage) throws -> StageState {
        announce("FROM \(stage.base.raw)" + (stage.name.map { " AS \($0)" } ?? ""))
        var state = try base(of: stage)
        state.config.created = request.time.rfc3339
        let triggers = state.defaults.onBuild ?? []
        state.defaults.onBuild = nil
        for trigger in triggers {
            let instruction = try Dockerfile.instruction(trigger, file: "ONBUILD of \(stage.base.raw)")
            request.progress(.trigger(trigger))
            try execute(instruction, &state)
        }
        for instruction in stage.instructions {
            announce(instruction.text)
            try execute(instruction, &state)
        }
        return state
    }

    private func base(of stage: Stage) throws -> StageState {
        var variables = platformArguments
        for (name, fallback) in request.dockerfile.arguments {
            let expander = Expander(variables: variables, escape: request.dockerfile.escape)
            let value = try fallback.map { word throws(DockerfileError) in try expander.expand(word) }
            variables[name.raw] = request.arguments[name.raw] ?? value ?? variables[name.raw] ?? ""
        }
        let expander = Expander(variables: variables, escape: request.dockerfile.escape)
        let name = try expander.expand(stage.base)
        if let platform = stage.platform, try expander.expand(platform) != request.platform.description {
            throw BuildError(stage.place, "FROM --platform: only \(request.platform) can be built here")
        }
        guard name != "scratch" else { return StageState(config: ImageConfig(platform: request.platform)) }
        if let earlier = stages.last(where: { $0.name == name.lowercased() }) {
            var state = earlier.state
            state.arguments = [:]
            state.ownsCommand = false
            return state
        }
        let image = try image(name, at: stage.base.place)
        return StageState(config: image.config, layers: image.manifest.layers)
    }

    private func image(_ name: String, at place: SourcePlace) throws -> Image {
        do {
            let reference = try ImageReference(name)
            let image: Image
            do {
                image = try store.image(reference, platform: request.platform)
            } catch let error as ImageStoreError where error.code == .notFound {
                guard let pull = request.pull else { throw error }
                image = try pull(reference)
            }
            try store.unpack(image)
            return image
        } catch {
            throw BuildError(place, "image \(name) cannot be used", cause: error)
        }
    }

    private var platformArguments: [String: String] {
        let platform = request.platform
        return [
            "TARGETPLATFORM": platform.description, "TARGETOS": platform.os, "TARGETARCH": platform.architecture,
            "TARGETVARIANT": platform.variant ?? "", "BUILDPLATFORM": platform.description, "BUILDOS": platform.os,
            "BUILDARCH": platform.architecture,
        ]
    }

    // MARK: - Instructions

    private func execute(_ instruction: Instruction, _ state: inout StageState) throws {
        do {
            let expander = state.expander(escape: request.dockerfile.escape)
            switch instruction.operation {
            case .run(let command, let heredocs):
                try run(command, heredocs, instruction, &state)
            case .transfer(let transfer):
                try copy(transfer, instruction, expander, &state)
            case .workingDirectory(let word):
                let path = state.absolute(try expander.expand(word))
                state.defaults.workingDirectory = path
                try layer(key: ["WORKDIR", path], text: instruction.text, &state) { view in
                    _ = try Copier.makeFolder(path, in: view.root)
                }
            case .argument(let list):
                var automatic = platformArguments
                automatic.merge(request.arguments) { $1 }
                for (name, fallback) in list {
                    let word = try fallback.map { try state.expander(escape: request.dockerfile.escape).expand($0) }
                    let shared = request.dockerfile.arguments.first { $0.0.raw == name.raw }?.1?.raw
                    state.arguments[name.raw] = automatic[name.raw] ?? word ?? shared
                }
                state.remember(instruction.text, created: request.time.rfc3339, empty: true)
            default:
                try state.apply(instruction, expander)
                state.remember(instruction.text, created: request.time.rfc3339, empty: true)
            }
        } catch let error as BuildError where error.place != nil {
            throw error
        } catch let error as DockerfileError {
            throw BuildError(error.place, error.message)
        } catch {
            throw BuildError(instruction.place, "\(instruction.text.prefix(120))", cause: error)
        }
    }

    private func run(
        _ command: Command, _ heredocs: [Heredoc], _ instruction: Instruction, _ state: inout StageState
    ) throws {
        var arguments = state.argv(command)
        if let first = heredocs.first, case .shell(let line) = command {
            let script: String
            if line.utf8.first == UInt8(ascii: "<"), heredocs.count == 1, !line.contains(" ") {
                guard !first.content.hasPrefix("#!") else {
                    throw BuildError(instruction.place, "RUN: here-documents with an interpreter are not supported yet")
                }
                script = first.content
            } else {
                script = line + "\n" + heredocs.map { $0.content + $0.name + "\n" }.joined()
            }
            arguments = state.argv(.shell(script))
        }
        var environment = state.defaults.environment ?? []
        if !environment.contains(where: { $0.hasPrefix("PATH=") }) {
            environment.append("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        }
        let names = Set(state.environment.map(\.name))
        for (name, value) in state.arguments.sorted(by: { $0.key < $1.key }) where !names.contains(name) {
            environment.append("\(name)=\(value)")
        }
        let directory = state.defaults.workingDirectory ?? "/"
        let user = state.defaults.user ?? ""
        let progress = request.progress
        try layer(key: ["RUN", user, directory] + arguments + ["env"] + environment, text: instruction.text, &state) {
            view in
            let step = BuildStep(
                rootfs: view.path, arguments: arguments, environment: environment, workingDirectory: directory,
                user: user)
            let status = try runner.run(step) { progress(.output($0)) }
            guard status == 0 else {
                throw BuildError(
                    instruction.place, "RUN ended with status \(status): \(arguments.last?.prefix(200) ?? "")")
            }
        }
    }

    private func copy(
        _ transfer: Transfer, _ instruction: Instruction, _ expander: Expander, _ state: inout StageState
    ) throws {
        var copier = Copier(transfer: transfer, text: instruction.text, time: request.time)
        copier.destination = try expander.expand(transfer.destination)
        copier.base = state.defaults.workingDirectory ?? "/"
        copier.sources = try transfer.sources.map { (try expander.expand($0), $0.place) }
        copier.owner = try transfer.owner.map { try expander.expand($0) }
        copier.mode = try transfer.mode.map { try expander.expand($0) }
        copier.heredocs = try transfer.heredocs.map {
            ($0.name, $0.expands ? try expander.expandVariables($0.content, place: instruction.place) : $0.content)
        }
        var source: BuildView?
        var key: [String]
        if let from = transfer.from {
            let name = try expander.expand(from)
            let other: StageState
            if let stage = stages.last(where: { $0.name == name.lowercased() }) {
                other = stage.state
            } else if let number = Int(name), stages.indices.contains(number) {
                other = stages[number].state
            } else {
                let image = try image(name, at: from.place)
                other = StageState(config: image.config, layers: image.manifest.layers)
            }
            let view = try BuildView(
                layers: other.chainIDs.map { store.layerPath($0) }, builds: builds, name: "from-\(token())")
            source = view
            copier.context = view.root
            copier.keepsOwners = true
            key = [other.chainIDs.last?.description ?? "scratch"]
        } else {
            copier.context = try OpenFile.folder(request.context)
            copier.ignored = request.ignored
            key = []
        }
        defer { withExtendedLifetime(source) {} }
        let items = try copier.resolve()
        key = try copier.key(items, digestContent: transfer.from == nil) + key
        try layer(key: key, text: instruction.text, &state) { try copier.run(items, in: $0.root) }
        try source?.unmount()
        try source?.discard()
    }

    func token() -> String { String(store.runtime.random(), radix: 16) }

    /// Does `body` over the layers so far, and adds what it changed as a layer; or takes that from the cache.
    private func layer(
        key: [String], text: String, _ state: inout StageState, _ body: (BuildView) throws -> Void
    ) throws {
        let chain = state.chainIDs
        let inputs = [chain.last?.description ?? "scratch", "\(request.time.seconds)"] + key
        // Lengths in front, so that no two lists are one text.
        let cacheKey = ContentDigest(of: inputs.map { "\($0.utf8.count):\($0)" }.joined(separator: "\n"))
        var made = request.usesCache ? try store.cachedLayer(cacheKey) : nil
        if made == nil {
            let fresh = try make(chain, body)
            try store.cacheLayer(fresh, for: cacheKey)
            made = fresh
        } else {
            request.progress(.cached)
        }
        if let layer = made?.layer {
            state.config.rootfs.diffIDs.append(layer.digest)
            state.layers.append(layer)
            let full = state.chainIDs
            try store.unpack(layer, diffID: layer.digest, chainID: full[full.count - 1], below: chain)
        }
        state.remember(text, created: request.time.rfc3339, empty: made?.layer == nil)
    }

    private func make(_ chain: [ContentDigest], _ body: (BuildView) throws -> Void) throws -> CachedLayer {
        let view = try BuildView(layers: chain.map { store.layerPath($0) }, builds: builds, name: token())
        try body(view)
        try view.unmount()
        let blob = try store.newBlob()
        let writer = TarWriter(blob)
        let count = try LayerDiff(changes: view.changes, lowers: view.lowers, time: request.time).write(to: writer)
        try writer.finish()
        try view.discard()
        guard count > 0 else { return CachedLayer(layer: nil) }
        let size = blob.size
        let digest = try blob.commit()
        return CachedLayer(layer: Descriptor(mediaType: MediaType.ociLayer, digest: digest, size: size))
    }
}
