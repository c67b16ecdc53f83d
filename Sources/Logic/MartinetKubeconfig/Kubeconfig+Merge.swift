package import MartinetYAML

extension Kubeconfig {
    /// What several files say together, as kubectl reads the list in KUBECONFIG: for each name, and for
    /// current-context, the first file that has it counts. Paths become absolute, since the files lie in several folders.
    package static func merged(_ files: [Kubeconfig]) throws(KubeconfigError) -> Kubeconfig {
        var merged = try Kubeconfig(nil, file: files.first?.file ?? "")
        for file in files {
            if merged.currentContext == nil, let current = file.currentContext { merged.setCurrentContext(current) }
            for section in Section.allCases {
                for name in file.names(section) where merged.entry(section, name) == nil {
                    guard let body = file.entry(section, name) else { continue }
                    merged.set(section, name, file.absolute(body))
                }
            }
        }
        return merged
    }

    private static let pathKeys = ["certificate-authority", "client-certificate", "client-key", "tokenFile"]

    private func absolute(_ body: YAMLNode) -> YAMLNode {
        var body = body
        for key in Self.pathKeys {
            guard let path = body[key]?.string else { continue }
            body[key] = YAMLNode(.string(resolve(path)), mark: body[key]?.mark ?? .none)
        }
        return body
    }

    /// A path in the file, relative to the file's folder.
    package func resolve(_ path: String) -> String {
        guard !path.isEmpty, !path.hasPrefix("/"), let slash = file.lastIndex(of: "/") else { return path }
        return String(file[...slash]) + path
    }

    /// One cluster's way in: what `up` adds to the user's file.
    package struct Access: Sendable {
        package var name: String
        package var cluster: YAMLNode
        package var user: YAMLNode
        package var namespace: String?

        package init(name: String, cluster: YAMLNode, user: YAMLNode, namespace: String? = nil) {
            self.name = name
            self.cluster = cluster
            self.user = user
            self.namespace = namespace
        }
    }

    /// The mark of an entry that is ours: an extension, where kubectl keeps what it does not know.
    package static let extensionName = "martinet"

    private func isOurs(_ body: YAMLNode) -> Bool {
        body["extensions"]?.list?.contains { $0["name"]?.string == Self.extensionName } ?? false
    }

    private func marked(_ body: YAMLNode) -> YAMLNode {
        var body = body
        var extensions = body["extensions"]?.list ?? []
        if !isOurs(body) {
            extensions.append(
                .map(["extension": .map(["provider": "martinet"]), "name": YAMLNode(.string(Self.extensionName))]))
        }
        body["extensions"] = YAMLNode(.list(extensions))
        return body
    }

    /// Adds a cluster, a user and a context of one name, or renews those that we added before. An entry of that name
    /// that is not ours is never replaced: nothing is changed and the error names it.
    ///
    /// - Parameter makeCurrent: whether it becomes the current context; nil: only where there is none.
    package mutating func merge(_ access: Access, makeCurrent: Bool? = nil) throws(KubeconfigError) {
        let context: YAMLNode = .map([
            "cluster": YAMLNode(.string(access.name)), "user": YAMLNode(.string(access.name)),
        ])
        let bodies: [Section: YAMLNode] = [.clusters: access.cluster, .users: access.user, .contexts: context]
        for section in Section.allCases {
            guard let item = items(section).first(where: { $0["name"]?.string == access.name }) else { continue }
            let body = item[section.body] ?? YAMLNode(.map([]))
            if !isOurs(body) {
                throw KubeconfigError(
                    code: .taken, file: file, mark: item.mark,
                    message: "\(section.body) \"\(access.name)\" is there already and was not made by martinet")
            }
        }
        for section in Section.allCases {
            guard var body = bodies[section] else { continue }
            // What the user has changed in our context, such as its namespace, stays.
            if section == .contexts, var kept = entry(section, access.name) {
                for item in body.map ?? [] { kept[item.key] = item.node }
                body = kept
            } else if section == .contexts, let namespace = access.namespace {
                body["namespace"] = YAMLNode(.string(namespace))
            }
            set(section, access.name, marked(body))
        }
        if makeCurrent ?? (currentContext == nil) { setCurrentContext(access.name) }
    }

    /// Takes back what `merge` added. What is not ours stays, under any name.
    package mutating func removeOurs(_ name: String) {
        for section in Section.allCases {
            guard let body = entry(section, name), isOurs(body) else { continue }
            remove(section, name)
        }
        if currentContext == name, entry(.contexts, name) == nil { setCurrentContext(nil) }
    }
}
