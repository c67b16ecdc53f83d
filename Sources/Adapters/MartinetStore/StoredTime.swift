package import MartinetBase

extension Timestamp {
    /// The first whole microsecond that is not before this: what the store keeps, so that what a writer's event says is
    /// what a later read says, and nothing expires early.
    package var wholeMicroseconds: Timestamp {
        let down = Timestamp(microseconds: microseconds)
        return down < self ? Timestamp(microseconds: microseconds.addingReportingOverflow(1).partialValue) : down
    }
}
