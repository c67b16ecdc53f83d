import Glibc
import MartinetArchive
import MartinetBase
import Testing

/// An archive in memory, written by `body`.
func archive(_ body: (TarWriter) throws -> Void) throws -> [UInt8] {
    let sink = MemorySink()
    let writer = TarWriter(sink)
    try body(writer)
    try writer.finish()
    return sink.bytes
}

func members(_ bytes: [UInt8], step: Int = .max) throws -> [(TarEntry, [UInt8])] {
    let reader = TarReader(MemorySource(bytes, step: step))
    var all: [(TarEntry, [UInt8])] = []
    while let entry = try reader.next() { all.append((entry, try reader.contents(limit: 1 << 20))) }
    return all
}

private var manyKinds: [(TarEntry, [UInt8])] {
    var device = TarEntry("dev/null", kind: .characterDevice, mode: 0o666)
    device.major = 1
    device.minor = 3
    var disk = TarEntry("dev/disk", kind: .blockDevice)
    disk.major = 259
    disk.minor = 70_000
    var capable = TarEntry("bin/ping", mode: 0o4755)
    capable.attributes = [
        .init(name: "security.capability", value: [0, 1, 0x3D, 0x0A, 255]), .init(name: "user.a", value: []),
    ]
    capable.uid = 3_000_000_000
    capable.modified = Timestamp(seconds: 1_700_000_000, nanoseconds: 5)
    var old = TarEntry("old")
    old.modified = Timestamp(nanoseconds: -1_500_000_000)
    let long = String(repeating: "d/", count: 60) + String(repeating: "n", count: 120)
    return [
        (TarEntry("etc/", kind: .directory, mode: 0o755), []), (TarEntry("etc/passwd"), Array("root".utf8)),
        (device, []), (disk, []), (TarEntry("run/pipe", kind: .fifo), []),
        (TarEntry("bin/sh", kind: .symlink, mode: 0o777, linkTarget: "busybox"), []),
        (TarEntry("bin/ls", kind: .hardlink, linkTarget: "bin/busybox"), []), (capable, [1, 2, 3]), (old, []),
        (TarEntry(long), Array(repeating: 7, count: 1025)),
        (TarEntry(String(repeating: "p/", count: 60) + "short"), [1]),
        (TarEntry("long-link", kind: .symlink, linkTarget: long), []),
    ]
}

@Suite struct TarTests {
    @Test func whatIsWrittenIsReadAgain() throws {
        let bytes = try archive { writer in
            for (entry, content) in manyKinds { try writer.append(entry, content: content) }
        }
        let read = try members(bytes)
        #expect(read.count == manyKinds.count)
        for ((entry, content), (wanted, wantedContent)) in zip(read, manyKinds) {
            var wanted = wanted
            wanted.size = Int64(wantedContent.count)
            #expect(entry == wanted)
            #expect(content == wantedContent)
        }
    }

    @Test(arguments: [1, 7, 511, 512, 513]) func anySplitOfTheInputReadsTheSame(step: Int) throws {
        let bytes = try archive { writer in
            for (entry, content) in manyKinds { try writer.append(entry, content: content) }
        }
        let packed = MemorySink()
        let gzip = try GzipSink(packed)
        try gzip.write(bytes)
        try gzip.finish()
        let reader = TarReader(try decompressed(MemorySource(packed.bytes, step: step)).source)
        for (wanted, _) in manyKinds { #expect(try reader.next()?.path == wanted.path) }
        #expect(try reader.next() == nil)
        #expect(try members(bytes, step: step).map(\.1) == manyKinds.map(\.1))
    }

    @Test func sizesBeyondEightGibibytesAreWrittenAndRead() throws {
        let sink = MemorySink()
        let writer = TarWriter(sink)
        try writer.begin(TarEntry("huge", size: 9 << 30))
        let entry = try TarReader(MemorySource(sink.bytes)).next()
        #expect(entry?.size == 9 << 30)
    }

    @Test func gnuTarReadsOursAndWeReadItsOwn() throws {
        let folder = "/tmp/images/tar-\(getpid())"
        try shell("rm -rf \(folder) && mkdir -p \(folder)/in/\(String(repeating: "deep/", count: 30))")
        defer { _ = try? shell("rm -rf \(folder)") }
        try shell(
            "cd \(folder)/in && echo hi > a && ln a b && ln -s a c && mkfifo f && printf x > \(String(repeating: "y", count: 200))"
        )
        for format in ["gnu", "pax", "ustar", "v7"] {
            // The oldest formats cannot hold the long names.
            let names = format == "ustar" || format == "v7" ? "a b c" : "."
            try shell("tar -C \(folder)/in --format=\(format) -cf \(folder)/\(format).tar \(names)")
            let read = try members(try contents("\(folder)/\(format).tar"))
            #expect(
                read.contains {
                    ($0.0.pathText.hasSuffix("a") || $0.0.pathText.hasSuffix("b")) && $0.1 == Array("hi\n".utf8)
                })
            #expect(read.contains { $0.0.kind == .hardlink })
            #expect(read.contains { $0.0.kind == .symlink && $0.0.linkTargetText == "a" })
        }
        try shell("truncate -s 1M \(folder)/hole && tar -C \(folder) -Scf \(folder)/sparse.tar hole")
        let sparse = try contents("\(folder)/sparse.tar")
        let refusal = #expect(throws: ArchiveError.self) { try members(sparse) }
        #expect(refusal?.code == .unsupported)
        let ours = try archive { writer in
            for (entry, content) in manyKinds { try writer.append(entry, content: content) }
        }
        try write(ours, to: "\(folder)/ours.tar")
        try shell("tar -tvf \(folder)/ours.tar > \(folder)/list && test $(wc -l < \(folder)/list) = \(manyKinds.count)")
    }

    @Test func brokenArchivesAreErrorsAndNeverTraps() throws {
        let good = try archive { writer in
            for (entry, content) in manyKinds { try writer.append(entry, content: content) }
        }
        for cut in stride(from: 1, to: good.count - 1024, by: 97) where cut % 512 != 0 {
            #expect(throws: ArchiveError.self) { try members(Array(good[..<cut])) }
        }
        var random = SplitMix64(state: 1)
        for _ in 0..<3000 {
            var bytes = good
            for _ in 0...(random.next() % 6) {
                bytes[Int(random.next() % UInt64(bytes.count))] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.next() % 2 == 0 { fixChecksums(&bytes) }
            fuzzTar(bytes)
        }
        for count in [0, 1, 511, 512, 1024] {
            fuzzTar((0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) })
        }
    }

    @Test func damagedGzipIsAnError() throws {
        let packed = MemorySink()
        let gzip = try GzipSink(packed)
        try gzip.write([UInt8](repeating: 65, count: 100_000))
        try gzip.finish()
        #expect(try GunzipSource(MemorySource(packed.bytes)).readAll(limit: 1 << 20).count == 100_000)
        #expect(
            try GunzipSource(MemorySource(packed.bytes + packed.bytes + [0, 0])).readAll(limit: 1 << 20).count
                == 200_000)
        #expect(throws: ArchiveError.self) {
            try GunzipSource(MemorySource(Array(packed.bytes.dropLast()))).readAll(limit: 1 << 20)
        }
        #expect(throws: ArchiveError.self) {
            try GunzipSource(MemorySource(packed.bytes + [1])).readAll(limit: 1 << 20)
        }
        #expect(throws: ArchiveError.self) { try GunzipSource(MemorySource(packed.bytes)).readAll(limit: 99_999) }
        #expect(throws: ArchiveError.self) { try decompressed(MemorySource([0x28, 0xB5, 0x2F, 0xFD, 0, 0])) }
    }
}

/// Makes damaged headers pass their checksum, so that what is behind it is tried too.
private func fixChecksums(_ bytes: inout [UInt8]) {
    for start in stride(from: 0, to: bytes.count - 511, by: 512) where bytes[start + 257] == UInt8(ascii: "u") {
        for index in 148..<156 { bytes[start + index] = 32 }
        let sum = bytes[start..<start + 512].reduce(0) { $0 + Int($1) }
        let text = Array(String(sum, radix: 8).utf8)
        for index in 0..<6 { bytes[start + 148 + index] = index < 6 - text.count ? 48 : text[index - 6 + text.count] }
        bytes[start + 154] = 0
    }
}

struct ShellError: Error { let command: String }

func shell(_ command: String) throws {
    guard system(command) == 0 else { throw ShellError(command: command) }
}

func contents(_ path: String) throws -> [UInt8] {
    guard let file = fopen(path, "r") else { throw SystemError.last("fopen", path) }
    defer { fclose(file) }
    var all: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { all += buffer[..<count] }
    return all
}

func write(_ bytes: [UInt8], to path: String) throws {
    guard let file = fopen(path, "w") else { throw SystemError.last("fopen", path) }
    defer { fclose(file) }
    fwrite(bytes, 1, bytes.count, file)
}
