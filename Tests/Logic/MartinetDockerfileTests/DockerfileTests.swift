import MartinetDockerfile
import Testing

private func parse(_ text: String) throws -> Dockerfile { try Dockerfile(Array(text.utf8)) }
private func operations(_ text: String) throws -> [Operation] {
    try parse("FROM scratch\n" + text).stages[0].instructions.map(\.operation)
}

@Suite struct DockerfileTests {
    @Test func theCoursesDockerfileIsUnderstood() throws {
        let file = try parse(
            """
            # syntax=docker/dockerfile:1
            ARG TAG=1.7.9
            FROM nginx:${TAG} AS Web
            MAINTAINER Somebody <a@b.c>
            # a comment
            RUN apt-get update && \\
                # in between

                apt-get install -y curl
            ENV A=1 B="two words" C=th\\ ree
            ENV LEGACY all of   it
            EXPOSE 80 443/tcp
            VOLUME ["/data", "/logs"]
            COPY --chown=1:2 --chmod=644 a b /c/
            FROM scratch
            COPY --from=web /x /x
            ENTRYPOINT ["/x"]
            CMD -v
            """)
        #expect(file.arguments.map(\.0.raw) == ["TAG"])
        #expect(file.stages.map(\.name) == ["web", nil])
        let web = file.stages[0].instructions
        #expect(web.count == 7)
        #expect(web[1].text == "RUN apt-get update &&     apt-get install -y curl")
        guard case .environment(let pairs) = web[2].operation, case .environment(let legacy) = web[3].operation else {
            Issue.record("expected two ENV")
            return
        }
        let expander = Expander(variables: [:])
        #expect(try pairs.map { try expander.expand($0.value) } == ["1", "two words", "th ree"])
        #expect(try legacy.map { try expander.expand($0.value) } == ["all of   it"])
        guard case .transfer(let copy) = web[6].operation else {
            Issue.record("expected COPY")
            return
        }
        #expect(copy.sources.map(\.raw) == ["a", "b"] && copy.destination.raw == "/c/" && copy.owner?.raw == "1:2")
        #expect(file.stages[1].instructions.last?.operation == .command(.shell("-v")))
    }

    @Test func hereDocumentsAreReadWhole() throws {
        let list = try operations("COPY <<EOF <<-'B' /dst/\n$a\nEOF\n\tx\n\tB\nRUN <<EOF\necho 1\nEOF\nUSER a")
        guard case .transfer(let copy) = list[0], case .run(_, let scripts) = list[1] else {
            Issue.record("expected COPY and RUN")
            return
        }
        #expect(copy.heredocs.map(\.content) == ["$a\n", "x\n"])
        #expect(copy.heredocs.map(\.expands) == [true, false])
        #expect(copy.sources.isEmpty && copy.destination.raw == "/dst/")
        #expect(scripts.first?.content == "echo 1\n")
        #expect(list.count == 3)
    }

    @Test(arguments: [
        ("$a", "1"), ("${a}b", "1b"), ("${none:-x}", "x"), ("${empty:-x}", "x"), ("${empty-x}", ""), ("${a:+y}", "y"),
        ("${none:+y}", ""), ("${none:-${a}z}", "1z"), ("'$a'", "$a"), ("\"$a b\"", "1 b"), ("\\$a", "$a"), ("a$", "a$"),
        ("\"\\n\"", "\\n"), ("$a$a", "11"), ("${none:-'a b'}", "a b"),
    ]) func variablesAreReplaced(raw: String, expected: String) throws {
        let word = Word(raw: raw, place: SourcePlace(file: "f", line: 1, column: 1))
        #expect(try Expander(variables: ["a": "1", "empty": ""]).expand(word) == expected)
    }

    @Test(arguments: [
        ("FORM nginx", "Dockerfile:1:1", "FROM"), ("FROM scratch\nCOPPY a b", "Dockerfile:2:1", "COPY"),
        ("FROM a AZ b", "Dockerfile:1:8", "AS"), ("FROM scratch\nCOPY --chwon=1 a b", "Dockerfile:2:6", "--chown"),
    ]) func nearMissesAreNamed(text: String, place: String, suggestion: String) {
        let error = #expect(throws: DockerfileError.self) { try parse(text) }
        #expect(error?.place.description == place)
        #expect(error?.suggestion == suggestion)
    }

    @Test(arguments: [
        ("", "1:1"), ("RUN a", "1:1"), ("FROM", "1:1"), ("FROM scratch\nCOPY a", "2:6"), ("FROM scratch\nENV", "2:1"),
        ("FROM scratch\nENV a", "2:5"), ("FROM scratch\nRUN \\\n  --mount=type=x \\\n y", "3:3"),
        ("FROM scratch\nENV a=\"x", "2:5"), ("FROM scratch\nSHELL /bin/sh", "2:7"), ("FROM a AS x\nFROM b AS x", "2:1"),
        ("# escape=x\nFROM a", "1:1"), ("FROM scratch\nADD https://a/b /c", "2:5"),
        ("FROM scratch\nHEALTHCHECK MAYBE", "2:13"), ("FROM scratch\nONBUILD FROM x", "2:1"),
        ("FROM scratch\nCOPY <<EOF /x\nabc", "2:6"), ("FROM scratch\nUSER a b", "2:8"),
    ]) func errorsSayWhere(text: String, place: String) {
        let error = #expect(throws: DockerfileError.self) { try parse(text) }
        // An instruction inside ONBUILD is placed inside its own text.
        if !text.contains("ONBUILD") { #expect(error?.place.description == "Dockerfile:\(place)") }
    }

    @Test func theEscapeCanBeChanged() throws {
        let list = try parse("# escape=`\nFROM scratch\nRUN a `\n b\nWORKDIR C:\\x").stages[0].instructions
        #expect(list[0].operation == .run(.shell("a  b"), heredocs: []))
        #expect(list.count == 2)
    }

    @Test func listsThatAreNoneAreWarnedAbout() throws {
        #expect(try parse("FROM scratch\nCMD ['a', 'b']").warnings.count == 1)
        #expect(try operations(#"CMD ["a\u00e9\n", "\ud83d\ude00"]"#) == [.command(.exec(["aé\n", "😀"]))])
    }

    @Test func growthIsBounded() {
        var value = "x"
        let place = SourcePlace(file: "f", line: 1, column: 1)
        #expect(throws: DockerfileError.self) {
            for _ in 0..<64 { value = try Expander(variables: ["a": value]).expand(Word(raw: "$a$a", place: place)) }
        }
        let deep = String(repeating: "${a:-", count: 5000)
        #expect(throws: DockerfileError.self) { try Expander(variables: [:]).expand(Word(raw: deep, place: place)) }
    }

    @Test func mutatedFilesNeverTrap() {
        let seed = Array(
            "# escape=`\nARG A=1\nFROM a:${A:-x} AS b\nRUN <<EOF `\nx\nEOF\nCOPY --from=b [\"x\\u00e9\",\"y\"]\nENV a=\"$b\" 'c'=d\nHEALTHCHECK --retries=3 CMD x\nONBUILD RUN y\nEXPOSE ${x?y}"
                .utf8)
        let alphabet = Array("\\`\"'${}:-+?#\n\r\t <[]=,aFROM\u{0}".utf8) + [0xFF]
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        for _ in 0..<5000 {
            var bytes = seed
            for _ in 0...random(8) {
                switch random(3) {
                case 0: bytes[random(bytes.count)] = alphabet[random(alphabet.count)]
                case 1: bytes.remove(at: random(bytes.count))
                default: bytes.insert(alphabet[random(alphabet.count)], at: random(bytes.count))
                }
            }
            fuzzDockerfile(bytes)
        }
    }
}

@Suite struct IgnoreTests {
    @Test(arguments: [
        ("*.log", "a.log", true), ("*.log", "d/a.log", false), ("**/*.log", "d/e/a.log", true),
        ("**/*.log", "a.log", true),
        ("node_modules", "node_modules/x/y", true), ("*\n!keep", "keep", false), ("*\n!keep", "other", true),
        ("/a/b", "a/b", true), ("a/../b", "b", true), ("[a-c]?", "bz", true), ("[^a]", "a", false),
        ("# a", "a", false), ("a/**/z", "a/z", true), ("**", "x/y", true),
    ]) func patternsDecide(list: String, path: String, ignored: Bool) {
        #expect(IgnoreList(list).ignores(path) == ignored)
    }
}
