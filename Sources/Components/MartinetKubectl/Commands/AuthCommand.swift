import MartinetCommandLine
import MartinetPrinters
import MartinetYAML

/// `kubectl auth can-i` and `kubectl auth whoami`.
struct AuthCommand {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func canI() async throws {
        if context.flags.bool("list") { throw KubectlError("auth can-i --list is not there yet in this kubectl") }
        let words = context.arguments
        guard words.count == 2 || words.count == 3 else {
            throw KubectlError(
                "you must specify two arguments: verb resource or verb resource/resourceName.\nSee 'kubectl auth can-i -h' for help and examples."
            )
        }
        var spec: YAMLNode = .map([:])
        if words[1].hasPrefix("/") {
            spec["nonResourceAttributes"] = .map([
                "path": YAMLNode(.string(words[1])), "verb": YAMLNode(.string(words[0])),
            ])
        } else {
            let parts = words[1].split(separator: "/", maxSplits: 1).map(String.init)
            let resource = parts[0] == "*" ? nil : try? await context.discovery.resource(parts[0])
            if resource == nil, parts[0] != "*" {
                context.say("Warning: the server doesn't have a resource type '\(parts[0])'\n")
            }
            var attributes: [YAMLNode.Entry] = []
            func add(_ key: String, _ value: String) {
                if !value.isEmpty { attributes.append(.init(key: key, node: YAMLNode(.string(value)))) }
            }
            add("verb", words[0])
            add("group", resource?.group ?? (parts[0] == "*" ? "*" : ""))
            add("resource", resource?.plural ?? parts[0])
            add("name", parts.count > 1 ? parts[1] : words.count > 2 ? words[2] : "")
            add("subresource", context.flags.string("subresource"))
            if resource?.isNamespaced ?? true, !context.allNamespaces { add("namespace", context.namespace) }
            spec["resourceAttributes"] = YAMLNode(.map(attributes))
        }
        let review: YAMLNode = .map([
            "apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec,
        ])
        let answer = try await context.post("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", review)
        let allowed = answer.at("status", "allowed")?.bool ?? false
        if !context.flags.bool("quiet") {
            let reason = answer.text("status", "reason")
            context.out(allowed ? "yes\n" : reason.isEmpty ? "no\n" : "no - \(reason)\n")
        }
        if !allowed { throw KubectlError.silent(1) }
    }

    func whoAmI() async throws {
        let review: YAMLNode = .map(["apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"])
        let answer = try await context.post("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)
        if var printer = try ObjectPrinter(context) { return context.out(try printer.text(answer)) }
        var writer = TabWriter()
        writer.line(["ATTRIBUTE", "VALUE"])
        let info = answer.at("status", "userInfo")
        writer.line(["Username", info?.text("username") ?? ""])
        if let uid = info?.text("uid"), !uid.isEmpty { writer.line(["UID", uid]) }
        let groups = info?.items("groups").compactMap(\.string) ?? []
        if !groups.isEmpty { writer.line(["Groups", "[\(groups.joined(separator: " "))]"]) }
        for entry in info?.entries("extra") ?? [] {
            writer.line([
                "Extra: \(entry.key)", "[\((entry.node.list ?? []).compactMap(\.string).joined(separator: " "))]",
            ])
        }
        context.out(writer.flush())
    }
}
