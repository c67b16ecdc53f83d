/// A decoded object: a type and the values of those of its fields that are set.
///
/// A value type behind one reference: copying is one retain, a change copies only the objects on the path to it, and
/// none of them when they are unique. Unset fields take no room.
package struct Object: Sendable {
    // Safe to share: written only while this is the sole reference to it, as with the standard library's collections.
    private nonisolated(unsafe) var storage: ObjectStorage

    /// An object with nothing set.
    package init(type: ObjectType) { storage = ObjectStorage.make(type, capacity: 0) }

    /// - Parameter entries: in the order of their slots, each slot at most once.
    init(type: ObjectType, entries: ArraySlice<Entry>) {
        storage = ObjectStorage.make(type, capacity: entries.count)
        storage.withUnsafeMutablePointers { header, elements in
            header.pointee.count = entries.count
            entries.withUnsafeBufferPointer { source in
                if let base = source.baseAddress { elements.initialize(from: base, count: source.count) }
            }
        }
    }

    package struct Entry: Sendable {
        package var value: Value
        package let slot: UInt16
        init(value: Value, slot: UInt16) {
            self.value = value
            self.slot = slot
        }
    }

    package var type: ObjectType { storage.header.type }
    /// Values under names that the type does not declare (`additionalProperties`, preserved unknown fields).
    package var extra: Map {
        get { storage.header.extra ?? Map() }
        set {
            makeUnique()
            storage.header.extra = newValue.isEmpty ? nil : newValue
        }
    }

    package var isEmpty: Bool { storage.header.count == 0 && storage.header.extra == nil }
    /// How many declared fields are set.
    package var count: Int { storage.header.count }

    package func entry(at index: Int) -> Entry {
        precondition(index >= 0 && index < count)
        return storage.withUnsafeMutablePointerToElements { $0[index] }
    }

    /// The value in a slot; nil where the field is not set.
    package subscript(slot: Int) -> Value? {
        get {
            storage.withUnsafeMutablePointers { header, elements in
                let index = Object.find(slot, elements, header.pointee.count)
                return index < header.pointee.count && Int(elements[index].slot) == slot ? elements[index].value : nil
            }
        }
        set {
            let (index, found) = place(of: slot)
            if found {
                makeUnique()
                if let newValue {
                    storage.withUnsafeMutablePointerToElements { $0[index].value = newValue }
                } else {
                    storage.remove(at: index)
                }
            } else if let newValue {
                grow()
                storage.insert(Entry(value: newValue, slot: UInt16(truncatingIfNeeded: slot)), at: index)
            }
        }
    }

    /// Takes the value out of a slot and leaves null there, so that the caller can change it in place. Put it back.
    mutating func take(_ slot: Int) -> Value? {
        let (index, found) = place(of: slot)
        guard found else { return nil }
        makeUnique()
        return storage.withUnsafeMutablePointerToElements { elements in
            let value = elements[index].value
            elements[index].value = .null
            return value
        }
    }

    private func place(of slot: Int) -> (index: Int, found: Bool) {
        storage.withUnsafeMutablePointers { header, elements in
            let index = Object.find(slot, elements, header.pointee.count)
            return (index, index < header.pointee.count && Int(elements[index].slot) == slot)
        }
    }

    /// The first entry whose slot is not below `slot`.
    @inline(__always)
    private static func find(_ slot: Int, _ elements: UnsafeMutablePointer<Entry>, _ count: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            if Int(elements[middle].slot) < slot { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private mutating func makeUnique() {
        if !isKnownUniquelyReferenced(&storage) { storage = storage.copy(capacity: storage.header.count) }
    }

    private mutating func grow() {
        let count = storage.header.count
        if !isKnownUniquelyReferenced(&storage) || storage.capacity <= count {
            storage = storage.copy(capacity: count < 4 ? count + 2 : count + count / 2)
        }
    }
}

extension Object: Hashable {
    package static func == (a: Object, b: Object) -> Bool {
        if a.storage === b.storage { return true }
        guard a.type == b.type, a.count == b.count, a.storage.header.extra == b.storage.header.extra else {
            return false
        }
        for index in 0..<a.count {
            let (left, right) = (a.entry(at: index), b.entry(at: index))
            guard left.slot == right.slot, left.value == right.value else { return false }
        }
        return true
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(type)
        for index in 0..<count {
            let entry = entry(at: index)
            hasher.combine(entry.slot)
            hasher.combine(entry.value)
        }
        hasher.combine(storage.header.extra)
    }
}

struct ObjectHeader {
    let type: ObjectType
    var count: Int
    var extra: Map?
}

final class ObjectStorage: ManagedBuffer<ObjectHeader, Object.Entry> {
    static func make(_ type: ObjectType, capacity: Int) -> ObjectStorage {
        let storage = ObjectStorage.create(minimumCapacity: capacity) { _ in
            ObjectHeader(type: type, count: 0, extra: nil)
        }
        return unsafeDowncast(storage, to: ObjectStorage.self)
    }

    func copy(capacity: Int) -> ObjectStorage {
        let copy = ObjectStorage.make(header.type, capacity: max(capacity, header.count))
        copy.header.count = header.count
        copy.header.extra = header.extra
        withUnsafeMutablePointers { header, elements in
            copy.withUnsafeMutablePointerToElements { $0.initialize(from: elements, count: header.pointee.count) }
        }
        return copy
    }

    func insert(_ entry: Object.Entry, at index: Int) {
        withUnsafeMutablePointers { header, elements in
            let count = header.pointee.count
            (elements + index + 1).moveInitialize(from: elements + index, count: count - index)
            (elements + index).initialize(to: entry)
            header.pointee.count = count + 1
        }
    }

    func remove(at index: Int) {
        withUnsafeMutablePointers { header, elements in
            (elements + index).deinitialize(count: 1)
            (elements + index).moveInitialize(from: elements + index + 1, count: header.pointee.count - index - 1)
            header.pointee.count -= 1
        }
    }

    deinit {
        _ = withUnsafeMutablePointers { header, elements in
            elements.deinitialize(count: header.pointee.count)
        }
    }
}
