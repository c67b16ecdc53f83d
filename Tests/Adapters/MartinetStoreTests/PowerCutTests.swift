import CMartinetRecordingDisk
import Glibc
import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

/// What a disk holds after a power cut: all that was synced, and of the rest whatever sectors happened to arrive.
struct CutDisk {
    private struct Change {
        let path: String
        let kind: Int32
        let offset: Int
        let data: [UInt8]
    }

    private var changes: [Change] = []

    /// Takes over what was done to files that begin with `path`, from operation `first` on.
    init(path: String, first: Int64) {
        for index in first..<martinet_recording_disk_count() {
            var operation = martinet_disk_operation()
            guard martinet_recording_disk_get(index, &operation) == 0 else { break }
            let data = UnsafeBufferPointer(start: operation.data, count: Int(operation.length))
            let name = String(cString: operation.path)
            changes.append(
                Change(
                    path: name.hasPrefix(path) ? String(name.dropFirst(path.count)) : "/", kind: operation.kind,
                    offset: Int(operation.offset), data: Array(data)))
        }
    }

    var count: Int { changes.count }

    /// The files, by what follows the store's path in their names, after a cut behind `cut` operations.
    func files(cut: Int, _ chance: inout SplitMix64) -> [String: [UInt8]] {
        var synced: [String: Int] = [:]
        for (index, change) in changes[..<cut].enumerated()
        where change.kind == Int32(MARTINET_DISK_SYNC) { synced[change.path] = index }
        var files: [String: [UInt8]] = [:]
        for (index, change) in changes[..<cut].enumerated() where change.path != "/" {
            let isSafe = index < synced[change.path] ?? -1
            switch change.kind {
            case Int32(MARTINET_DISK_WRITE):
                CutDisk.write(change, to: &files[change.path, default: []], whole: isSafe, &chance)
            case Int32(MARTINET_DISK_TRUNCATE) where isSafe || chance.next() % 2 == 0:
                var bytes = files[change.path] ?? []
                if bytes.count > change.offset { bytes.removeLast(bytes.count - change.offset) }
                files[change.path] = bytes
            // A file system with a journal keeps the order of deletions.
            case Int32(MARTINET_DISK_DELETE): files[change.path] = nil
            default: break
            }
        }
        return files
    }

    private static func write(_ change: Change, to file: inout [UInt8], whole: Bool, _ chance: inout SplitMix64) {
        let missing = change.offset + change.data.count - file.count
        if missing > 0 { file += [UInt8](repeating: 0, count: missing) }
        file.withUnsafeMutableBytes { file in
            change.data.withUnsafeBytes { data in
                let step = whole ? max(data.count, 1) : 512
                for start in stride(from: 0, to: data.count, by: step) where whole || chance.next() % 4 != 0 {
                    let piece = UnsafeRawBufferPointer(rebasing: data[start..<min(start + step, data.count)])
                    UnsafeMutableRawBufferPointer(rebasing: file[(change.offset + start)...]).copyMemory(from: piece)
                }
            }
        }
    }
}

@Suite(.serialized) struct PowerCutTests {
    private struct Written {
        var acknowledged: [(operations: Int, revision: Int64)] = []
        var model = StoreModel()
        var disk: CutDisk
    }

    /// Single writes and batches, with checkpoints, compaction and a log that starts over in between.
    private func write(_ folder: TemporaryFolder) throws -> Written {
        try #require(martinet_recording_disk_register() == 0)
        let first = martinet_recording_disk_count()
        let path = folder.path + "/store.db"
        var configuration = quiet
        configuration.disk = "martinet-recording"
        configuration.checkpointPages = 40
        let harness = try fileHarness(path, configuration)
        var written = Written(disk: CutDisk(path: path, first: first))
        var chance = SplitMix64(state: 11)
        written.acknowledged.append((Int(martinet_recording_disk_count() - first), 1))
        for number in 0..<150 {
            let key = "/n/\(chance.next() % 40)"
            let value = [UInt8](repeating: UInt8(number), count: Int(chance.next() % 5000))
            let transaction = Transaction(operations: [.put(key: key, value: value), .put(key: "/last", value: value)])
            try harness.write(transaction)
            _ = written.model.commit(transaction)
            written.acknowledged.append(
                (Int(martinet_recording_disk_count() - first), written.model.revision.value))
            if number % 50 == 49 { harness.store.compact(before: Revision(harness.store.revision.value - 20)) }
        }
        try harness.closeAndWait()
        written.disk = CutDisk(path: path, first: first)
        return written
    }

    @Test("after a power cut at any of 300 instants it has every acknowledged write and a state that there was")
    func cut() throws {
        let shared = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil
        let folder = try TemporaryFolder(under: shared)
        let written = try write(folder)
        var chance = SplitMix64(state: 12)
        let created = written.acknowledged[0].operations
        for _ in 0..<300 {
            let cut = created + Int(chance.next() % UInt64(written.disk.count - created + 1))
            let place = try TemporaryFolder(under: shared)
            for (suffix, bytes) in written.disk.files(cut: cut, &chance) {
                try Files.write(place.path + "/store.db" + suffix, bytes)
            }
            let harness = try fileHarness(place.path + "/store.db")
            let safe = written.acknowledged.last { $0.operations <= cut }?.revision ?? 1
            let revision = harness.store.revision
            try #require(revision.value >= safe, "cut after \(cut): \(safe) was acknowledged, \(revision) is there")
            let objects = try harness.store.range(prefix: "").objects
            let expected = written.model.range("", from: nil, limit: 0, at: revision).objects
            try #require(objects == expected, "cut after \(cut): the state at \(revision) is another")
            try harness.put("/after", "1")
            try harness.closeAndWait()
        }
    }

    /// The canary: the same instants on a disk that confirms what it has not written must lose something.
    @Test("a disk that lies about what it has written is found out")
    func lyingDisk() throws {
        let shared = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : nil
        let folder = try TemporaryFolder(under: shared)
        let written = try write(folder)
        var chance = SplitMix64(state: 13)
        var lost = 0
        for acknowledged in written.acknowledged.dropFirst().prefix(40) {
            let place = try TemporaryFolder(under: shared)
            // Cut just before the sync of the commit, and yet the commit counts as acknowledged.
            for (suffix, bytes) in written.disk.files(cut: acknowledged.operations - 1, &chance) {
                try Files.write(place.path + "/store.db" + suffix, bytes)
            }
            let harness = try fileHarness(place.path + "/store.db")
            if harness.store.revision.value < acknowledged.revision { lost += 1 }
            try harness.closeAndWait()
        }
        #expect(lost > 0)
    }
}
