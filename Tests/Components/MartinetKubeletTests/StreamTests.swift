import Glibc
import MartinetAPI
import MartinetBase
import MartinetKubelet
import MartinetStreaming
import Synchronization
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"), .timeLimit(.minutes(3)))
struct StreamTests {
    private let target = ContainerTarget(namespace: "default", pod: "web", container: "main")

    private func log(_ node: TestNode, _ options: LogOptions) throws -> TestStream {
        let stream = TestStream()
        let streams = try node.streams
        let source: any LogSource = try node.answer("a log") { streams.log(target, options, $0) }
        stream.hold(source)
        source.start(onBytes: { stream.take($0) }, onEnd: { _ in stream.end(.code(0)) })
        return stream
    }

    @Test func logsAreFollowedToTheEnd() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "web",
            TestNode.script(
                "echo one; echo err >&2; while ! test -e /tmp/go; do sleep 0.02; done; echo two; echo three",
                pod: ",\"restartPolicy\":\"Never\""))
        try node.pod("web") { $0.status.phase == "Running" }
        var options = LogOptions()
        options.follow = true
        let followed = try log(node, options)
        try node.wait("the first lines") { followed.text.contains("err") && followed.text.contains("one") }
        #expect(followed.exit == nil)
        #expect(try node.execute("web", ["touch", "/tmp/go"]) == 0)
        try node.wait("the log's end") { followed.exit != nil }
        #expect(followed.text.split(separator: "\n").sorted() == ["err", "one", "three", "two"])
        #expect(followed.text.hasSuffix("two\nthree\n"))
        options = LogOptions()
        options.tailLines = 1
        options.timestamps = true
        let last = try log(node, options)
        try node.wait("the last line") { last.exit != nil }
        let words = last.text.split(separator: " ")
        #expect(words.count == 2 && words[1] == "three\n" && Timestamp(rfc3339: words[0]) != nil)
        options = LogOptions()
        options.previous = true
        #expect(throws: StreamRefusal.self) { try log(node, options) }
    }

    @Test func execTalksBothWays() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("web", TestNode.script("exec sleep 1000"))
        try node.pod("web") { $0.status.phase == "Running" }
        let bytes = [UInt8](repeating: 120, count: 3 << 20)
        let copy = try node.process("web", ["sh", "-c", "cat; exit 9"], StandardStreams(input: true, output: true))
        copy.process.write(bytes)
        #expect(!copy.process.isWritable)
        copy.process.closeInput()
        try node.wait("the code") { copy.stream.exit == .code(9) }
        #expect(copy.stream.text.utf8.count == bytes.count)
        let terminal = try node.process(
            "web", ["sh", "-c", "read x; /bin/busybox stty size; echo got $x"],
            StandardStreams(input: true, output: true, tty: true))
        terminal.process.resize(width: 77, height: 33)
        terminal.process.write(Array("hello\n".utf8))
        try node.wait("the terminal's end") { terminal.stream.exit == .code(0) }
        #expect(terminal.stream.text.contains("33 77\r\ngot hello\r\n"))
        #expect(throws: StreamRefusal.self) {
            try node.process("web", ["/no/such"], StandardStreams(output: true))
        }
    }

    @Test func aClientThatGoesEndsItsCommand() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("web", TestNode.script("exec sleep 1000"))
        try node.pod("web") { $0.status.phase == "Running" }
        let command = try node.process(
            "web", ["sh", "-c", "echo $$ > /tmp/pid; echo here; exec sleep 999"], StandardStreams(output: true))
        try node.wait("the command") { command.stream.text == "here\n" }
        command.process.hangUp()
        try node.wait("its end") {
            try node.execute("web", ["sh", "-c", "! test -e /proc/$(cat /tmp/pid)"]) == 0
        }
    }

    @Test func attachingGivesTheContainersOwnStreams() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "web",
            TestNode.script(
                "while read x; do echo got $x; done; echo over", more: ",\"stdin\":true,\"stdinOnce\":true",
                pod: ",\"restartPolicy\":\"Never\""))
        try node.pod("web") { $0.status.phase == "Running" }
        let stream = TestStream()
        let streams = try node.streams
        let process: any ContainerProcess = try node.answer("the process") {
            streams.attach(target, StandardStreams(input: true, output: true), $0)
        }
        process.start(onOutput: { stream.take($1) }, onExit: { stream.end($0) })
        process.write(Array("a line\n".utf8))
        try node.wait("its echo") { stream.text == "got a line\n" }
        process.closeInput()
        try node.wait("its end") { stream.exit == .code(0) }
        #expect(stream.text == "got a line\nover\n")
    }

    @Test func portsOfThePodAreReached() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run(
            "web",
            TestNode.script(
                "mkdir /www; echo page > /www/index.html; exec httpd -f -p 127.0.0.1:8080 -h /www",
                more:
                    ",\"readinessProbe\":{\"exec\":{\"command\":[\"wget\",\"-qO-\",\"http://127.0.0.1:8080/\"]},\"periodSeconds\":1}"
            ))
        try node.pod("web") { $0.status.containerStatuses.first?.ready == true }
        let stream = TestStream()
        let streams = try node.streams
        let pipe: any ContainerPipe = try node.answer("a connection") {
            streams.portForward(namespace: "default", pod: "web", port: 8080, $0)
        }
        pipe.start(onBytes: { stream.take($0) }, onEnd: { _ in stream.end(.code(0)) })
        pipe.write(Array("GET /index.html HTTP/1.0\r\n\r\n".utf8))
        try node.wait("the answer") { stream.exit != nil }
        #expect(stream.text.hasSuffix("page\n"))
        #expect(throws: StreamRefusal.self) {
            let _: any ContainerPipe = try node.answer("a refusal") {
                streams.portForward(namespace: "default", pod: "web", port: 8081, $0)
            }
        }
    }
}

/// What came out of a stream so far.
final class TestStream: Sendable {
    private let state = Mutex((bytes: [UInt8](), exit: nil as ProcessExit?))
    private let source = Mutex<(any LogSource)?>(nil)
    /// A log that nobody holds ends.
    func hold(_ log: any LogSource) { source.withLock { $0 = log } }
    func take(_ bytes: [UInt8]) { state.withLock { $0.bytes += bytes } }
    func end(_ exit: ProcessExit) { state.withLock { $0.exit = exit } }
    var text: String { String(decoding: state.withLock { $0.bytes }, as: UTF8.self) }
    var exit: ProcessExit? { state.withLock { $0.exit } }
}
