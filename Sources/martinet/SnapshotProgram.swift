import Glibc
import MartinetBase
import MartinetContainers
import MartinetStore

/// `martinet snapshot save|restore|fork|verify`: copies of a store, made while it is in use (docs/store.md).
enum SnapshotProgram {
    static let usage = """
        martinet snapshot save    --to=FILE   [--from=STORE]
            copy a store with its history, as it is at one revision; a server may be writing meanwhile
        martinet snapshot fork    --to=STORE  [--from=STORE]
            make a store of what another one holds now, without its history; a server may be writing meanwhile.
            A second server goes on from there where the new store is FOLDER/server/objects.db:
            martinet server --state=FOLDER --api-port=7443
        martinet snapshot restore --from=FILE [--to=STORE]
            put a copy in the place of a store that no server has open; what was there stays beside it as
            STORE.before-restore
        martinet snapshot verify  --from=FILE
            look at every page and every row of a store or a copy

        STORE is a file; the one of this machine's cluster is \(Settings.store(of: Settings.defaultState)), or that of --state=FOLDER.
        """

    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        do {
            guard let verb = arguments.first, !["help", "--help", "-h"].contains(verb),
                !arguments.contains("--help"), !arguments.contains("-h")
            else {
                print(usage)
                return 0
            }
            let flags = try StoreFlags(Array(arguments.dropFirst()), known: ["from", "to", "state"])
            let own = Settings.store(of: flags["state"] ?? Settings.defaultState)
            switch verb {
            case "save", "fork":
                try copy(from: flags["from"] ?? own, to: try flags.required("to"), forks: verb == "fork")
            case "restore": try restore(from: try flags.required("from"), to: flags["to"] ?? own)
            case "verify": return try verify(flags["from"] ?? own)
            default: throw SettingsError(message: "there is no command \(verb.debugDescription)\n\n\(usage)")
            }
            return 0
        } catch let error as SettingsError {
            Log.standardError("martinet snapshot: \(error)")
            return 2
        } catch {
            Log.standardError("martinet snapshot: \(error)")
            return 1
        }
    }

    private static func copy(from store: String, to target: String, forks: Bool) throws {
        try isFile(store)
        guard access(target, F_OK) != 0 else {
            throw SettingsError(message: "\(target): there is such a file already, and it is not overwritten")
        }
        // A store that is closed, or whose server has died, may have left these; a new file must not find them.
        guard access(target + "-wal", F_OK) != 0 else {
            throw SettingsError(message: "\(target)-wal: there is a log of another store beside it")
        }
        if target.hasPrefix("/"), let slash = target.lastIndex(of: "/") {
            try makeFolders(String(target[..<slash]))
        }
        let summary =
            forks ? try StoreSnapshot.fork(store, to: target) : try StoreSnapshot.save(store, to: target)
        print("\(forks ? "forked" : "saved") \(store) to \(target): \(summary)")
    }

    private static func restore(from file: String, to store: String) throws {
        try isFile(file)
        var log = stat()
        guard stat(file + "-wal", &log) != 0 || log.st_size == 0 else {
            throw SettingsError(
                message: "\(file): a store that is in use or was not closed, whose newest writes are in \(file)-wal; "
                    + "make a copy of it first by martinet snapshot save")
        }
        let before = access(store, F_OK) == 0
        let summary = try StoreSnapshot.restore(file, to: store)
        print("restored \(store) from \(file): \(summary)")
        if before { print("what was there is \(store).before-restore") }
    }

    private static func verify(_ file: String) throws -> Int32 {
        try isFile(file)
        let found = try StoreSnapshot.verify(file)
        for problem in found { print("\(file): \(problem)") }
        if found.isEmpty { print("\(file): whole") }
        return found.isEmpty ? 0 : 1
    }

    private static func isFile(_ path: String) throws(SettingsError) {
        var information = stat()
        guard stat(path, &information) == 0 else {
            throw SettingsError(message: "\(SystemError.last("stat", path))")
        }
        guard information.st_mode & S_IFMT == S_IFREG else {
            throw SettingsError(message: "\(path): it is no file")
        }
    }
}
