import MartinetBase
import MartinetDocuments
import MartinetSchema
import MartinetTesting
import Testing

@Suite struct TableTests {
    static let isRecorded = SharedFiles.root != nil

    static func kind(_ apiVersion: String, _ name: String) -> Kind? {
        Schema.builtin.type(named: "\(apiVersion).\(name)")?.kind
    }

    static let now = Timestamp(seconds: 1_700_000_000)

    static func decoded(_ json: String, _ kind: Kind) throws -> Object {
        try JSONDecoder.decode(Array(json.utf8), as: kind.type).object
    }

    /// The recorded answers have words for what changes from one recording to the next; these stand in for them.
    private static func filled(_ line: ArraySlice<UInt8>) throws -> Value {
        var text = String(decoding: line, as: UTF8.self)
        for (word, value) in [
            ("\"TIME\"", "\"2023-11-14T22:13:20Z\""), ("\"ALLOCATED-PORT\"", "30001"), ("ALLOCATED-PORT", "30001"),
        ] {
            guard text.contains(word) else { continue }
            text = text.split(separator: word, omittingEmptySubsequences: false).joined(separator: value)
        }
        return try JSONDecoder.decodeAny(Array(text.utf8)).value
    }

    @Test(.enabled(if: isRecorded, "the shared answers are not beside this clone"))
    func everyCellIsUpstreams() throws {
        let lines = SharedFiles.read("upstream-answers/tables.jsonl").split(separator: 10)
        var (equal, total, columnsEqual) = (0, 0, 0)
        var differences: [String] = []
        for line in lines {
            let wanted = try Self.filled(line)
            total += 1
            let kind = try #require(Self.kind(wanted["apiVersion"].text, wanted["kind"].text))
            let object: Object
            do {
                object = try Self.decoded(wanted["object"].json, kind)
            } catch {
                differences.append("\(wanted["id"].text): \(error)")
                continue
            }
            let converter = TableConverter(kind: kind)
            let table = try #require(converter.table([object], include: .none, now: Self.now))
            let ours = try JSONDecoder.decodeAny(JSONEncoder.encode(table)).value
            let columns = Value.list(ours["columnDefinitions"].items.map { $0.without(["description"]) })
            if columns == wanted["columns"] {
                columnsEqual += 1
            } else {
                differences.append("\(wanted["id"].text): columns")
            }
            let mine = ours["rows"].items.first?["cells"].items ?? []
            let theirs = wanted["rows"].items.first?["cells"].items ?? []
            let bad = mine.indices.filter { index in
                index >= theirs.count || !Self.same(mine[index], theirs[index])
            }
            if bad.isEmpty, mine.count == theirs.count {
                equal += 1
            } else {
                let texts = bad.map {
                    "\(columns.items[$0]["name"].text): \(mine[$0].json) instead of \(theirs[$0].json)"
                }
                differences.append("\(wanted["id"].text): \(texts.joined(separator: ", "))")
            }
        }
        print("tables: \(equal) of \(total) rows equal, \(columnsEqual) of \(total) heads")
        for line in differences { print("   \(line)") }
        #expect(equal >= total)
        #expect(columnsEqual == total)
    }

    /// Ages are recorded as a word.
    static func same(_ ours: Value, _ theirs: Value) -> Bool {
        if ours == theirs { return true }
        guard case .string(let text) = theirs, case .string(let mine) = ours else { return false }
        if text == "AGE" { return mine.last.map("smhdy>".contains) == true }
        guard let place = text.range("AGE") else { return false }
        return mine.hasPrefix(text[..<place.lowerBound]) && mine.hasSuffix(text[place.upperBound...])
    }

    @Test func aRowCarriesItsMetadataTheWholeObjectOrNothing() throws {
        let kind = try #require(Self.kind("v1", "ConfigMap"))
        let object = try Self.decoded(#"{"metadata":{"name":"a"},"data":{"x":"1"}}"#, kind)
        func row(_ include: TableConverter.Include) throws -> Value {
            let table = try #require(TableConverter(kind: kind).table([object], include: include, now: Self.now))
            let rows = try JSONDecoder.decodeAny(JSONEncoder.encode(table)).value["rows"]
            return try #require(rows.items.first)["object"]
        }
        #expect(try row(.none) == .null)
        #expect(try row(.object)["data"]["x"].text == "1")
        let partial = try row(.metadata)
        #expect(partial["kind"].text == "PartialObjectMetadata")
        #expect(partial["apiVersion"].text == "meta.k8s.io/v1")
        #expect(partial["metadata"]["name"].text == "a")
        #expect(partial["data"] == .null)
    }

    @Test func everyStrategyThatTheSchemaNamesExists() {
        for kind in Schema.builtin.kinds {
            let object = Object(type: kind.type)
            let cells = TableConverter(kind: kind).cells(object, now: Self.now)
            for (column, cell) in zip(kind.columns, cells) where column.source.hasPrefix("@") {
                #expect(cell != .null, "\(kind.name): \(column.source)")
            }
        }
    }
}

extension String {
    func range(_ part: String) -> Range<String.Index>? {
        var index = startIndex
        while index < endIndex {
            if self[index...].hasPrefix(part) { return index..<self.index(index, offsetBy: part.count) }
            index = self.index(after: index)
        }
        return nil
    }
}
