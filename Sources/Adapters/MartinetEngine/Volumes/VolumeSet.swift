import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetImages
import MartinetSchema

/// A pod's volumes on the node.
struct VolumeSet {
    let pod: Pod
    /// The pod's data folder.
    let folder: String
    let downward: DownwardAPI

    private var group: UInt32? { pod.spec.securityContext?.fsGroup.flatMap { UInt32(exactly: $0) } }

    /// Where a volume is on the node.
    func path(of volume: Volume) -> String {
        if let host = volume.hostPath { return host.path }
        let kind =
            volume.emptyDir != nil
            ? "empty-dir" : volume.secret != nil ? "secret" : volume.configMap != nil ? "configmap" : "projected"
        return "\(folder)/volumes/kubernetes.io~\(kind)/\(volume.name)"
    }

    /// Makes what is not there, and brings up to date what is made of other objects.
    func prepare(_ content: PodContent, at moment: Timestamp) throws {
        for volume in pod.spec.volumes {
            if let source = volume.hostPath {
                try VolumeSet.checkHostPath(source, volume.name)
            } else if let source = volume.emptyDir {
                try makeEmpty(path(of: volume), source)
            } else {
                try write(volume, content, at: moment)
            }
        }
    }

    /// Brings up to date what is made of other objects.
    func refresh(_ content: PodContent, at moment: Timestamp) throws {
        for volume in pod.spec.volumes where volume.hostPath == nil && volume.emptyDir == nil {
            try write(volume, content, at: moment)
        }
    }

    private func write(_ volume: Volume, _ content: PodContent, at moment: Timestamp) throws {
        let files = try files(of: volume, content)
        let place = path(of: volume)
        // What is secret never reaches the disk.
        if volume.configMap == nil, volume.downwardAPI == nil, !Files.exists(place + "/..data"),
            try !Mounts.isMounted(place)
        {
            try Files.makeFolders(place)
            try Mounts.tmpfs(place, "mode=0755,size=16m")
        }
        try AtomicFolder(path: place, group: group).write(files, moment: moment)
    }

    private func makeEmpty(_ path: String, _ source: EmptyDirVolumeSource) throws {
        guard !Files.exists(path) else { return }
        try Files.makeFolders(path)
        let limit = source.sizeLimit.flatMap { Quantity($0) }?.value ?? 0
        if source.medium == "Memory" {
            try Mounts.tmpfs(path, limit > 0 ? "mode=0777,size=\(limit)" : "mode=0777")
        }
        if let group { _ = chown(path, 0, group) }
        guard chmod(path, group == nil ? 0o777 : 0o2777) == 0 else { throw SystemError.last("chmod", path) }
    }

    /// The kinds of `hostPath.type`, made where the kind says so.
    private static func checkHostPath(_ source: HostPathVolumeSource, _ name: String) throws {
        let path = source.path
        guard path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
            throw EngineError.mount("volume \(name): \(path) is no absolute path without ..")
        }
        let type = source.type ?? ""
        var info = stat()
        var exists = stat(path, &info) == 0
        if !exists, type == "DirectoryOrCreate" {
            try Files.makeFolders(path)
            exists = stat(path, &info) == 0
        } else if !exists, type == "FileOrCreate" {
            _ = try OpenFile.open(path, O_WRONLY | O_CREAT, mode: 0o644)
            exists = stat(path, &info) == 0
        }
        guard !type.isEmpty else { return }
        let kinds: [String: (UInt32, String)] = [
            "Directory": (S_IFDIR, "a directory"), "DirectoryOrCreate": (S_IFDIR, "a directory"),
            "File": (S_IFREG, "a file"), "FileOrCreate": (S_IFREG, "a file"), "Socket": (S_IFSOCK, "a socket file"),
            "CharDevice": (S_IFCHR, "a character device"), "BlockDevice": (S_IFBLK, "a block device"),
        ]
        guard let (kind, word) = kinds[type] else {
            throw EngineError.mount("volume \(name): hostPath.type \(type) is not known")
        }
        guard exists, info.st_mode & S_IFMT == kind else {
            throw EngineError.mount(
                "MountVolume.SetUp failed for volume \(name.debugDescription) : hostPath type check failed: \(path) is not \(word)"
            )
        }
    }

    // MARK: - contents

    private func files(of volume: Volume, _ content: PodContent) throws(EngineError) -> [String: AtomicFolder.File] {
        if let source = volume.configMap {
            return try configMap(
                source.name, Array(source.items), source.optional == true, VolumeSet.mode(source.defaultMode), content)
        }
        if let source = volume.secret {
            return try secret(
                source.secretName, Array(source.items), source.optional == true, VolumeSet.mode(source.defaultMode),
                content)
        }
        if let source = volume.downwardAPI {
            return try downwardFiles(Array(source.items), VolumeSet.mode(source.defaultMode))
        }
        guard let source = volume.projected else {
            // A volume that says nothing is an emptyDir in the API.
            return [:]
        }
        let mode = VolumeSet.mode(source.defaultMode)
        var files: [String: AtomicFolder.File] = [:]
        for part in source.sources {
            var some: [String: AtomicFolder.File] = [:]
            if let map = part.configMap {
                some = try configMap(map.name, Array(map.items), map.optional == true, mode, content)
            } else if let secret = part.secret {
                some = try self.secret(secret.name, Array(secret.items), secret.optional == true, mode, content)
            } else if let downward = part.downwardAPI {
                some = try downwardFiles(Array(downward.items), mode)
            } else if let token = part.serviceAccountToken {
                guard let text = content.tokens[ContentReferences.key(token)] else {
                    throw EngineError.mount("volume \(volume.name): there is no token for it yet")
                }
                // Its owner alone reads it, unless the pod names a group; every user of a pod is root or in that group.
                some[token.path] = AtomicFolder.File(
                    bytes: Array(text.utf8), mode: group == nil && runsAsOne == nil ? 0o644 : 0o600)
            }
            files.merge(some) { $1 }
        }
        return files
    }

    /// The one user that all containers run as, where the pod says so.
    private var runsAsOne: Int64? { pod.spec.securityContext?.runAsUser.flatMap { $0 == 0 ? 0 : nil } }

    private static func mode(_ mode: Int32?) -> UInt32 { UInt32(clamping: mode ?? 0o644) & 0o777 }

    private func configMap(
        _ name: String, _ items: [KeyToPath], _ optional: Bool, _ mode: UInt32, _ content: PodContent
    ) throws(EngineError) -> [String: AtomicFolder.File] {
        guard let map = content.configMaps[name] else {
            if optional { return [:] }
            throw EngineError.mount("configmap \(name.debugDescription) not found")
        }
        return try VolumeSet.choose(map.files, items, optional, mode, "configmap")
    }

    private func secret(
        _ name: String, _ items: [KeyToPath], _ optional: Bool, _ mode: UInt32, _ content: PodContent
    ) throws(EngineError) -> [String: AtomicFolder.File] {
        guard let secret = content.secrets[name] else {
            if optional { return [:] }
            throw EngineError.mount("secret \(name.debugDescription) not found")
        }
        return try VolumeSet.choose(secret.files, items, optional, mode, "secret")
    }

    private static func choose(
        _ files: [String: [UInt8]], _ items: [KeyToPath], _ optional: Bool, _ mode: UInt32, _ kind: String
    ) throws(EngineError) -> [String: AtomicFolder.File] {
        if items.isEmpty { return files.mapValues { AtomicFolder.File(bytes: $0, mode: mode) } }
        var chosen: [String: AtomicFolder.File] = [:]
        for item in items {
            guard let bytes = files[item.key] else {
                if optional { continue }
                throw EngineError.mount("\(kind) references non-existent config key: \(item.key)")
            }
            chosen[item.path] = AtomicFolder.File(bytes: bytes, mode: item.mode.map { UInt32(clamping: $0) } ?? mode)
        }
        return chosen
    }

    private func downwardFiles(
        _ items: [DownwardAPIVolumeFile], _ mode: UInt32
    ) throws(EngineError) -> [String: AtomicFolder.File] {
        var files: [String: AtomicFolder.File] = [:]
        for item in items {
            var text = ""
            if let field = item.fieldRef { text = try downward.value(of: field.fieldPath) }
            if let selector = item.resourceFieldRef { text = try downward.resource(selector, in: nil) }
            files[item.path] = AtomicFolder.File(
                bytes: Array(text.utf8), mode: item.mode.map { UInt32(clamping: $0) } ?? mode)
        }
        return files
    }

    // MARK: - subPath

    /// Binds a part of a volume to a place of the engine's own: what the volume's links say cannot lead outside, now or
    /// between the check and the mount, as the mount's source is the open file itself (CVE-2017-1002101).
    func bindPart(_ part: String, of volume: Volume, to target: String) throws {
        guard !part.hasPrefix("/"), !part.split(separator: "/").contains("..") else {
            throw EngineError.config("subPath \(part) is not a relative path without ..")
        }
        let root = try OpenFile.folder(path(of: volume))
        var place = root
        for name in part.split(separator: "/").map(String.init) {
            if let next = try place.folderInside(name) {
                // Opened in the volume's root, so that a link inside it is resolved there.
                place = next
                continue
            }
            if try place.status(name) != nil { break }
            guard mkdirat(place.descriptor, name, 0o755) == 0 else { throw SystemError.last("mkdirat", name) }
            place = try place.openInside(name, martinetPathOnly | O_DIRECTORY)
        }
        let file = try root.openInside(part, martinetPathOnly)
        var info = stat()
        guard fstat(file.descriptor, &info) == 0 else { throw SystemError.last("fstat", part) }
        if info.st_mode & S_IFMT == S_IFDIR {
            try Files.makeFolders(target)
        } else {
            if let cut = target.lastIndex(of: "/") { try Files.makeFolders(String(target[..<cut])) }
            _ = try OpenFile.open(target, O_WRONLY | O_CREAT, mode: 0o600)
        }
        try Mounts.bind("/proc/self/fd/\(file.descriptor)", target)
    }
}
