import MartinetDockerfile
import MartinetImageSpec

/// An image while it is being built.
struct StageState {
    var config: ImageConfig
    var layers: [Descriptor] = []
    /// ARG values in force: for expansion and for RUN, never in the image.
    var arguments: [String: String] = [:]
    /// Whether CMD is this file's own: ENTRYPOINT takes an inherited one away.
    var ownsCommand = false

    init(config: ImageConfig, layers: [Descriptor] = []) {
        self.config = config
        self.layers = layers
    }

    var chainIDs: [ContentDigest] { config.chainIDs }

    var defaults: ProcessDefaults {
        get { config.config ?? ProcessDefaults() }
        set { config.config = newValue }
    }

    var environment: [(name: String, value: String)] {
        (defaults.environment ?? []).map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (String(parts.first ?? ""), parts.count == 2 ? String(parts[1]) : "")
        }
    }

    /// ENV wins over ARG.
    func expander(escape: UInt8) -> Expander {
        var variables = arguments
        for (name, value) in environment { variables[name] = value }
        return Expander(variables: variables, escape: escape)
    }

    mutating func set(environment name: String, to value: String) {
        var list = defaults.environment ?? []
        let line = "\(name)=\(value)"
        if let index = list.firstIndex(where: { $0.hasPrefix(name + "=") }) {
            list[index] = line
        } else {
            list.append(line)
        }
        defaults.environment = list
    }

    mutating func remember(_ text: String, created: String, empty: Bool) {
        var history = config.history ?? []
        history.append(.init(created: created, createdBy: text, emptyLayer: empty))
        config.history = history
    }

    func argv(_ command: Command) -> [String] {
        switch command {
        case .exec(let list): list
        case .shell(let line): (defaults.shell ?? ["/bin/sh", "-c"]) + [line]
        }
    }

    func absolute(_ path: String) -> String {
        var parts: [Substring] = []
        let whole = path.hasPrefix("/") ? path : "\(defaults.workingDirectory ?? "/")/\(path)"
        for part in whole.split(separator: "/") where part != "." {
            if part == ".." { _ = parts.popLast() } else { parts.append(part) }
        }
        return "/" + parts.joined(separator: "/")
    }
}
