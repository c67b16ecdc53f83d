import MartinetCommandLine

/// From the command that was found to the code that does it.
enum Dispatcher {
    /// Upstream's commands that are not there yet: refused by name, whatever their flags are.
    static let refused: Set<String> = [
        "autoscale", "certificate", "cluster-info dump", "cp", "debug", "kustomize", "plugin", "proxy", "top",
    ]

    static func run(_ context: CommandContext) async throws {
        let name = context.line.path.name.split(separator: " ").dropFirst().joined(separator: " ")
        switch name {
        case "get": try await GetCommand(context).run()
        case "describe": try await DescribeCommand(context).run()
        case "create": try await CreateCommand(context).fromFiles()
        case "apply": try await ApplyCommand(context).run()
        case "apply view-last-applied": try await ApplyCommand(context).viewLastApplied()
        case "replace": try await ReplaceCommand(context).run()
        case "delete": try await DeleteCommand(context).run()
        case "run": try await RunCommand(context).run()
        case "expose": try await ExposeCommand(context).run()
        case "logs": try await LogsCommand(context).run()
        case "exec": try await ExecCommand(context).exec()
        case "attach": try await ExecCommand(context).attach()
        case "port-forward": try await PortForwardCommand(context).run()
        case "scale": try await ScaleCommand(context).run()
        case "set image": try await SetCommand(context).image()
        case "set env": try await SetCommand(context).environment()
        case "label": try await MetadataCommand(context, .labels).run()
        case "annotate": try await MetadataCommand(context, .annotations).run()
        case "patch": try await PatchCommand(context).run()
        case "edit": try await EditCommand(context).run()
        case "explain": try await ExplainCommand(context).run()
        case "wait": try await WaitCommand(context).run()
        case "cordon": try await NodeCommand(context).cordon(true)
        case "uncordon": try await NodeCommand(context).cordon(false)
        case "drain": try await NodeCommand(context).drain()
        case "taint": try await TaintCommand(context).run()
        case "history": try await HistoryCommand(context).run()
        case "undo": try await UndoCommand(context).run()
        case "diff": try await DiffCommand(context).run()
        case "events": try await EventsCommand(context).run()
        case "api-resources": try await APIResourcesCommand(context).resources()
        case "api-versions": try await APIResourcesCommand(context).versions()
        case "version": try await VersionCommand(context).run()
        case "cluster-info": try await VersionCommand(context).clusterInfo()
        case "auth can-i": try await AuthCommand(context).canI()
        case "auth whoami": try await AuthCommand(context).whoAmI()
        case "options": context.out(Help.options(context.line.path))
        case "completion": try completion(context)
        default:
            let words = name.split(separator: " ").map(String.init)
            switch words.first {
            case "create": try await CreateCommand(context).generated(words.dropFirst().joined(separator: " "))
            case "rollout": try await RolloutCommand(context).run(words.dropFirst().joined(separator: " "))
            case "config": try ConfigCommand(context).run(words.dropFirst().joined(separator: " "))
            default: throw KubectlError("\"kubectl \(name)\" is not there yet in this kubectl")
            }
        }
    }

    private static func completion(_ context: CommandContext) throws {
        guard let shell = Completion.Shell(rawValue: context.arguments[0]),
            let script = Completion.script(shell, program: "kubectl")
        else {
            throw KubectlError("unsupported shell type \"\(context.arguments[0])\": expected bash, zsh or fish")
        }
        context.out(script)
    }
}
