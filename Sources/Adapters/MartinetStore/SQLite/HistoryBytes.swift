/// What rows of the log take, about: the value, the key in the row and in the index, and what the file needs around them.
enum HistoryBytes {
    private static let around: Int64 = 48

    static func of(key: Int, value: Int = 0) -> Int64 { Int64(2 * key + value) + around }
    static func of(_ object: StoredObject) -> Int64 { of(key: object.key.utf8.count, value: object.value.count) }
}
