import MartinetBase
import MartinetStore

/// What every `ObjectStore` must do, as cases that each take a store that is empty and at its initial revision.
///
/// A case compares revisions with each other and not with numbers, so that a store whose history began elsewhere passes.
package enum ObjectStoreContract {
    package struct Case: Sendable, CustomStringConvertible {
        package let name: String
        package let run: @Sendable (StoreHarness) throws -> Void
        package var description: String { name }
    }

    package static let cases: [Case] = writing + reading + history + concurrency
    private static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

    private static let writing: [Case] = [
        Case(name: "a key can be created once") { harness in
            let revision = try harness.write(.create("/a", bytes("1")))
            try expectEqual(harness.store.revision, revision, "revision after a commit")
            let object = StoredObject(
                key: "/a", value: bytes("1"), created: revision, modified: revision, version: 1, expires: nil)
            try expectEqual(
                try harness.commit(.create("/a", bytes("2"))), .conflict(key: "/a", current: object), "second creation")
            try expectEqual(harness.store.revision, revision, "revision after a conflict")
            try expectEqual(try harness.store.get("/a"), object, "the key")
        },
        Case(name: "an update needs the revision of the last write") { harness in
            let first = try harness.write(.create("/a", bytes("1")))
            let second = try harness.write(.update("/a", bytes("2"), modified: first))
            try expectEqual(second.value, first.value + 1, "the next revision")
            let object = StoredObject(
                key: "/a", value: bytes("2"), created: first, modified: second, version: 2, expires: nil)
            try expectEqual(
                try harness.commit(.update("/a", bytes("3"), modified: first)), .conflict(key: "/a", current: object),
                "an update on an old revision")
            try expectEqual(
                try harness.commit(.update("/b", bytes("3"), modified: first)), .conflict(key: "/b", current: nil),
                "an update of no key")
        },
        Case(name: "a deleted key begins anew") { harness in
            let first = try harness.write(.create("/a", bytes("1")))
            try harness.write(.delete("/a", modified: first))
            try expectEqual(try harness.store.get("/a"), nil, "the deleted key")
            let again = try harness.write(.create("/a", bytes("2")))
            let object = try harness.store.get("/a")
            try expectEqual(object?.created, again, "its creation")
            try expectEqual(object?.version, 1, "its version")
        },
        Case(name: "deleting nothing is no revision and no event") { harness in
            let before = harness.store.revision
            try expectEqual(
                try harness.commit(Transaction(operations: [.delete(key: "/none")])),
                .committed(before, previous: [nil]), "the outcome")
            try expectEqual(harness.store.revision, before, "the revision")
            try expectEqual(try harness.store.events(prefix: "", after: before, limit: 0).events, [], "the events")
        },
        Case(name: "a transaction is whole or nothing, at one revision") { harness in
            let first = try harness.write(.create("/a", bytes("1")))
            let conflict = Transaction(
                conditions: [.init(key: "/a", modified: first), .init(key: "/b", modified: first)],
                operations: [.put(key: "/a", value: bytes("x")), .put(key: "/c", value: bytes("x"))])
            try expectEqual(try harness.commit(conflict), .conflict(key: "/b", current: nil), "the outcome")
            try expectEqual(try harness.store.range(prefix: "/").objects.map(\.key), ["/a"], "the keys")
            let old = try harness.store.get("/a")
            let both = Transaction(
                conditions: [.init(key: "/a", modified: first)],
                operations: [.put(key: "/b", value: bytes("2")), .delete(key: "/a")])
            try expectEqual(
                try harness.commit(both), .committed(Revision(first.value + 1), previous: [nil, old]), "the outcome")
            let events = try harness.store.events(prefix: "/", after: first, limit: 1)
            try expectEqual(events.events.map(\.key), ["/b", "/a"], "the events of one revision are not parted")
            try expectEqual(Set(events.events.map(\.revision)), [Revision(first.value + 1)], "their revision")
        },
        Case(name: "what can never be committed is refused and the rest goes on") { harness in
            for transaction in [
                Transaction(operations: [.put(key: "", value: [])]),
                Transaction(operations: [.put(key: "/a", value: []), .delete(key: "/a")]),
                .create(String(repeating: "k", count: Transaction.keyBytesMax + 1), []),
            ] {
                try expectCode(.invalid, "\(transaction.operations.count) operations") {
                    _ = try harness.commit(transaction)
                }
            }
            try harness.write(.create("/a", []))
        },
        Case(name: "a thousand commits at once are answered in order, each at its own revision") { harness in
            let answers = Recorder<Revision>()
            let start = harness.store.revision
            for number in 0..<1000 {
                harness.store.commit(.create("/n/\(number)", bytes("\(number)"))) { result in
                    if case .success(.committed(let revision, _)) = result { answers.append(revision) }
                }
            }
            try expect(harness.wait(.seconds(60), { answers.all.count == 1000 }), "all are answered")
            try expectEqual(answers.all.map(\.value), (1...1000).map { start.value + $0 }, "the revisions")
        },
        Case(name: "of many creations of one key in one batch one succeeds") { harness in
            let answers = Recorder<CommitOutcome>()
            for number in 0..<50 {
                harness.store.commit(.create("/one", bytes("\(number)"))) { result in
                    if case .success(let outcome) = result { answers.append(outcome) }
                }
            }
            try expect(harness.wait(.seconds(60), { answers.all.count == 50 }), "all are answered")
            let object = try harness.store.get("/one")
            try expectEqual(object?.value, bytes("0"), "the first one's value")
            for outcome in answers.all.dropFirst() {
                try expectEqual(outcome, .conflict(key: "/one", current: object), "every later one")
            }
        },
        Case(name: "an expired key is deleted as anybody would delete it") { harness in
            let seen = Recorder<StoreEvent>()
            harness.store.observe { seen.append(contentsOf: $0) }
            let soon = Timestamp(microseconds: harness.runtime.now().microseconds + 300_000)
            try harness.put("/lease", "1", expires: soon)
            try harness.put("/kept", "1", expires: soon)
            try harness.put("/kept", "2", expires: soon.advanced(by: .seconds(3600)))
            let object = try harness.store.get("/lease")
            try expectEqual(object?.expires, soon, "its time")
            try expect(harness.wait(.seconds(30), { seen.all.count == 4 }), "a deletion is observed")
            try expect(harness.runtime.now() >= soon, "not before its time")
            try expectEqual(seen.all.last?.kind, .delete, "the last event")
            try expectEqual(seen.all.last?.previous, object, "what went")
            try expectEqual(try harness.store.range(prefix: "/").objects.map(\.key), ["/kept"], "what is left")
        },
    ]

    private static let reading: [Case] = [
        Case(name: "a range is in the order of bytes, ends at its prefix and goes on in pieces") { harness in
            let keys = ["/p/a", "/p/a/b", "/p/B", "/p/é", "/p/e\u{301}", "/p/😀", "/p0", "/o"]
            for key in keys { try harness.put(key, key) }
            let expected = keys.filter { $0.utf8.starts(with: "/p/".utf8) }
                .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let whole = try harness.store.range(prefix: "/p/")
            try expectEqual(whole.objects.map { Array($0.key.utf8) }, expected.map { Array($0.utf8) }, "the keys")
            try expectEqual(whole.count, expected.count, "the count")
            try expectEqual(whole.revision, harness.store.revision, "the revision")
            var pieces: [StoredObject] = []
            var from: String?
            repeat {
                let piece = try harness.store.range(prefix: "/p/", from: from, limit: 2, at: whole.revision)
                try expectEqual(piece.count, expected.count - pieces.count, "what is still to come")
                pieces += piece.objects
                from = piece.more ? piece.objects.last.map { $0.key + "\0" } : nil
                try harness.put("/p/late\(pieces.count)", "not in the list")
            } while from != nil
            try expectEqual(pieces, whole.objects, "the pieces together")
        },
        Case(name: "the past is read as it was") { harness in
            let first = try harness.put("/a", "1")
            let second = try harness.put("/b", "1")
            let third = try harness.delete("/a")
            try harness.put("/a", "2")
            try expectEqual(try harness.store.get("/a", at: first)?.value, bytes("1"), "a at its creation")
            try expectEqual(try harness.store.get("/b", at: first), nil, "b before its creation")
            try expectEqual(try harness.store.get("/a", at: third), nil, "a after its deletion")
            for (revision, keys) in [(first, ["/a"]), (second, ["/a", "/b"]), (third, ["/b"])] {
                let range = try harness.store.range(prefix: "/", from: nil, limit: 0, at: revision)
                try expectEqual(range.objects.map(\.key), keys, "the keys at \(revision)")
                try expectEqual(range.revision, revision, "the revision")
            }
        },
        Case(name: "a revision that is not reached is refused") { harness in
            let newest = try harness.put("/a", "1")
            let future = Revision(newest.value + 1)
            try expectCode(.future(newest: newest), "get") { _ = try harness.store.get("/a", at: future) }
            try expectCode(.future(newest: newest), "range") {
                _ = try harness.store.range(prefix: "/", from: nil, limit: 0, at: future)
            }
            try expectCode(.future(newest: newest), "events") {
                _ = try harness.store.events(prefix: "/", after: future, limit: 0)
            }
        },
    ]

    private static let history: [Case] = [
        Case(name: "observers see every event, durable and in order, before the commit is answered") { harness in
            let seen = Recorder<StoreEvent>()
            try harness.put("/before", "0")
            let store = harness.store
            let early = Recorder<String>()
            let start = store.observe { events in
                seen.append(contentsOf: events)
                for event in events where store.revision < event.revision { early.append("not reached") }
                for event in events {
                    do {
                        if try store.get(event.key) == nil, event.kind == .put { early.append("unreadable") }
                    } catch { early.append("\(error)") }
                }
            }
            try expectEqual(start, store.revision, "where the observer begins")
            let revision = try harness.put("/a", "1")
            try expectEqual(seen.all.map(\.revision), [revision], "seen when the commit was answered")
            try harness.put("/a", "2")
            try harness.delete("/a")
            try expectEqual(early.all, [], "served too early")
            try expectEqual(seen.all, try store.events(prefix: "", after: start, limit: 0).events, "against history")
            try expectEqual(seen.all.map(\.previous?.value), [nil, bytes("1"), bytes("2")], "the objects before")
            try expectEqual(seen.all.map(\.kind), [.put, .put, .delete], "the kinds")
        },
        Case(name: "events are those under the prefix, and can be read in pieces") { harness in
            let start = harness.store.revision
            for number in 0..<10 { try harness.put(number % 2 == 0 ? "/even/\(number)" : "/odd/\(number)", "") }
            var found: [String] = []
            var after = start
            repeat {
                let piece = try harness.store.events(prefix: "/even/", after: after, limit: 2)
                found += piece.events.map(\.key)
                try expect(piece.through > after, "the pieces go on")
                after = piece.through
            } while after < harness.store.revision
            try expectEqual(found, [0, 2, 4, 6, 8].map { "/even/\($0)" }, "the keys")
        },
        Case(name: "compaction keeps the state at its revision and all after it") { harness in
            try harness.put("/a", "1")
            try harness.put("/gone", "1")
            let early = try harness.put("/a", "2")
            try harness.delete("/gone")
            let middle = try harness.put("/b", "1")
            let later = try harness.put("/a", "3")
            let all = try harness.store.events(prefix: "", after: middle, limit: 0)
            let store = harness.store
            store.compact(before: middle)
            try expect(harness.wait(.seconds(30), { store.compacted == middle }), "it is compacted")
            try expectCode(.compacted(oldest: middle), "an early get") { _ = try store.get("/a", at: early) }
            try expectCode(.compacted(oldest: middle), "early events") {
                _ = try store.events(prefix: "", after: early, limit: 0)
            }
            try expectEqual(try store.get("/a", at: middle)?.value, bytes("2"), "a at the compacted revision")
            try expectEqual(try store.get("/a")?.value, bytes("3"), "a now")
            try expectEqual(try store.events(prefix: "", after: middle, limit: 0), all, "the events after it")
            try expectEqual(store.revision, later, "the revision")
            store.compact(before: early)
            let next = try harness.put("/c", "1")
            try expectEqual(store.compacted, middle, "an older compaction changes nothing")
            store.compact(before: Revision(next.value + 100))
            try expect(harness.wait(.seconds(30), { store.compacted == next }), "the future stands for now")
            let after = try harness.put("/c", "2")
            try expectEqual(
                try store.events(prefix: "", after: next, limit: 0).events.map(\.revision), [after], "later")
            try expectEqual(store.compacted, next, "what comes later is kept")
        },
        Case(name: "a closed store refuses") { harness in
            let revision = try harness.put("/a", "1")
            let closed = Recorder<Bool>()
            harness.store.close { closed.append(true) }
            try expect(harness.wait(.seconds(30), { !closed.all.isEmpty }), "it is closed")
            try expectCode(.closed, "commit") { _ = try harness.commit(.delete("/a", modified: revision)) }
            try expectCode(.closed, "get") { _ = try harness.store.get("/a") }
        },
    ]
}
