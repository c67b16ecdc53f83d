import MartinetBase
import MartinetStore
import MartinetStoreContract
import Testing

@Suite struct ContractTests {
    @Test("a store in a file", arguments: ObjectStoreContract.cases)
    func inAFile(_ testCase: ObjectStoreContract.Case) throws {
        let folder = try TemporaryFolder()
        try testCase.run(fileHarness(folder.path + "/store.db"))
    }

    @Test("a simulated store in memory", arguments: ObjectStoreContract.cases)
    func inMemory(_ testCase: ObjectStoreContract.Case) throws {
        try testCase.run(simulatedHarness(seed: 1))
    }

    @Test("a store in memory with real threads", arguments: ObjectStoreContract.cases)
    func inMemoryWithThreads(_ testCase: ObjectStoreContract.Case) throws {
        let runtime = ProductionRuntime()
        let store = try SQLiteStore(
            inMemory: "threads", runtime: runtime, executor: ThreadExecutor(name: "test-writer"), configuration: quiet)
        try testCase.run(StoreHarness(store: store, runtime: runtime, wait: { waitUntil($0, $1) }))
    }
}
