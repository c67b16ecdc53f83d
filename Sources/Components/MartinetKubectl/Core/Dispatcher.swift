import MartinetCommandLine

/// From the command that was found to the code that does it.
enum Dispatcher {
    static func run(_ context: CommandContext) async throws {
        let name = context.line.path.name.split(separator: " ").dropFirst().joined(separator: " ")
        switch name {
        case "get": try await GetCommand(context).run()
        case "create": try await CreateCommand(context).fromFiles()
        case "apply": try await ApplyCommand(context).run()
        case "apply view-last-applied": try await ApplyCommand(context).viewLastApplied()
        case "replace": try await ReplaceCommand(context).run()
        case "delete": try await DeleteCommand(context).run()
        case "options": context.out(Help.options(context.line.path))
        case "completion": try completion(context)
        default:
            let words = name.split(separator: " ").map(String.init)
            switch words.first {
            case "create": try await CreateCommand(context).generated(words.dropFirst().joined(separator: " "))
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
