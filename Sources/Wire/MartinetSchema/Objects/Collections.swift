/// The objects of a list field as views, without copying them.
package struct ViewList<Element: View>: RandomAccessCollection, MutableCollection, RangeReplaceableCollection,
    ExpressibleByArrayLiteral, Hashable, Sendable
{
    var values: [Value]

    package init() { values = [] }
    init(values: [Value]) { self.values = values }
    package init(arrayLiteral elements: Element...) { values = elements.map { .object($0.object) } }

    package var startIndex: Int { 0 }
    package var endIndex: Int { values.count }

    package subscript(position: Int) -> Element {
        get { if case .object(let object) = values[position] { Element(object: object) } else { Element() } }
        _modify {
            var element = Element()
            if case .object(let object) = values[position] { element = Element(object: object) }
            values[position] = .null
            defer { values[position] = .object(element.object) }
            yield &element
        }
    }

    package mutating func replaceSubrange(_ range: Range<Int>, with elements: some Collection<Element>) {
        values.replaceSubrange(range, with: elements.map { .object($0.object) })
    }
}

/// A map from strings to strings: labels, annotations, data, quantities by name.
package struct StringMap: Sequence, ExpressibleByDictionaryLiteral, Hashable, Sendable {
    var map: Map

    package init() { map = Map() }
    package init(map: Map) { self.map = map }
    package init(dictionaryLiteral elements: (String, String)...) {
        map = Map(unsorted: elements.map { Map.Entry(key: $0.0, value: .string($0.1)) })
    }
    package init(_ pairs: some Sequence<(key: String, value: String)>) {
        map = Map(unsorted: pairs.map { Map.Entry(key: $0.key, value: .string($0.value)) })
    }

    package var isEmpty: Bool { map.isEmpty }
    package var count: Int { map.count }
    package var keys: some Sequence<String> { map.entries.lazy.map(\.key) }

    package subscript(key: String) -> String? {
        get { if case .string(let text) = map[key] { text } else { nil } }
        set { map[key] = newValue.map { .string($0) } }
    }

    package func makeIterator() -> AnyIterator<(key: String, value: String)> {
        var index = 0
        let entries = map.entries
        return AnyIterator {
            while index < entries.count {
                defer { index += 1 }
                if case .string(let text) = entries[index].value { return (entries[index].key, text) }
            }
            return nil
        }
    }
}
