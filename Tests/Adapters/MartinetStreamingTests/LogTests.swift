import Glibc
import MartinetBase
import MartinetStreaming
import Synchronization
import Testing

@Suite("log files")
struct LogTests {
    let runtime = ProductionRuntime()

    /// A folder with a log, and a writer for it.
    final class Site: Sendable {
        let folder: String
        let path: String
        init() throws {
            var template = Array("/tmp/streaming-test-XXXXXX".utf8CString)
            try #require(mkdtemp(&template) != nil)
            folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
            path = folder + "/0.log"
        }
        deinit {
            for name in ["0.log", "0.log.old", "1.log"] { unlink("\(folder)/\(name)") }
            rmdir(folder)
        }
        func append(_ bytes: [UInt8]) {
            let descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            _ = write(descriptor, bytes, bytes.count)
            close(descriptor)
        }
        func append(_ text: String) { append(Array(text.utf8)) }
    }

    /// What a reader brought.
    final class Taken: Sendable {
        private let state = Mutex((bytes: [UInt8](), ended: false, error: nil as String?))
        init(_ log: any LogSource) {
            log.start(
                onBytes: { bytes in self.state.withLock { $0.bytes += bytes } },
                onEnd: { error in
                    self.state.withLock {
                        $0.ended = true
                        $0.error = error
                    }
                })
        }
        var bytes: [UInt8] { state.withLock { $0.bytes } }
        var text: String { String(decoding: bytes, as: UTF8.self) }
        var ended: Bool { state.withLock { $0.ended } }
    }

    static let sample = """
        2026-01-01T00:00:01.000000001Z stdout F one
        2026-01-01T00:00:02.000000002Z stderr F two
        2026-01-01T00:00:03.000000003Z stdout P thr
        2026-01-01T00:00:03.000000004Z stdout P ee
        2026-01-01T00:00:03.000000005Z stdout F !
        2026-01-01T00:00:04.000000006Z stdout F\u{20}
        not a line
        2026-01-01T00:00:05.000000007Z stdout F five

        """

    func read(_ change: (inout LogOptions) -> Void, _ text: String = LogTests.sample) async throws -> String {
        let site = try Site()
        site.append(text)
        var options = LogOptions()
        change(&options)
        let taken = Taken(try LogReader(site.path, options, isRunning: false, runtime: runtime, watcher: nil))
        #expect(await Support.eventually { taken.ended })
        return taken.text
    }

    @Test("pieces are joined, what is no line is passed on, and nothing is added")
    func plain() async throws {
        #expect(try await read { _ in } == "one\ntwo\nthree!\n\nnot a line\nfive\n")
        #expect(try await read({ _ in }, "2026-01-01T00:00:01.000000001Z stdout F cut") == "cut")
        #expect(try await read({ _ in }, "") == "")
    }

    @Test("the tail counts lines, not pieces", arguments: [0, 1, 2, 3, 4, 5, 6, 7, 100])
    func tail(count: Int64) async throws {
        let all = ["one\n", "two\n", "three!\n", "\n", "not a line\n", "five\n"]
        #expect(try await read { $0.tailLines = count } == all.suffix(Int(count)).joined())
    }

    @Test("the tail of a long file is found without reading all of it")
    func longTail() async throws {
        let line = "2026-01-01T00:00:01.000000001Z stdout F " + String(repeating: "x", count: 1000)
        let text = (0..<5000).map { "\(line)\($0)\n" }.joined()
        let tail = try await read({ $0.tailLines = 200 }, text)
        #expect(tail.split(separator: "\n").count == 200)
        #expect(tail.hasSuffix("x4999\n") && tail.contains("x4800\n") && !tail.contains("x4799\n"))
    }

    @Test("times, streams and lengths are honoured")
    func filters() async throws {
        let stamped = try await read {
            $0.timestamps = true
            $0.tailLines = 4
        }
        #expect(stamped.hasPrefix("2026-01-01T00:00:03.000000003Z three!\n2026-01-01T00:00:04.000000006Z \nnot"))
        #expect(try await read { $0.limitBytes = 6 } == "one\ntw")
        #expect(try await read { $0.stream = .stderr } == "two\nnot a line\n")
        let since = try await read { $0.sinceTime = Timestamp(rfc3339: "2026-01-01T00:00:04Z") }
        #expect(since == "\nnot a line\nfive\n")
    }

    @Test(
        "following brings what is written, over a rotation, byte for byte and not UTF-8, until the container has ended")
    func follow() async throws {
        let site = try Site()
        let watcher = try DirectoryWatcher()
        site.append("2026-01-01T00:00:01.000000001Z stdout F one\n")
        var options = LogOptions()
        options.follow = true
        let reader = try LogReader(site.path, options, isRunning: true, runtime: runtime, watcher: watcher)
        let taken = Taken(reader)
        #expect(await Support.eventually { taken.text == "one\n" })
        site.append("2026-01-01T00:00:01.000000001Z std")
        site.append(Array("out F ".utf8) + [0xFF, 0x00, 0xFE, 10])
        #expect(await Support.eventually { taken.bytes == Array("one\n".utf8) + [0xFF, 0x00, 0xFE, 10] })
        reader.setReading(false)
        site.append("2026-01-01T00:00:01.000000001Z stdout F before\n")
        rename(site.path, site.path + ".old")
        site.append("2026-01-01T00:00:01.000000001Z stdout F after\n")
        reader.setReading(true)
        #expect(await Support.eventually { taken.text.hasSuffix("before\nafter\n") })
        #expect(!taken.ended)
        site.append("2026-01-01T00:00:01.000000001Z stdout F last\n")
        reader.containerEnded()
        #expect(await Support.eventually { taken.ended })
        #expect(taken.text.hasSuffix("after\nlast\n"))
        #expect(LogReader.path(in: site.folder, previous: false) == site.path)
        #expect(LogReader.path(in: site.folder, previous: true) == nil)
        #expect(throws: SystemError.self) {
            _ = try LogReader(
                site.folder + "/7.log", options, isRunning: true, runtime: runtime, watcher: watcher)
        }
    }

    @Test("a reader that was given up hears nothing more")
    func cancel() async throws {
        let site = try Site()
        let watcher = try DirectoryWatcher()
        site.append("2026-01-01T00:00:01.000000001Z stdout F one\n")
        var options = LogOptions()
        options.follow = true
        let reader = try LogReader(site.path, options, isRunning: true, runtime: runtime, watcher: watcher)
        let taken = Taken(reader)
        #expect(await Support.eventually { taken.text == "one\n" })
        reader.cancel()
        site.append("2026-01-01T00:00:01.000000001Z stdout F two\n")
        reader.containerEnded()
        let other = Taken(try LogReader(site.path, LogOptions(), isRunning: false, runtime: runtime, watcher: nil))
        #expect(await Support.eventually { other.text == "one\ntwo\n" })
        #expect(taken.text == "one\n" && !taken.ended)
    }
}
