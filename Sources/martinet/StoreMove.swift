import MartinetBase
import MartinetEtcdStore
import MartinetStore

/// Copies a store to an empty one.
struct StoreMove {
    private let flags: StoreFlags
    private let runtime = ProductionRuntime()
    private let log = Log(component: "move")

    init(_ flags: StoreFlags) { self.flags = flags }

    func run() async throws {
        let source = try open(try flags.required("from"))
        let target = try open(try flags.required("to"))
        let report = try StoreMover(source: source, target: target).run()
        await close(source)
        await close(target)
        print("moved \(report.objects) objects; the target goes on at revision \(report.revision)")
    }

    private func open(_ place: String) throws -> any ObjectStore {
        guard place.hasPrefix("http://") || place.hasPrefix("https://") else {
            return try SQLiteStore(path: place, runtime: runtime)
        }
        let configuration = try Stores.etcd(
            place.split(separator: ",").map(String.init), authorities: flags["etcd-cafile"],
            certificate: flags["etcd-certfile"], key: flags["etcd-keyfile"], log: log)
        return try EtcdStore(configuration, runtime: runtime)
    }

    private func close(_ store: any ObjectStore) async {
        await withCheckedContinuation { done in store.close { done.resume() } }
    }
}
