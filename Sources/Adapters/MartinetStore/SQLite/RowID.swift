/// How the log's rows are numbered: revision, place in the transaction, and whether it is a deletion, in one integer.
///
/// So the table's own order is history's order, and an index on the key alone answers "the newest at a revision, and
/// was it a deletion" without touching the rows.
enum RowID {
    static let revisionShift: Int64 = 16

    static func make(_ revision: Revision, ordinal: Int, isDelete: Bool) -> Int64 {
        revision.value << revisionShift | Int64(ordinal) << 1 | (isDelete ? 1 : 0)
    }

    static func revision(_ id: Int64) -> Revision { Revision(id >> revisionShift) }
    static func isDelete(_ id: Int64) -> Bool { id & 1 == 1 }

    /// The largest number that a row of `revision` can have.
    static func last(_ revision: Revision) -> Int64 {
        let bounded = min(max(revision.value, 0), Revision.max.value)
        return bounded << revisionShift | (1 << revisionShift - 1)
    }
}
