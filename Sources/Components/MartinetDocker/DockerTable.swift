import MartinetCommandLine

/// The commands and their flags: parsing, help and completion come from it.
enum DockerTable {
    static let root = Command(
        "docker", short: "Build, ship and run containers", commands: commands + groups, runnable: false)

    /// What neither the store nor a container is needed for.
    static let unprivileged: Set<String> = ["login", "logout", "version"]

    /// `container ls` is `ps`: the plain name of a command.
    static func plain(_ names: [String]) -> String {
        guard names.count == 2 else { return names.joined(separator: " ") }
        return renamed[names] ?? names[1]
    }

    private static let renamed: [[String]: String] = [
        ["image", "ls"]: "images", ["image", "rm"]: "rmi", ["container", "ls"]: "ps",
    ]

    private static let groups = [
        Command(
            "image", short: "Manage images",
            commands: [
                alike("images", "ls", aliases: ["list"]), alike("rmi", "rm", aliases: ["remove"]), of("build"),
                of("history"), of("import"), of("inspect"), of("load"), of("pull"), of("push"), of("save"), of("tag"),
            ], runnable: false),
        Command(
            "container", short: "Manage containers",
            commands: [
                alike("ps", "ls", aliases: ["list"]), of("attach"), of("commit"), of("create"), of("exec"),
                of("inspect"), of("kill"), of("logs"), of("port"), of("restart"), of("rm"), of("run"), of("start"),
                of("stop"), of("top"), of("wait"),
            ], runnable: false),
        Command("system", short: "Manage Docker", commands: [of("info")], runnable: false),
    ]

    private static func of(_ name: String) -> Command { commands.first { $0.name == name } ?? Command(name, short: "") }

    private static func alike(_ name: String, _ other: String, aliases: [String]) -> Command {
        var command = of(name)
        command.name = other
        command.aliases = aliases
        return command
    }

    private static let format = Flag("format", "f", .string, "A Go template, or json")
    private static let commands: [Command] = imageCommands + containerCommands

    private static let imageCommands: [Command] = [
        Command(
            "build", use: "PATH | -", short: "Build an image from a Dockerfile",
            flags: [
                Flag("tag", "t", .stringArray, "A name for the image: name[:tag]"),
                Flag("file", "f", .string, "The Dockerfile (default: PATH/Dockerfile)"),
                Flag("build-arg", nil, .stringArray, "A value for an ARG: name=value"),
                Flag("target", nil, .string, "The stage to build"),
                Flag("no-cache", nil, .bool, "Do every step anew"),
                Flag("pull", nil, .bool, "Ask the registries for newer base images"),
                Flag("quiet", "q", .bool, "Print the image's id only"),
                Flag("label", nil, .stringArray, "A label of the image: name=value"),
                Flag("platform", nil, .string, "The platform; only this machine's can be built"),
                Flag(
                    "progress", nil, .string, default: "auto", "How progress is shown: auto or plain",
                    choices: ["auto", "plain"]),
                Flag("network", nil, .string, default: "default", "The network of RUN: default, host or none"),
                Flag("rm", nil, .bool, default: "true", "Accepted: no step leaves a container behind"),
                Flag("force-rm", nil, .bool, "Accepted: no step leaves a container behind"),
            ], arguments: .exactly(1)),
        Command(
            "images", use: "[NAME[:TAG]]", short: "List images",
            flags: [
                Flag("all", "a", .bool, "Accepted: there are no images in between"),
                Flag("quiet", "q", .bool, "Ids only"), Flag("no-trunc", nil, .bool, "Do not shorten ids"),
                Flag("digests", nil, .bool, "Show digests"), Flag("format", nil, .string, "A Go template, or json"),
            ], arguments: .atMost(1)),
        Command(
            "pull", use: "NAME[:TAG|@DIGEST]", short: "Fetch an image from a registry",
            flags: [
                Flag("quiet", "q", .bool, "Print the name only"),
                Flag("platform", nil, .string, "os/architecture[/variant]"),
            ], arguments: .exactly(1)),
        Command(
            "push", use: "NAME[:TAG]", short: "Send an image to a registry",
            flags: [Flag("quiet", "q", .bool, "Print the name only")], arguments: .exactly(1)),
        Command("tag", use: "SOURCE TARGET", short: "Give an image another name", arguments: .exactly(2)),
        Command(
            "rmi", use: "IMAGE...", short: "Remove images",
            flags: [
                Flag("force", "f", .bool, "Also while containers use it, or under several names"),
                Flag("no-prune", nil, .bool, "Keep the content"),
            ], arguments: .atLeast(1)),
        Command(
            "history", use: "IMAGE", short: "Show what an image was made by",
            flags: [
                Flag("no-trunc", nil, .bool, "Do not shorten"), Flag("quiet", "q", .bool, "Ids only"),
                Flag("human", "H", .bool, default: "true", "Sizes and times in words"),
            ], arguments: .exactly(1)),
        Command(
            "save", use: "IMAGE...", short: "Write images as an archive",
            flags: [Flag("output", "o", .string, "The file (default: standard output)", completion: .file)],
            arguments: .atLeast(1)),
        Command(
            "load", short: "Read images from an archive",
            flags: [
                Flag("input", "i", .string, "The file (default: standard input)", completion: .file),
                Flag("quiet", "q", .bool, "Say nothing meanwhile"),
            ], arguments: .none),
        Command(
            "import", use: "FILE|- [NAME[:TAG]]", short: "Make an image of the archive of a root file system",
            flags: [
                Flag("change", "c", .stringArray, "A Dockerfile instruction: CMD, ENV, ..."),
                Flag("message", "m", .string, "A word on it"),
            ], arguments: .atLeast(1)),
        Command(
            "inspect", use: "NAME|ID...", short: "Show all about containers or images",
            flags: [format, Flag("type", nil, .string, "container or image", choices: ["", "container", "image"])],
            arguments: .atLeast(1)),
        Command(
            "login", use: "[SERVER]", short: "Log in to a registry",
            flags: [
                Flag("username", "u", .string, "User"), Flag("password", "p", .string, "Password or token"),
                Flag("password-stdin", nil, .bool, "Read the password from standard input"),
            ], arguments: .atMost(1)),
        Command("logout", use: "[SERVER]", short: "Log out of a registry", arguments: .atMost(1)),
        Command("version", short: "Show the version", flags: [format], arguments: .none),
        Command("info", short: "Show what is here", flags: [format], arguments: .none),
    ]

    private static let runFlags: [Flag] = [
        Flag("interactive", "i", .bool, "Keep standard input open"), Flag("tty", "t", .bool, "Give it a terminal"),
        Flag("publish", "p", .stringArray, "A port: [address:][host:]container[/udp]"),
        Flag("publish-all", "P", .bool, "Every exposed port, on free ports of this machine"),
        Flag("env", "e", .stringArray, "A variable: name=value, or name for this shell's"),
        Flag("env-file", nil, .stringArray, "Variables from a file", completion: .file),
        Flag("volume", "v", .stringArray, "A folder or a volume: host:container[:ro]"),
        Flag("tmpfs", nil, .stringArray, "A folder in memory: container"),
        Flag("name", nil, .string, "The container's name"), Flag("rm", nil, .bool, "Remove it when it ends"),
        Flag("memory", "m", .string, "The limit of memory: 512m"),
        Flag("cpus", nil, .string, "The limit of processors: 0.5"),
        Flag("cpu-shares", "c", .int, "The share of processors when they are scarce"),
        Flag(
            "restart", nil, .string, default: "no",
            "When it is started again: no, always, unless-stopped, on-failure[:N]"),
        Flag("privileged", nil, .bool, "All capabilities and devices"),
        Flag("pid", nil, .string, "host: this machine's processes"),
        Flag("ipc", nil, .string, "host: this machine's"),
        Flag("network", nil, .string, default: "bridge", "bridge or host"),
        Flag("net", nil, .string, "The same", hidden: true), Flag("workdir", "w", .string, "The folder to begin in"),
        Flag("user", "u", .string, "user[:group]"), Flag("entrypoint", nil, .string, "In the place of the image's"),
        Flag("hostname", nil, .string, "Its name for itself"),
        Flag("read-only", nil, .bool, "Its root cannot be written"),
        Flag("cap-add", nil, .stringSlice, "A capability more"), Flag("cap-drop", nil, .stringSlice, "One less"),
        Flag("label", "l", .stringArray, "A label: name=value"),
        Flag("add-host", nil, .stringArray, "A line of /etc/hosts: name:address"),
        Flag("dns", nil, .stringArray, "A name server"), Flag("stop-signal", nil, .string, "What stop sends"),
        Flag(
            "pull", nil, .string, default: "missing", "always, missing or never",
            choices: ["always", "missing", "never"]),
        Flag("platform", nil, .string, "os/architecture[/variant]"),
        Flag("security-opt", nil, .stringArray, "no-new-privileges, seccomp=unconfined"),
    ]

    private static let detachKeys = "Leave a container by ctrl-p ctrl-q"
    private static let containerCommands: [Command] = [
        Command(
            "run", use: "IMAGE [COMMAND] [ARGUMENT...]", short: "Run a program in a new container", long: detachKeys,
            flags: runFlags + [
                Flag("detach", "d", .bool, "Print its id and do not wait"),
                Flag("sig-proxy", nil, .bool, default: "true", "Hand on the signals that this command gets"),
            ], arguments: .atLeast(1), interspersed: false),
        Command(
            "create", use: "IMAGE [COMMAND] [ARGUMENT...]", short: "Make a container without starting it",
            flags: runFlags, arguments: .atLeast(1), interspersed: false),
        Command(
            "ps", short: "List containers",
            flags: [
                Flag("all", "a", .bool, "Those that have ended, too"), Flag("quiet", "q", .bool, "Ids only"),
                Flag("no-trunc", nil, .bool, "Do not shorten"), Flag("format", nil, .string, "A Go template, or json"),
                Flag("last", "n", .int, default: "-1", "The newest, whatever they do"),
                Flag("latest", "l", .bool, "The newest one"),
                Flag("filter", "f", .stringArray, "name=, status= or label="),
            ], arguments: .none),
        Command(
            "logs", use: "CONTAINER", short: "Show what a container wrote",
            flags: [
                Flag("follow", "f", .bool, "Go on as it comes"),
                Flag("tail", "n", .string, default: "all", "The last lines"),
                Flag("timestamps", "t", .bool, "With the time"),
            ], arguments: .exactly(1)),
        Command(
            "exec", use: "CONTAINER COMMAND [ARGUMENT...]", short: "Run one more program in a container",
            flags: [
                Flag("interactive", "i", .bool, "Keep standard input open"),
                Flag("tty", "t", .bool, "Give it a terminal"), Flag("detach", "d", .bool, "Do not wait"),
                Flag("env", "e", .stringArray, "A variable: name=value"), Flag("workdir", "w", .string, "The folder"),
                Flag("user", "u", .string, "uid[:gid]"), Flag("privileged", nil, .bool, "All capabilities"),
            ], arguments: .atLeast(2), interspersed: false),
        Command(
            "attach", use: "CONTAINER", short: "Take part in a running container", long: detachKeys,
            flags: [
                Flag("no-stdin", nil, .bool, "Only look"),
                Flag("sig-proxy", nil, .bool, default: "true", "Hand on the signals that this command gets"),
            ], arguments: .exactly(1)),
        Command(
            "stop", use: "CONTAINER...", short: "End containers: SIGTERM, then SIGKILL",
            flags: [Flag("time", "t", .int, default: "10", "Seconds between the two")], arguments: .atLeast(1)),
        Command(
            "kill", use: "CONTAINER...", short: "Send a signal: SIGKILL",
            flags: [Flag("signal", "s", .string, default: "KILL", "Another one")], arguments: .atLeast(1)),
        Command(
            "rm", use: "CONTAINER...", short: "Remove containers",
            flags: [
                Flag("force", "f", .bool, "Kill it first"), Flag("volumes", "v", .bool, "Its unnamed volumes, too"),
            ], arguments: .atLeast(1)),
        Command(
            "start", use: "CONTAINER...", short: "Start containers that have ended",
            flags: [
                Flag("attach", "a", .bool, "Show what it writes"), Flag("interactive", "i", .bool, "And give it input"),
            ], arguments: .atLeast(1)),
        Command(
            "restart", use: "CONTAINER...", short: "Stop and start containers",
            flags: [Flag("time", "t", .int, default: "10", "Seconds until SIGKILL")], arguments: .atLeast(1)),
        Command("wait", use: "CONTAINER...", short: "Wait for the end, print the exit codes", arguments: .atLeast(1)),
        Command(
            "commit", use: "CONTAINER [NAME[:TAG]]", short: "Make an image of a container",
            flags: [
                Flag("author", "a", .string, "Who made it"), Flag("message", "m", .string, "A word on it"),
                Flag("change", "c", .stringArray, "A Dockerfile instruction: CMD, ENV, ..."),
                Flag("pause", "p", .bool, default: "true", "Hold the container meanwhile"),
            ], arguments: .atLeast(1)),
        Command("port", use: "CONTAINER", short: "List a container's ports", arguments: .exactly(1)),
        Command("top", use: "CONTAINER", short: "List a container's processes", arguments: .exactly(1)),
        Command("supervise", use: "CONTAINER", short: "Watch over a container", arguments: .exactly(1), hidden: true),
    ]
}
