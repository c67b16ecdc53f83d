/// Builds one document from the start, end, scalar and alias events of a parser.
///
/// Keys become strings as sigs.k8s.io/yaml makes them, and `<<` merges as go-yaml v2 does it: in the order of the
/// text, so what comes later wins, on whichever side it stands.
struct YAMLComposer {
    private struct Frame {
        let isMap: Bool
        let mark: Mark
        let anchor: String?
        var items: [YAMLNode] = []
        var entries: [YAMLNode.Entry] = []
        /// Where each key is in `entries`, once there are too many to look through.
        var places: [String: Int] = [:]
        var mergedKeys: Set<String> = []
        var pending: Key?
        var weight = 16
    }

    private enum Key {
        case plain(String, Mark)
        case merge(Mark)
    }

    /// A finished value on its way into its parent.
    private struct Finished {
        var node: YAMLNode
        var weight: Int
        /// Nil where it cannot be a key; `reason` says why.
        var key: String?
        var reason: String = ""
        var isMergeKey = false
        var isAlias = false
    }

    private(set) var document: YAMLNode?
    private let file: String
    private let limits: YAMLLimits
    private var stack: [Frame] = []
    private var anchors: [String: Finished] = [:]
    private var aliases = 0
    private var aliasBytes = 0

    init(file: String, limits: YAMLLimits) {
        self.file = file
        self.limits = limits
    }

    mutating func startDocument() {
        document = nil
        stack.removeAll(keepingCapacity: true)
        anchors.removeAll()
    }

    mutating func start(isMap: Bool, anchor: String?, mark: Mark) throws(YAMLError) {
        guard stack.count < limits.depth else {
            throw YAMLError(
                .limit, file: file, mark: mark, message: "lists and maps are nested too deeply",
                expected: "at most \(limits.depth) levels are read")
        }
        stack.append(Frame(isMap: isMap, mark: mark, anchor: anchor))
    }

    mutating func end() throws(YAMLError) {
        guard let frame = stack.popLast() else { return }
        let value: YAMLNode.Value = frame.isMap ? .map(frame.entries) : .list(frame.items)
        let finished = Finished(
            node: YAMLNode(value, mark: frame.mark), weight: frame.weight,
            reason: frame.isMap ? "a map cannot be a key" : "a list cannot be a key")
        try finish(finished, anchor: frame.anchor)
    }

    mutating func scalar(
        _ bytes: UnsafeBufferPointer<UInt8>, plain: Bool, tag: UnsafePointer<UInt8>?, anchor: String?, mark: Mark
    ) throws(YAMLError) {
        let (value, resolved) = try TaggedScalar(file: file, mark: mark).value(
            bytes, plain: plain, tag: tag.map { String(cString: $0) })
        var finished = Finished(node: YAMLNode(value, mark: mark), weight: 16 + bytes.count)
        finished.isMergeKey = resolved.isMergeKey
        let isKey = expectsKey
        if isKey || anchor != nil { (finished.key, finished.reason) = TaggedScalar.key(value) }
        if !isKey, case .double(let number) = value, !number.isFinite { throw infinite(number, mark) }
        try finish(finished, anchor: anchor)
    }

    /// Whether the innermost collection is a map whose next value is a key. Fields are read in place: a frame is large.
    private var expectsKey: Bool {
        let top = stack.count - 1
        guard top >= 0, stack[top].isMap else { return false }
        if case nil = stack[top].pending { return true }
        return false
    }

    /// JSON has no words for them, and kubectl refuses them later with no position.
    private func infinite(_ number: Double, _ mark: Mark) -> YAMLError {
        YAMLError(
            .tag, file: file, mark: mark, message: "\(number.isNaN ? ".nan" : ".inf") is no number that JSON can hold",
            expected: "quote it if it is meant as text")
    }

    mutating func alias(_ name: String, mark: Mark) throws(YAMLError) {
        if let open = stack.first(where: { $0.anchor == name }) {
            throw YAMLError(
                .alias, file: file, mark: mark, message: "the alias *\(name) stands inside what it stands for",
                related: open.mark)
        }
        guard var finished = anchors[name] else {
            throw YAMLError(
                .alias, file: file, mark: mark, message: "the alias *\(name) has no anchor &\(name) before it",
                expected: "quote it if it is meant as text")
        }
        aliases += 1
        aliasBytes = aliasBytes.addingReportingOverflow(finished.weight).partialValue
        guard aliases <= limits.aliases, aliasBytes <= limits.aliasBytes, aliasBytes >= 0 else {
            throw YAMLError(
                .limit, file: file, mark: mark, message: "the text grows too much by its aliases",
                expected: "at most \(limits.aliases) aliases for \(limits.aliasBytes) bytes are read")
        }
        finished.node.mark = mark
        finished.isAlias = true
        finished.isMergeKey = false
        try add(finished)
    }

    private mutating func finish(_ finished: Finished, anchor: String?) throws(YAMLError) {
        if let anchor { anchors[anchor] = finished }
        try add(finished)
    }

    private mutating func add(_ finished: Finished) throws(YAMLError) {
        guard !stack.isEmpty else {
            document = finished.node
            return
        }
        let top = stack.count - 1
        stack[top].weight = stack[top].weight &+ finished.weight
        guard stack[top].isMap else {
            stack[top].items.append(finished.node)
            return
        }
        switch stack[top].pending {
        case nil:
            stack[top].pending = try key(finished)
        case .merge(let mark):
            stack[top].pending = nil
            try merge(finished, at: mark)
        case .plain(let key, let mark):
            stack[top].pending = nil
            try insert(YAMLNode.Entry(key: key, keyMark: mark, node: finished.node))
        }
    }

    private func key(_ finished: Finished) throws(YAMLError) -> Key {
        if finished.isMergeKey { return .merge(finished.node.mark) }
        guard let key = finished.key else {
            throw YAMLError(
                .key, file: file, mark: finished.node.mark, message: finished.reason,
                expected: "a key is a string, and { or [ at the start of a value is quoted when it is meant as text")
        }
        return .plain(key, finished.node.mark)
    }

    private func place(of key: String) -> Int? {
        let top = stack.count - 1
        let count = stack[top].entries.count
        if count > 8 { return stack[top].places[key] }
        for index in 0..<count where stack[top].entries[index].key == key { return index }
        return nil
    }

    private mutating func append(_ entry: YAMLNode.Entry) {
        let top = stack.count - 1
        stack[top].entries.append(entry)
        if stack[top].entries.count == 9 {
            for (index, entry) in stack[top].entries.enumerated() { stack[top].places[entry.key] = index }
        } else if stack[top].entries.count > 9 {
            stack[top].places[entry.key] = stack[top].entries.count - 1
        }
    }

    private mutating func insert(_ entry: YAMLNode.Entry) throws(YAMLError) {
        guard let index = place(of: entry.key) else { return append(entry) }
        let top = stack.count - 1
        guard stack[top].mergedKeys.remove(entry.key) != nil else {
            if limits.keepsDuplicates { return append(entry) }
            let first = stack[top].entries[index].keyMark
            throw YAMLError(
                .duplicateKey, file: file, mark: entry.keyMark,
                message: "the key \(entry.key.debugDescription) is here twice", expected: "it is already at \(first)",
                related: first)
        }
        stack[top].entries[index] = entry
    }

    private mutating func merge(_ finished: Finished, at mark: Mark) throws(YAMLError) {
        switch finished.node.value {
        case .map(let entries):
            mergeEntries(entries)
        case .list(let items) where !finished.isAlias:
            // The first of several wins, so it is merged last.
            for item in items.reversed() {
                guard let entries = item.map else { throw wantsMap(item.mark) }
                mergeEntries(entries)
            }
        default:
            throw wantsMap(finished.node.mark)
        }
    }

    private func wantsMap(_ mark: Mark) -> YAMLError {
        YAMLError(
            .merge, file: file, mark: mark, message: "<< merges maps only",
            expected: "a map, an alias of a map, or a list of these")
    }

    private mutating func mergeEntries(_ entries: [YAMLNode.Entry]) {
        let top = stack.count - 1
        for entry in entries {
            if let index = place(of: entry.key) {
                stack[top].entries[index] = entry
            } else {
                append(entry)
                stack[top].mergedKeys.insert(entry.key)
            }
        }
    }
}
