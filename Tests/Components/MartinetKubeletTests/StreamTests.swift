import Glibc
import MartinetAPI
import MartinetBase
import MartinetContainers
import MartinetKubelet
import MartinetSchema
import Synchronization
import Testing

@Suite(.enabled(if: TestNode.isRoot, "needs root and /bin/busybox"))
struct StreamTests {
    private let target = StreamTarget(namespace: "default", pod: "web")

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
        let reader = try node.running.openLog(target, options)
        var text = ""
        while !text.contains("err") { text += String(decoding: try #require(try reader.next()), as: UTF8.self) }
        #expect(try node.execute("web", ["touch", "/tmp/go"]) == 0)
        while let piece = try reader.next() { text += String(decoding: piece, as: UTF8.self) }
        #expect(text.split(separator: "\n").sorted() == ["err", "one", "three", "two"])
        #expect(text.hasSuffix("two\nthree\n"))
        options = LogOptions()
        options.tailLines = 1
        options.timestamps = true
        options.stream = "Stdout"
        let last = try #require(try node.running.openLog(target, options).next())
        let words = String(decoding: last, as: UTF8.self).split(separator: " ")
        #expect(words.count == 2 && words[1] == "three\n" && Timestamp(rfc3339: words[0]) != nil)
    }

    @Test func execTalksBothWays() throws {
        let node = try TestNode()
        defer { node.tearDown() }
        try node.run("web", TestNode.script("exec sleep 1000"))
        try node.pod("web") { $0.status.phase == "Running" }
        var request = ExecRequest(command: ["sh", "-c", "cat; exit 9"])
        request.stdin = true
        let handle = try node.running.exec(target, request)
        try handle.takeInput()?.writeAll(Array("through\n".utf8))
        #expect(String(decoding: try #require(handle.output).readAll(), as: UTF8.self) == "through\n")
        let code = TestNode.ExitCode()
        handle.onExit { value in code.value.withLock { $0 = .some(value) } }
        try node.wait("the code") { code.value.withLock { $0 } == .some(9) }
        request = ExecRequest(command: ["sh", "-c", "read x; /bin/busybox stty size; echo got $x"])
        request.terminal = true
        request.stdin = true
        let terminal = try node.running.exec(target, request)
        try terminal.resize(columns: 77, rows: 33)
        try terminal.takeInput()?.writeAll(Array("hello\n".utf8))
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1024)
        let output = try #require(terminal.output)
        while true {
            let got = read(output.number, &buffer, buffer.count)
            if got <= 0 { break }
            text += buffer[..<got]
        }
        #expect(String(decoding: text, as: UTF8.self).contains("33 77\r\ngot hello\r\n"))
        #expect(throws: StreamError.self) { try node.running.exec(target, ExecRequest(command: ["/no/such"])) }
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
        let socket = try node.running.portForward(target, port: 8080)
        _ = fcntl(socket.number, F_SETFL, 0)
        try socket.writeAll(Array("GET /index.html HTTP/1.0\r\n\r\n".utf8))
        #expect(String(decoding: try socket.readAll(), as: UTF8.self).hasSuffix("page\n"))
        #expect(throws: StreamError.self) { try node.running.portForward(target, port: 8081) }
    }
}
