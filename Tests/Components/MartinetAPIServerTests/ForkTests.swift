import Glibc
import MartinetAPIServer
import MartinetBase
import MartinetStore
import Testing

/// A second API server on what the first one's store holds now.
@Suite struct ForkTests {
    private static let count = 10_000

    /// Writes what the server has made of one object under many names.
    private func fill(_ store: SQLiteStore) async throws {
        let prefix = "/registry/core/configmaps/default/"
        let made = try #require(try store.get(prefix + "c-00000"))
        let mould = Array("c-00000".utf8)
        let places = made.value.indices.filter { made.value[$0...].starts(with: mould) }
        let names = (1...Self.count).map { "c-" + String(String(100_000 + $0).dropFirst()) }
        for start in stride(from: 0, to: names.count, by: 500) {
            let transaction = Transaction(
                operations: names[start..<min(start + 500, names.count)].map { name in
                    var value = made.value
                    for place in places { value.replaceSubrange(place..<(place + mould.count), with: name.utf8) }
                    return .put(key: prefix + name, value: value)
                })
            try await withCheckedThrowingContinuation { (done: CheckedContinuation<Void, any Error>) in
                store.commit(transaction) { result in done.resume(with: result.map { _ in }.mapError { $0 }) }
            }
        }
    }

    @Test("a fork of ten thousand objects is served by a second API server, which the first one does not notice")
    func fork() async throws {
        let first = try TestServer()
        try await first.ready()
        let made = try await first.send(
            "POST", "/api/v1/namespaces/default/configmaps", contentType: "application/json",
            TestServer.configMap("c-00000"))
        #expect(made.status == 201)
        try await fill(first.server.store)
        let clock = ContinuousClock()
        let begun = clock.now
        var summary: StoreSnapshot.Summary?
        let second = try TestServer { configuration in
            summary = try? StoreSnapshot.fork(first.folder + "/objects.db", to: configuration.folder + "/objects.db")
        }
        let opened = clock.now
        // Nothing is waited for but the answer itself.
        try await second.ready()
        let real = try await second.send("GET", "/api/v1/namespaces/default/configmaps/c-00000")
        let answered = clock.now
        let forked = try #require(summary)
        #expect(forked.objects > Self.count)
        #expect(real.status == 200)
        #expect(try await second.send("GET", "/api/v1/namespaces/default/configmaps/c-10000").status == 200)
        print(
            "a fork of \(forked.objects) objects, \(forked.bytes) bytes: copied and opened in \(opened - begun), "
                + "first answer after \(answered - begun)")
        // Each goes on by itself.
        #expect(try await second.send("DELETE", "/api/v1/namespaces/default/configmaps/c-00000").status == 200)
        #expect(try await first.send("GET", "/api/v1/namespaces/default/configmaps/c-00000").status == 200)
        await second.stop()
        await first.stop()
    }
}
