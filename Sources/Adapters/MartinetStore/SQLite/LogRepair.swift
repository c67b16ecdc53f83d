import CMartinetSQLite
import MartinetBase

/// Makes durable what a process that was killed left in the write-ahead log, before anybody is served from it.
///
/// Two things may be wrong with that log although it reads well. What was never synced is in the kernel's memory alone: it
/// would be served now and be gone after a power cut. And after a sync that failed, Linux calls the pages clean though they
/// never arrived, so that no later sync brings them (Rebello and others, "Can Applications Recover from fsync Failures?",
/// 2020): every later commit would stand behind a hole. Writing the same bytes once more and syncing them heals both.
enum LogRepair {
    /// SQLite's disk for Unix writes less than 128 KiB at once.
    private static let pieceBytes = 64 << 10

    static func run(path: String, disk: String?) throws(StoreError) {
        guard let vfs = sqlite3_vfs_find(disk) else {
            throw StoreError(.io, "\(path): there is no disk \(disk ?? "of the system")")
        }
        // Names of the form that a disk may ask parameters of (sqlite.org, "sqlite3_create_filename").
        guard let name = sqlite3_create_filename(path, path + "-journal", path + "-wal", 0, nil) else {
            throw StoreError(.io, "\(path): no memory to open its log")
        }
        defer { sqlite3_free_filename(name) }
        guard let log = sqlite3_filename_wal(name) else { return }
        var exists: Int32 = 0
        _ = vfs.pointee.xAccess(vfs, log, SQLITE_ACCESS_EXISTS, &exists)
        guard exists != 0 else { return }
        let size = Int(vfs.pointee.szOsFile)
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
        defer { memory.deallocate() }
        memory.initializeMemory(as: UInt8.self, repeating: 0, count: size)
        let file = memory.assumingMemoryBound(to: sqlite3_file.self)
        // It is there; SQLITE_OPEN_CREATE has the disk sync its name together with it.
        let flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_WAL
        var granted: Int32 = 0
        let code = vfs.pointee.xOpen(vfs, log, file, flags, &granted)
        try check(code, path, vfs, "open")
        guard let methods = file.pointee.pMethods?.pointee else { return }
        defer { _ = methods.xClose(file) }
        try rewrite(file, methods, path, vfs)
    }

    private static func rewrite(
        _ file: UnsafeMutablePointer<sqlite3_file>, _ methods: sqlite3_io_methods, _ path: String,
        _ vfs: UnsafeMutablePointer<sqlite3_vfs>
    ) throws(StoreError) {
        var length: sqlite3_int64 = 0
        try check(methods.xFileSize(file, &length), path, vfs, "fstat")
        let piece = UnsafeMutableRawPointer.allocate(byteCount: pieceBytes, alignment: 16)
        defer { piece.deallocate() }
        var offset: sqlite3_int64 = 0
        while offset < length {
            let count = Int32(min(Int64(pieceBytes), length - offset))
            try check(methods.xRead(file, piece, count, offset), path, vfs, "read")
            try check(methods.xWrite(file, piece, count, offset), path, vfs, "write")
            offset += Int64(count)
        }
        try check(methods.xSync(file, SQLITE_SYNC_NORMAL), path, vfs, "fdatasync")
    }

    private static func check(
        _ code: Int32, _ path: String, _ vfs: UnsafeMutablePointer<sqlite3_vfs>, _ call: String
    ) throws(StoreError) {
        if code == SQLITE_OK { return }
        let number = vfs.pointee.xGetLastError?(vfs, 0, nil) ?? 0
        let cause = number == 0 ? nil : SystemError(call: call, operand: path + "-wal", errno: number)
        if code & 0xFF == SQLITE_FULL {
            let free = StoreFile.freeBytes(path)
            throw StoreError(.noSpace(free: free), "\(path): the disk is full, \(free) bytes are free", cause: cause)
        }
        throw StoreError(.io, "\(path): its log cannot be made durable (sqlite code \(code))", cause: cause)
    }
}
