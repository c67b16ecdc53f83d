/// What a request is thought to cost: seats while it is under way, and afterwards for the events that it causes.
package struct Work: Sendable, Equatable {
    package var seats = 1
    /// Held for `aftermath` once the answer is sent.
    package var finalSeats = 0
    package var aftermath = Duration.zero

    package init() {}

    /// A list or the beginning of a watch: by the bytes that it holds at once, one seat for 100 KB.
    package static func list(objects: Int, averageBytes: Int) -> Work {
        var work = Work()
        // What is streamed from the cache holds at most 1 MB, however long the list.
        let bytes = min(objects.multipliedReportingOverflow(by: averageBytes).partialValue, 1_000_000)
        work.seats = max(1, (max(0, bytes) + 99_999) / 100_000)
        return work
    }

    /// A write that so many watchers hear of: 5 ms of a seat for each 10 of them.
    package static func write(watchers: Int) -> Work {
        var work = Work()
        guard watchers >= 10 else { return work }
        let seats = (watchers + 9) / 10
        work.finalSeats = min(seats, 10)
        work.aftermath = .microseconds(5000 * seats / work.finalSeats)
        return work
    }

    var most: Int { max(seats, finalSeats) }
    /// Seats times seconds, as far as they are known before: a request is taken to last 3 ms.
    var estimate: Double { Double(seats) * Work.usual + Double(finalSeats) * aftermath.seconds }
    static let usual = 0.003

    /// The same with no more seats at once than there may be.
    func limited(to limit: Int) -> Work {
        var work = self
        work.seats = min(seats, limit)
        return work
    }
}
