package import MartinetBase
import MartinetCommandLine
package import MartinetToolPorts
import MartinetYAML

/// The program `kubectl`: a command line in, an exit code out.
package enum KubectlCommand {
    /// Makes the way to a server; called at most once, and only by commands that need one.
    package typealias SessionFactory = @Sendable (SessionConfiguration) async throws -> any APISession

    /// - Parameter arguments: the command line without the program's name.
    package static func run(
        arguments: [String], terminal: any Terminal, host: any Host, runtime: any Runtime,
        environment: [String: String], sessionFactory: @escaping SessionFactory
    ) async -> Int32 {
        let table = CommandTable.kubectl
        if arguments.first == "__complete" {
            return complete(Array(arguments.dropFirst()), table, terminal)
        }
        let found = CommandLineParser(table).find(arguments).0.name.split(separator: " ").dropFirst().joined(
            separator: " ")
        if Dispatcher.refused.contains(found) {
            terminal.writeError("error: \"kubectl \(found)\" is not there yet in this kubectl\n")
            return 1
        }
        let line: Invocation
        do {
            line = try CommandLineParser(table).parse(arguments)
        } catch {
            terminal.writeError("error: \(error)\n")
            return 1
        }
        for note in line.notes { terminal.writeError("\(note)\n") }
        if line.wantsHelp {
            terminal.write(Help.text(line.path))
            return 0
        }
        let context = CommandContext(
            line: line, words: arguments, terminal: terminal, host: host, runtime: runtime, environment: environment,
            sessionFactory: sessionFactory)
        do {
            try await Dispatcher.run(context)
            return context.failures == 0 ? 0 : 1
        } catch {
            return report(error, context)
        }
    }

    /// Says what went wrong and gives the exit code.
    static func report(_ error: any Error, _ context: CommandContext) -> Int32 {
        switch error {
        case let error as KubectlError:
            if !error.message.isEmpty { context.say(error.description) }
            return error.exitCode
        case let error as StatusError:
            context.say(error.description)
            return 1
        case let error as SessionError where error.code == .refused:
            context.say(
                "The connection to the server \(address(context)) was refused - "
                    + "did you specify the right host or port?")
            return 1
        case let error as SessionError:
            context.say("Unable to connect to the server: \(error.message)")
            return 1
        case let error as YAMLError:
            context.say("error: \(error)")
            return 1
        default:
            context.say("error: \(error)")
            return 1
        }
    }

    private static func address(_ context: CommandContext) -> String {
        let server = (try? context.connection().server) ?? ""
        return server.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false).last.map(String.init)
            ?? server
    }

    private static func complete(_ words: [String], _ table: Command, _ terminal: any Terminal) -> Int32 {
        let answer = Completion.answer(table, words)
        for candidate in answer.candidates {
            terminal.write(
                candidate.description.isEmpty ? "\(candidate.text)\n" : "\(candidate.text)\t\(candidate.description)\n")
        }
        return 0
    }
}
