import Glibc
import MartinetArchive
import MartinetBase
import MartinetCommandLine
import MartinetContainers
import MartinetImageSpec
import MartinetImages
import MartinetRegistryAccess

extension DockerCommand {
    func images() throws -> Int32 {
        let store = try store.get()
        let wanted = arguments.first
        let rows = try store.allNames().compactMap { name, target -> ImageRow? in
            guard wanted == nil || ImageRow.matches(name, wanted ?? "") else { return nil }
            do {
                return ImageRow(name, try store.image(target, named: name.familiar))
            } catch {
                log.warning("an image cannot be shown", [("image", name.familiar), ("error", "\(error)")])
                return nil
            }
        }
        let sorted = rows.sorted { ($0.created, $1.repository, $1.tag) > ($1.created, $0.repository, $0.tag) }
        let isLong = flags.bool("no-trunc")
        if flags.bool("quiet") {
            var seen: Set<String> = []
            for row in sorted where seen.insert(row.id).inserted { console.print(isLong ? row.id : row.shortID) }
            return 0
        }
        let now = runtime.now()
        if flags.isSet("format") {
            try Formatting.rows(flags.string("format"), sorted.map { $0.fields(now, isLong) }, console)
            return 0
        }
        let digests = flags.bool("digests")
        var table = TextTable(["REPOSITORY", "TAG"] + (digests ? ["DIGEST"] : []) + ["IMAGE ID", "CREATED", "SIZE"])
        for row in sorted {
            table.add(
                [row.repository, row.tag] + (digests ? [row.digest] : [])
                    + [isLong ? row.id : row.shortID, Formatting.ago(row.created, now), Formatting.size(row.size)])
        }
        console.out(Array(table.text.utf8))
        return 0
    }

    func tag() throws -> Int32 {
        let store = try store.get()
        let image = try store.find(arguments[0])
        try store.setName(try ImageReference(arguments[1]), to: image.target)
        return 0
    }

    func removeImages() throws -> Int32 {
        let store = try store.get()
        let isForced = flags.bool("force")
        let status = each(arguments) { word in
            let names = try store.allNames()
            let reference = try? ImageReference(word)
            var doomed = names.filter { $0.reference == reference }
            if doomed.isEmpty {
                let image = try store.find(word)
                doomed = names.filter { $0.target.digest == image.target.digest }
                guard doomed.count <= 1 || isForced else {
                    throw DockerError("\(word): has \(doomed.count) names; remove them one by one, or all by --force")
                }
            }
            let digest = doomed.first?.target.digest
            if names.filter({ $0.target.digest == digest }).count == doomed.count, !isForced, let digest {
                let target = doomed[0].target
                let id = try? store.image(target, named: word).id
                if let user = try imagesInUse().first(where: { $0.id == id })?.user {
                    throw DockerError("\(word): \(user) uses the image \(digest.short); --force removes its name")
                }
            }
            for entry in doomed {
                try store.removeName(entry.reference)
                console.print("Untagged: \(entry.reference.familiar)")
            }
        }
        guard !flags.bool("no-prune") else { return status }
        do {
            let collected = try store.collectGarbage(keeping: Set(try imagesInUse().map(\.id)))
            if collected.blobs > 0 {
                console.print("Deleted: \(collected.blobs) blobs, \(Formatting.size(collected.bytes))")
            }
        } catch let error as ImageStoreError where error.code == .busy {
            console.note("docker: somebody works on the images; the content goes with the next removal")
        }
        return status
    }

    /// The images of all containers of this machine: those of `docker run` and those of the node's pods.
    func imagesInUse() throws -> [(id: ContentDigest, user: String)] {
        var used = try book.all().compactMap { record in
            (try? ContentDigest(record.imageID)).map { (id: $0, user: "the container \(record.name)") }
        }
        used += try PodImages.ids(in: configuration.nodeRun + "/pods").map { (id: $0, user: "a pod") }
        return used
    }

    func history() throws -> Int32 {
        let image = try store.get().find(arguments[0])
        let isLong = flags.bool("no-trunc")
        let now = runtime.now()
        var sizes = image.manifest.layers.map(\.size)[...]
        var rows: [[String]] = []
        for entry in image.config.history ?? [] {
            let size = entry.emptyLayer == true ? 0 : sizes.popFirst() ?? 0
            let text = entry.createdBy ?? ""
            let created = entry.created.flatMap { Timestamp(rfc3339: $0) } ?? Timestamp(seconds: 0)
            rows.append([
                "<missing>", Formatting.ago(created, now),
                isLong || text.count <= 45 ? text : text.prefix(44) + "…", Formatting.size(size), entry.comment ?? "",
            ])
        }
        let id = isLong ? image.id.description : image.id.short
        if rows.isEmpty { rows = [[id, "N/A", "", Formatting.size(image.layerBytes), ""]] }
        rows[rows.count - 1][0] = id
        if flags.bool("quiet") {
            for row in rows.reversed() { console.print(row[0]) }
            return 0
        }
        var table = TextTable(["IMAGE", "CREATED", "CREATED BY", "SIZE", "COMMENT"])
        for row in rows.reversed() { table.add(row) }
        console.out(Array(table.text.utf8))
        return 0
    }

    // MARK: - Archives

    func save() throws -> Int32 {
        let references = try arguments.map { try ImageReference($0) }
        let path = flags.string("output")
        if path.isEmpty {
            guard isatty(1) == 0 else {
                throw DockerError("save: an archive is not for a terminal; use -o FILE or a pipe")
            }
            try store.get().save(references, to: ConsoleSink(console))
            return 0
        }
        // Written aside: an archive that is there is whole.
        let file = try OpenFile.open(path + ".part", O_WRONLY | O_CREAT | O_TRUNC, mode: 0o600)
        do {
            try store.get().save(references, to: FileSink(file))
        } catch {
            unlink(path + ".part")
            throw error
        }
        guard rename(path + ".part", path) == 0 else { throw SystemError.last("rename", path) }
        return 0
    }

    func load() throws -> Int32 {
        let path = flags.string("input")
        let loaded = try path.isEmpty ? store.get().load(standardInput("load")) : store.get().load(path: path)
        for image in loaded {
            for name in image.names { console.print("Loaded image: \(name.familiar)") }
            if image.names.isEmpty { console.print("Loaded image ID: \(image.image.id)") }
        }
        return 0
    }

    func importImage() throws -> Int32 {
        guard arguments.count <= 2 else { throw DockerError("import: takes a file and a name") }
        let file = arguments[0]
        guard !file.hasPrefix("http://"), !file.hasPrefix("https://") else {
            throw DockerError.unsupported("import of an address")
        }
        // The course imports what `docker save` wrote: that is an image already, and more than a file system.
        if file != "-", let images = try imagesInArchive(file) {
            let name = try arguments.dropFirst().first.map { try ImageReference($0) }
            console.note(
                "docker: \(file) is an archive of images, as `docker save` writes them: loaded as `docker load` does")
            for image in images {
                if let name { try store.get().setName(name, to: image.image.target) }
                console.print(image.image.id.description)
            }
            return 0
        }
        var defaults = ProcessDefaults()
        try Changes.apply(flags.strings("change"), to: &defaults)
        let source: any ByteSource = file == "-" ? try standardInput("import") : try FileSource(path: file)
        let image = try store.get().importRootfs(
            source, defaults: defaults, as: try arguments.dropFirst().first.map { try ImageReference($0) })
        console.print(image.id.description)
        return 0
    }

    private func imagesInArchive(_ path: String) throws -> [LoadedImage]? {
        let reader = TarReader(try decompressed(FileSource(path: path)).source)
        while let entry = try reader.next() {
            if entry.pathText == "manifest.json" || entry.pathText == "oci-layout" {
                return try store.get().load(path: path)
            }
        }
        return nil
    }

    func standardInput(_ command: String) throws -> any ByteSource {
        guard isatty(0) == 0 else {
            throw DockerError("\(command): expected an archive on standard input, found a terminal")
        }
        return FileSource(try OpenFile.open("/dev/stdin", O_RDONLY))
    }

    // MARK: - Registries

    func pull() throws -> Int32 {
        let reference = try ImageReference(arguments[0])
        let isQuiet = flags.bool("quiet")
        if !isQuiet {
            console.print("\(reference.target): Pulling from \(reference.path)")
        }
        let before = try store.get().target(of: reference)
        let image = try fetch(reference, platform: try platform(), isQuiet: isQuiet)
        if isQuiet {
            console.print(reference.description)
            return 0
        }
        console.print("Digest: \(image.target.digest)")
        let isNew = before?.digest != image.target.digest
        console.print("Status: \(isNew ? "Downloaded newer image" : "Image is up to date") for \(reference.familiar)")
        console.print(reference.description)
        return 0
    }

    func platform() throws -> Platform {
        let text = flags.string("platform")
        guard !text.isEmpty else { return .host }
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count), !parts.contains("") else {
            throw DockerError("--platform: expected os/architecture[/variant], found \(text)")
        }
        return Platform(architecture: parts[1], os: parts[0], variant: parts.count == 3 ? parts[2] : nil)
    }

    /// Pulls, and tells how far it is.
    func fetch(_ reference: ImageReference, platform: Platform = .host, isQuiet: Bool = false) throws -> Image {
        try fetcher(isQuiet: isQuiet).fetch(reference, platform: platform)
    }

    func fetcher(isQuiet: Bool) throws -> Fetcher {
        Fetcher(store: try store.get(), access: access, logins: logins, console: isQuiet ? nil : console)
    }

    func push() throws -> Int32 {
        let reference = try ImageReference(arguments[0])
        let store = try store.get()
        let (access, console, isQuiet) = (access, console, flags.bool("quiet"))
        let keyring = try logins.keyring(for: reference.domain)
        if !isQuiet { console.print("The push refers to repository [\(reference.repository)]") }
        let image = try store.image(reference)
        try Blocking.wait {
            try await access.push(reference, from: store, as: reference, keyring: keyring) { progress in
                guard !isQuiet else { return }
                let word =
                    switch progress.step {
                    case .exists: "Layer already exists"
                    case .began: "Pushing"
                    case .complete: "Pushed"
                    }
                console.print("\(progress.digest.short): \(word)")
            }
        }
        let size = try store.blobSize(image.manifestDigest)
        console.print(
            isQuiet ? reference.description : "\(reference.target): digest: \(image.manifestDigest) size: \(size)")
        return 0
    }
}

/// Hands an archive to the console.
private final class ConsoleSink: ByteSink {
    private let console: Console
    init(_ console: Console) { self.console = console }
    func write(_ bytes: UnsafeRawBufferPointer) throws { console.out(Array(bytes)) }
}
