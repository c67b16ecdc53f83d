import Glibc
import MartinetAPICore
import MartinetTesting
import Testing

/// An object of every kind that can be served, created, read in every encoding, updated, patched and deleted by clients that
/// are not ours (Tests/Support/Clients).
@Suite("clients of other people", .serialized) struct EveryKindTests {
    static let kubectls = ["/usr/bin/kubectl", environment("MARTINET_OLD_KUBECTL")].filter { !$0.isEmpty }

    static func environment(_ name: String) -> String { getenv(name).map { String(cString: $0) } ?? "" }

    /// `Tests/Support/Clients`, wherever this clone lies.
    static func program(_ name: String) -> String {
        let parts = #filePath.split(separator: "/").dropLast(3)
        return "/" + parts.joined(separator: "/") + "/Support/Clients/\(name).py"
    }

    @Test("every kind, with each kubectl of this machine", .enabled(if: TestServer.hasPython), arguments: kubectls)
    func kubectl(path: String) async throws {
        try await walk(path)
    }

    @Test(
        "every kind, with the Python client from PyPI, where PYTHONPATH leads to it", .enabled(if: TestServer.hasPython)
    )
    func python() async throws { try await walk("python") }

    @Test("the course's manifests", .enabled(if: TestServer.hasPython && SharedFiles.root != nil && !kubectls.isEmpty))
    func course() async throws {
        let kubectl = try #require(Self.kubectls.first)
        guard access(kubectl, X_OK) == 0 else { return print("skipped: \(kubectl) is not on this machine") }
        try await TestServer.with(runtimeConfig: RuntimeConfig(servesLegacy: true)) { server in
            let said = try await server.run(
                [
                    "-B", Self.program("course"), try server.kubeconfig(), kubectl,
                    (SharedFiles.root ?? "") + "/course/manifests",
                ], mustEndWell: false)
            print("the course: \(said)")
            #expect(said.contains(" 0 failures"))
        }
    }

    private func walk(_ client: String) async throws {
        let everything = try RuntimeConfig(["api/all=true"], servesLegacy: true)
        try await TestServer.with(runtimeConfig: everything) { server in
            let kubeconfig = try server.kubeconfig()
            let shared = SharedFiles.root ?? ""
            let said = try await server.run(
                ["-B", Self.program("every_kind"), kubeconfig, client, shared], mustEndWell: false)
            print("\(client): \(said)")
            #expect(said.contains(" 0 failures") || said.contains("skipped:"))
        }
    }
}
