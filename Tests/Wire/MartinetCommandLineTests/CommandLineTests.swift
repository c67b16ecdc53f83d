import MartinetCommandLine
import Testing

struct CommandLineTests {
    static let root = Command(
        "kubectl", short: "Rules a cluster",
        persistentFlags: [Flag("namespace", "n", .string, "The namespace to work in", completion: .namespace)],
        commands: [
            Command(
                "get", aliases: ["g"], use: "TYPE [NAME]", short: "Show objects", examples: "  kubectl get pods",
                flags: [
                    Flag("output", "o", .string, "How to print", choices: ["json", "yaml", "wide"]),
                    Flag("watch", "w", .bool, "Go on watching"),
                    Flag("all-namespaces", "A", .bool, "In every namespace"),
                    Flag("label-columns", "L", .stringSlice, "Labels to show"),
                    Flag("export", nil, .bool, "Gone", deprecated: "use -o yaml"),
                ], completion: .resource),
            Command(
                "apply", use: "-f FILENAME", short: "Make it so",
                flags: [
                    Flag("filename", "f", .stringSlice, "Files", completion: .file),
                    Flag("dry-run", nil, .string, default: "none", bare: "unchanged", "Only try"),
                    Flag("timeout", nil, .duration, "How long"), Flag("replicas", "r", .int, default: "1", "How many"),
                    Flag("v", "v", .count, "How loud"), Flag("env", "e", .stringArray, "Variables"),
                    Flag("labels", "l", .stringToString, "Labels"),
                ], arguments: .none),
            Command(
                "exec", use: "POD -- COMMAND", short: "Run in a container",
                flags: [Flag("stdin", "i", .bool, "Input"), Flag("tty", "t", .bool, "Terminal")],
                arguments: .atLeast(1)),
            Command(
                "set", short: "Change things", commands: [Command("image", use: "X", short: "Change images")],
                runnable: false),
            Command("options", short: "Global options"),
        ], runnable: false)

    func parse(_ words: String...) throws -> Invocation { try CommandLineParser(Self.root).parse(words) }

    @Test func flagsAreReadInEveryWayOfWritingThem() throws {
        for words in [
            ["get", "pods", "-o", "yaml"], ["get", "-oyaml", "pods"], ["get", "--output=yaml", "pods"],
            ["-n", "x", "g", "--output", "yaml", "pods"], ["get", "pods", "-o=yaml"], ["get", "-wAoyaml", "pods"],
        ] {
            let line = try CommandLineParser(Self.root).parse(words)
            #expect(line.path.name == "kubectl get")
            #expect(line.arguments == ["pods"])
            #expect(line.flags.string("output") == "yaml")
        }
        #expect(try parse("get", "-w=false").flags.bool("watch") == false)
        #expect(try parse("get", "--watch=false").flags.bool("watch") == false)
        #expect(try parse("get", "-wA").flags.bool("all-namespaces"))
    }

    @Test func everyKindOfValueIsRead() throws {
        let line = try parse(
            "apply", "-f", "a,b", "--filename", "\"c,d\",e", "--timeout=1m30s", "-r", "0x10", "-vvv", "-e", "A=1,2",
            "-e",
            "B=3", "-l", "a=b,c=d", "-l", "a=e", "--dry-run")
        #expect(line.flags.strings("filename") == ["a", "b", "c,d", "e"])
        #expect(line.flags.duration("timeout") == .seconds(90))
        #expect(line.flags.int("replicas") == 16)
        #expect(line.flags.count("v") == 3)
        #expect(line.flags.strings("env") == ["A=1,2", "B=3"])
        #expect(line.flags.pairs("labels").map { $0.key + $0.value } == ["ae", "cd"])
        #expect(line.flags.string("dry-run") == "unchanged")
        #expect(try parse("apply", "--dry-run=client").flags.string("dry-run") == "client")
        #expect(try parse("apply").flags.string("dry-run") == "none")
        #expect(try parse("apply").flags.int("replicas") == 1)
        #expect(try parse("apply").flags.isSet("replicas") == false)
    }

    @Test func dashesEndTheFlags() throws {
        let line = try parse("exec", "-it", "web", "--", "sh", "-c", "ls -l")
        #expect(line.flags.bool("stdin") && line.flags.bool("tty"))
        #expect(line.arguments == ["web", "sh", "-c", "ls -l"])
        #expect(line.argumentsBeforeDashes == 1)
        #expect(try parse("get", "-").arguments == ["-"])
    }

    @Test(arguments: [
        (["gte", "pods"], "unknown command \"gte\" for \"kubectl\", did you mean \"get\"?"),
        (["set", "imgae"], "unknown command \"imgae\" for \"kubectl set\", did you mean \"image\"?"),
        (["get", "--outptu", "yaml"], "unknown flag: --outptu, did you mean \"--output\"?"),
        (["get", "-output"], "invalid value \"utput\" for \"-o, --output\""),
        (["get", "-watch"], "unknown shorthand flag: \"a\" in -watch, did you mean \"--watch\"?"),
        (["get", "-o", "ymal"], "expected one of json, yaml, wide, did you mean \"yaml\"?"),
        (["get", "-o"], "flag needs a value: \"o\" in -o"), (["get", "--output"], "flag needs a value: --output"),
        (["get", "--=x"], "bad flag syntax: --=x"), (["get", "---x"], "bad flag syntax: ---x"),
        (["apply", "-r", "many"], "expected a whole number"), (["apply", "--timeout", "5"], "such as 1m30s"),
        (["apply", "-f", "\"a"], "quotes in pairs"), (["apply", "-l", "a"], "expected key=value"),
        (["apply", "x"], "takes no arguments"), (["exec"], "takes at least 1 argument, not 0"),
        (["get", "-w=maybe"], "expected true or false"),
    ])
    func aMistakeSaysWhatWasProbablyMeant(words: [String], says: String) {
        let error = #expect(throws: CommandLineError.self) { try CommandLineParser(Self.root).parse(words) }
        #expect(error?.description.contains(says) == true, "\(error?.description ?? "")")
        #expect(error?.description.contains("--help' for usage.") == true)
    }

    @Test func deprecatedFlagsWorkAndSaySo() throws {
        #expect(try parse("get", "--export").notes == ["Flag --export has been deprecated, use -o yaml"])
    }

    @Test func helpIsFoundInEveryWayOfAsking() throws {
        for words in [["help", "get"], ["get", "--help"], ["get", "-h"], ["--help", "get"], ["get", "x", "-h"]] {
            let line = try CommandLineParser(Self.root).parse(words)
            #expect(line.wantsHelp && line.path.name == "kubectl get")
        }
        #expect(try parse().wantsHelp)
        #expect(try parse("set").wantsHelp)
    }

    @Test func helpHasTheLayoutOfKubectls() throws {
        #expect(
            Help.text(try parse("exec", "-h").path) == """
                Run in a container

                Options:
                    -i, --stdin=false:
                \tInput

                    -t, --tty=false:
                \tTerminal

                Usage:
                  kubectl exec POD -- COMMAND [options]

                Use "kubectl options" for a list of global command-line options (applies to all commands).

                """)
        #expect(
            Help.text(try parse("set", "-h").path) == """
                Change things

                Available Commands:
                  image         Change images

                Use "kubectl set <command> --help" for more information about a given command.

                """)
        #expect(
            Help.options(try parse("options").path).hasSuffix("    -n, --namespace='':\n\tThe namespace to work in\n"))
    }

    @Test func completionComesFromTheTable() {
        func texts(_ words: String...) -> [String] { Completion.answer(Self.root, words).candidates.map(\.text) }
        #expect(texts("ge") == ["get"])
        #expect(texts("set", "") == ["image"])
        #expect(texts("get", "--o") == ["--output="])
        #expect(texts("get", "-o", "") == ["json", "yaml", "wide"])
        #expect(texts("get", "--output=y") == ["--output=yaml"])
        #expect(Completion.answer(Self.root, ["-n", ""]).wants == .namespace)
        #expect(Completion.answer(Self.root, ["get", ""]).wants == .resource)
        #expect(Completion.answer(Self.root, ["get", "--export"]).candidates.isEmpty)
        for shell in Completion.Shell.allCases {
            #expect(Completion.script(shell, program: "kubectl")?.contains("__complete") == true)
        }
        #expect(Completion.script(.bash, program: "a;b") == nil)
    }

    @Test(arguments: [
        ("1m30s", 90_000 as Int64), ("-1.5h", -5_400_000), ("300ms", 300), ("0", 0), ("+5s", 5_000), (".5s", 500),
    ])
    func durationsAreGos(text: String, milliseconds: Int64) {
        #expect(GoDuration.parse(text) == .milliseconds(milliseconds))
    }

    @Test(arguments: ["", "5", "s", "1x", "1s2", ".s", "-", "9223372036854775807h", "1 s"])
    func whatIsNoDurationIsNil(text: String) { #expect(GoDuration.parse(text) == nil) }

    @Test func noMutationTraps() {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let pieces = [
            "leaf", "--", "-", "=", "\0", "flag-a", "-abf", "1m", "\"", ",", "a=b", "é", "\u{FF}", "-v", "9e9",
        ]
        for _ in 0..<5_000 {
            fuzzCommandLine(
                (0..<next(12)).flatMap { _ in Array(pieces[next(pieces.count)].utf8) + (next(2) == 0 ? [0] : []) })
        }
    }
}
