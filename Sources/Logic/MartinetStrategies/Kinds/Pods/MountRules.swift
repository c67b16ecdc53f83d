import MartinetSchema

/// How a container mounts the volumes of its pod, as folders and as devices.
struct MountRules {
    let container: Part
    let volumes: [String: Part]

    func validate() {
        mounts()
        devices()
    }

    private func mounts() {
        let list = container.volumeMounts
        let devices = container.volumeDevices.items
        let (deviceNames, devicePaths) = (Set(devices.map({ $0.name.text })), Set(last(devices, "devicePath").values))
        var seen: Set<String> = []
        for mount in list.items {
            let (name, path) = (mount.name, mount.mountPath)
            name.mustBeSet()
            if volumes[name.text] == nil { name.notFound("in spec.volumes") }
            path.mustBeSet()
            if !seen.insert(path.text).inserted { path.invalid("must be unique") }
            if deviceNames.contains(name.text) { name.invalid("must not be in volumeDevices too") }
            if devicePaths.contains(path.text) { path.invalid("must not be in volumeDevices too") }
            // Upstream names the list, not its item, from here on.
            if !mount.subPath.isEmpty { mount.subPath.at(list.place.member("subPath")).descendingPath() }
            if !mount.subPathExpr.isEmpty {
                if !mount.subPath.isEmpty { mount.subPathExpr.invalid("may not be set beside subPath") }
                mount.subPathExpr.at(list.place.member("subPathExpr")).descendingPath()
            }
            propagation(mount, mount.mountPropagation.at(list.place.member("mountPropagation")))
            recursion(mount, mount.recursiveReadOnly.at(list.place.member("recursiveReadOnly")))
        }
    }

    private func propagation(_ mount: Part, _ propagation: Part) {
        propagation.ifSet(oneOf: "Bidirectional", "HostToContainer", "None")
        if propagation.text == "Bidirectional", !container.securityContext.privileged.isTrue {
            propagation.forbidden("is available to privileged containers only")
        }
    }

    private func recursion(_ mount: Part, _ recursion: Part) {
        guard recursion.isSet, recursion.text != "Disabled" else { return }
        guard ["Enabled", "IfPossible"].contains(recursion.text) else {
            return recursion.unsupported(["Disabled", "IfPossible", "Enabled"])
        }
        if !mount.readOnly.isTrue { recursion.forbidden("may be set only where readOnly is") }
        if mount.mountPropagation.isSet, mount.mountPropagation.text != "None" {
            recursion.forbidden("may be set only where mountPropagation is None or not set")
        }
    }

    private func devices() {
        guard container.volumeDevices.count > 0 else { return }
        let mounts = container.volumeMounts.items
        let (mountNames, mountPaths) = (Set(mounts.map({ $0.name.text })), Set(last(mounts, "mountPath").values))
        var (names, paths): (Set<String>, Set<String>) = ([], [])
        for device in container.volumeDevices.items {
            let (name, path) = (device.name, device.devicePath)
            name.mustBeSet()
            if names.contains(name.text) { name.invalid("must be unique") }
            if let volume = volumes[name.text] {
                if !volume.persistentVolumeClaim.isSet, !volume.ephemeral.isSet {
                    name.invalid("must name a volume that is a claim")
                }
            } else {
                name.notFound("in spec.volumes")
            }
            path.mustBeSet()
            if paths.contains(path.text) { path.invalid("must be unique") }
            if !path.isEmpty, path.hasBacksteps {
                path.invalid("must not hold '..'")
            } else {
                paths.insert(path.text)
            }
            if mountNames.contains(name.text) { name.invalid("must not be in volumeMounts too") }
            if mountPaths.contains(path.text) { path.invalid("must not be in volumeMounts too") }
            if !name.isEmpty { names.insert(name.text) }
        }
    }

    /// Of items with one name only the last counts.
    private func last(_ items: [Part], _ path: String) -> [String: String] {
        Dictionary(items.map { ($0.name.text, $0[path].text) }) { _, last in last }
    }
}

extension Part {
    var hasBacksteps: Bool { text.utf8.split(separator: 47).contains { $0.elementsEqual([46, 46]) } }
    func withoutBacksteps() { if hasBacksteps { invalid("must not hold '..'") } }

    /// A path below another: relative, and never up.
    func descendingPath() {
        if text.hasPrefix("/") { invalid("must be a relative path") }
        withoutBacksteps()
    }

    /// A path of a file that is written into a volume: names that begin with `..` are kept for the writer.
    func localPath() {
        descendingPath()
        if text.hasPrefix(".."), !text.hasPrefix("../") { invalid("must not begin with '..'") }
    }
}
