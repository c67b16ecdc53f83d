package import CMartinetStage
package import MartinetOCI

/// One step of the stage, with the words for its failure.
package struct StageOperation: Hashable, Sendable {
    package var code: martinet_op
    package var flags: StageFlags
    package var a: UInt64
    package var b: UInt64
    package var c: UInt64
    package var strings: [[UInt8]]
    /// The call and its operand, as an error message has them: `mount(proc → /proc)`.
    package var label: String

    package init(
        _ code: martinet_op, _ label: String, strings: [[UInt8]] = [], a: UInt64 = 0, b: UInt64 = 0, c: UInt64 = 0,
        flags: StageFlags = []
    ) {
        self.code = code
        self.label = label
        self.strings = strings
        self.a = a
        self.b = b
        self.c = c
        self.flags = flags
    }

    package init(
        _ code: martinet_op, _ label: String, texts: [String], a: UInt64 = 0, b: UInt64 = 0, c: UInt64 = 0,
        flags: StageFlags = []
    ) {
        self.init(code, label, strings: texts.map { Array($0.utf8) }, a: a, b: b, c: c, flags: flags)
    }

    package static func == (x: StageOperation, y: StageOperation) -> Bool {
        x.code.rawValue == y.code.rawValue && x.flags == y.flags && x.a == y.a && x.b == y.b && x.c == y.c
            && x.strings == y.strings && x.label == y.label
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(code.rawValue)
        hasher.combine(strings)
    }
}

/// See `MARTINET_FLAG_*`.
package struct StageFlags: OptionSet, Hashable, Sendable {
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue }
    package static let optional = StageFlags(rawValue: UInt16(MARTINET_FLAG_OPTIONAL))
    package static let starter = StageFlags(rawValue: UInt16(MARTINET_FLAG_STARTER))
    package static let inRoot = StageFlags(rawValue: UInt16(MARTINET_FLAG_IN_ROOT))
    package static let make = StageFlags(rawValue: UInt16(MARTINET_FLAG_MAKE))
    package static let file = StageFlags(rawValue: UInt16(MARTINET_FLAG_FILE))
    package static let noPivot = StageFlags(rawValue: UInt16(MARTINET_FLAG_NO_PIVOT))
    package static let likeSource = StageFlags(rawValue: UInt16(MARTINET_FLAG_LIKE_SOURCE))
}

/// What the stage is to do, in order, and what was adapted to this machine on the way.
package struct StagePlan: Hashable, Sendable {
    package var operations: [StageOperation]
    /// What the specification asks and this machine cannot give, in words; to be logged or reported.
    package var notes: [String]

    package init(operations: [StageOperation] = [], notes: [String] = []) {
        self.operations = operations
        self.notes = notes
    }

    package mutating func add(_ operation: StageOperation) { operations.append(operation) }

    /// The words for a failed step.
    package func label(ofStep step: UInt32) -> String {
        step < operations.count ? operations[Int(step)].label : step == .max ? "stage(plan)" : "stage(step \(step))"
    }

    /// The bytes that the stage reads (martinet_stage.h).
    ///
    /// Throws where a string holds a NUL, which the kernel would cut silently, or the whole is too long.
    package func bytes() throws(OCIError) -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(4096)
        func put(_ value: some FixedWidthInteger, at place: Int? = nil) {
            withUnsafeBytes(of: value) { raw in
                if let place {
                    out.replaceSubrange(place..<place + raw.count, with: raw)
                } else {
                    out.append(contentsOf: raw)
                }
            }
        }
        put(UInt32(MARTINET_STAGE_MAGIC))
        put(UInt32(MARTINET_STAGE_VERSION))
        put(UInt32(0))
        put(UInt32(operations.count))
        for operation in operations {
            let start = out.count
            put(UInt16(operation.code.rawValue))
            put(operation.flags.rawValue)
            put(UInt32(0))
            put(UInt32(operation.strings.count))
            put(UInt32(0))
            put(operation.a)
            put(operation.b)
            put(operation.c)
            let binary = operation.code == MARTINET_OP_SECCOMP || operation.code == MARTINET_OP_GROUPS
            for string in operation.strings {
                guard binary || !string.contains(0) else {
                    throw OCIError(code: .invalid, message: "\(operation.label): a text with a NUL in it")
                }
                put(UInt32(string.count))
                out.append(contentsOf: string)
                out.append(0)
            }
            while out.count % 8 != 0 { out.append(0) }
            put(UInt32(out.count - start), at: start + 4)
            guard out.count <= Int(MARTINET_PLAN_BYTES_MAX) else {
                throw OCIError(code: .invalid, message: "the plan is longer than \(MARTINET_PLAN_BYTES_MAX) bytes")
            }
        }
        put(UInt32(out.count), at: 8)
        return out
    }
}
