import Glibc
package import MartinetBase
import MartinetCommandLine
import MartinetImages
import MartinetRegistryAccess
import MartinetTransport

/// Docker's command line (docs.docker.com, "docker CLI reference"): what `martinet docker` does. There is no daemon: each
/// command works on the image store and the containers itself.
package final class DockerCommand {
    /// Runs one command; returns its exit code. Blocks: call it on a thread of its own.
    package static func run(
        _ arguments: [String], configuration: DockerConfiguration, runtime: any Runtime, console: Console = .process
    ) -> Int32 {
        do {
            let invocation = try CommandLineParser(DockerTable.root).parse(arguments)
            for note in invocation.notes { console.note(note) }
            if invocation.wantsHelp {
                console.out(Array(Help.text(invocation.path).utf8))
                return 0
            }
            let command = DockerCommand(invocation, configuration: configuration, runtime: runtime, console: console)
            return try command.perform()
        } catch let error as CommandLineError {
            console.note("docker: \(error)")
            return error.command.hasSuffix(" run") || error.command.hasSuffix(" exec") ? 125 : 1
        } catch let error as DockerError {
            console.note("docker: \(error.message)")
            return error.status
        } catch {
            console.note("docker: \(error)")
            return arguments.first == "run" ? 125 : 1
        }
    }

    let invocation: Invocation
    let configuration: DockerConfiguration
    let runtime: any Runtime
    let console: Console
    let log: Log

    private init(
        _ invocation: Invocation, configuration: DockerConfiguration, runtime: any Runtime, console: Console
    ) {
        self.invocation = invocation
        self.configuration = configuration
        self.runtime = runtime
        self.console = console
        log = Log(component: "docker", minimum: .warning) { console.note($0) }
    }

    var flags: FlagValues { invocation.flags }
    var arguments: [String] { invocation.arguments }

    private func perform() throws -> Int32 {
        let names = invocation.path.below.map(\.name)
        guard let name = names.last, let handler = DockerCommand.handlers[DockerTable.plain(names)] else {
            throw DockerError("\(names.joined(separator: " ")) is not there yet")
        }
        guard DockerTable.unprivileged.contains(name) || getuid() == 0 else {
            throw DockerError("\(name): the image store and the containers of this machine are root's; run it as root")
        }
        return try handler(self)()
    }

    private static let handlers: [String: @Sendable (DockerCommand) -> () throws -> Int32] = [
        "build": { $0.build }, "images": { $0.images }, "pull": { $0.pull }, "push": { $0.push },
        "tag": { $0.tag }, "rmi": { $0.removeImages }, "history": { $0.history }, "save": { $0.save },
        "load": { $0.load }, "import": { $0.importImage }, "inspect": { $0.inspect }, "login": { $0.login },
        "logout": { $0.logout }, "version": { $0.version }, "info": { $0.info }, "run": { $0.runContainer },
        "create": { $0.createContainer }, "ps": { $0.list }, "logs": { $0.logs }, "exec": { $0.exec },
        "attach": { $0.attach }, "stop": { $0.stop }, "kill": { $0.kill }, "rm": { $0.removeContainers },
        "start": { $0.start }, "restart": { $0.restart }, "wait": { $0.wait }, "commit": { $0.commit },
        "port": { $0.ports }, "top": { $0.top }, "supervise": { $0.supervise },
    ]

    // MARK: - what commands work with

    lazy var store: Result<ImageStore, any Error> = Result {
        try FileTree.makeFolders(configuration.images)
        return try ImageStore(root: configuration.images, runtime: runtime, log: log)
    }

    lazy var access = RegistryAccess(
        loops: EventLoops(threads: 1), runtime: runtime, log: log, configuration.registries)
    lazy var logins = LoginFile(path: configuration.loginFolder + "/config.json")
    lazy var book = ContainerBook(folder: configuration.containers)

    /// Does something for each of the words, and goes on where one fails.
    func each(_ words: [String], _ body: (String) throws -> Void) -> Int32 {
        var status: Int32 = 0
        for word in words {
            do {
                try body(word)
            } catch {
                console.note("docker: \(error)")
                status = 1
            }
        }
        return status
    }
}
