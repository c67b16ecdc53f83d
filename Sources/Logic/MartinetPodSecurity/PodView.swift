import MartinetSchema

/// A pod, or the template of one, as the checks read it.
struct PodView {
    struct Part {
        /// `container "web"`, or nothing for the pod itself.
        let owner: String
        let name: String
        let path: String
        let object: Object

        /// The part's securityContext, with its path.
        func security(_ name: String) -> Value? { object.part("securityContext")?[field: name] }
        func securityPart(_ name: String) -> Object? { object.part("securityContext")?.part(name) }

        func finding(_ field: String, _ value: String, _ remedy: String) -> PodSecurityFinding {
            PodSecurityFinding(field: "\(path).\(field)", owner: owner, value: value, remedy: remedy)
        }
    }

    let annotations: Map
    let pod: Part
    /// Those that run before, the others, and those that come for a look.
    let containers: [Part]
    var spec: Object { pod.object }

    /// - Parameter path: where the pod is in what was sent: empty, or such as `spec.template`.
    init(_ object: Object, path: String) {
        let prefix = path.isEmpty ? "" : "\(path)."
        annotations = object.part("metadata")?.map("annotations") ?? Map()
        let spec = object.part("spec")
        pod = Part(owner: "", name: "", path: "\(prefix)spec", object: spec ?? object)
        var containers: [Part] = []
        for list in ["initContainers", "containers", "ephemeralContainers"] {
            for (index, container) in (spec?.parts(list) ?? []).enumerated() {
                let name = container.text("name")
                containers.append(
                    Part(
                        owner: "container \"\(name)\"", name: name, path: "\(prefix)spec.\(list)[\(index)]",
                        object: container))
            }
        }
        self.containers = containers
    }

    var isWindows: Bool { spec.part("os")?.text("name") == "windows" }
    /// In a user namespace of its own, root is nobody on the node.
    var hasOwnUsers: Bool { spec[field: "hostUsers"] == .bool(false) }
}

extension PodView {
    static func shown(_ value: Value?) -> String {
        switch value {
        case .string(let text)?: "\"\(text)\""
        case .bool(let flag)?: flag ? "true" : "false"
        case .int(let number)?: String(number)
        default: "unset"
        }
    }

    static func texts(_ value: Value?) -> [String] {
        guard case .list(let values)? = value else { return [] }
        return values.compactMap { if case .string(let text) = $0 { text } else { nil } }
    }
}
