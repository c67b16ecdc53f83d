import Glibc
import MartinetBase
import MartinetEtcdStore
import MartinetStore
import MartinetStoreContract
import Testing

/// Polls until the condition holds or the time is over.
func waitUntil(_ limit: Duration, _ condition: () -> Bool) -> Bool {
    let runtime = ProductionRuntime()
    let deadline = runtime.monotonic() + limit
    while !condition() {
        if runtime.monotonic() > deadline { return condition() }
        usleep(500)
    }
    return true
}

func harness(_ cluster: EtcdCluster, scope: String, _ change: (inout EtcdConfiguration) -> Void = { _ in }) throws
    -> StoreHarness
{
    var configuration = EtcdConfiguration(endpoints: cluster.endpoints)
    configuration.scope = scope
    configuration.log = Log(component: "etcd", sink: { _ in })
    change(&configuration)
    let runtime = ProductionRuntime()
    let store = try EtcdStore(configuration, runtime: runtime)
    return StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) })
}

extension StoreHarness {
    func closeAndWait() throws {
        let closed = Recorder<Bool>()
        store.close { closed.append(true) }
        guard wait(.seconds(30), { !closed.all.isEmpty }) else { throw ContractFailure("the store does not close") }
    }
}

@Suite(.serialized, .enabled(if: EtcdPrograms.isThere, "\(EtcdPrograms.absent)"))
struct EtcdContractTests {
    @Test("the contract on one member of a real etcd", arguments: ObjectStoreContract.cases)
    func oneMember(_ testCase: ObjectStoreContract.Case) throws {
        let harness = try harness(try EtcdCluster(), scope: "/")
        try testCase.run(harness)
        try harness.closeAndWait()
    }
}
