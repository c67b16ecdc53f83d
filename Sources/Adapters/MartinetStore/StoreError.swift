package import MartinetBase

/// Why the store could not do what it was asked.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Hashable, Sendable {
        /// The history that was asked for is gone; `oldest` is the earliest revision that can still be read.
        case compacted(oldest: Revision)
        /// A revision was asked for that the store has not reached.
        case future(newest: Revision)
        /// The disk is full. Nothing of the transaction was written; it works again as soon as there is room.
        case noSpace(free: UInt64)
        /// The file is damaged or is no store; it is left as it is.
        case corrupt
        /// Another process has the file.
        case locked
        /// The file was written by a newer version.
        case newerFormat(Int32)
        /// The transaction breaks a limit, or names a key twice: it can never be committed.
        case invalid
        /// More waits to be written than may. Nothing of the transaction was written.
        case overloaded
        /// The store was closed. Nothing of the transaction was written.
        case closed
        /// The disk failed while committing: whether the transaction will be there after a restart is not known.
        /// The store writes nothing any more until it is opened again.
        case unknownOutcome
        /// Any other failure of the file or its disk. Nothing of the transaction was written.
        case io
    }

    package let code: Code
    /// Lower case, names the file or key and what was expected; without the cause.
    package let message: String
    package let cause: SystemError?

    package init(_ code: Code, _ message: String, cause: SystemError? = nil) {
        self.code = code
        self.message = message
        self.cause = cause
    }

    /// Whether the same call may succeed later without anything else being changed.
    package var isRetryable: Bool {
        switch code {
        case .noSpace, .overloaded, .locked, .io: true
        case .compacted, .future, .corrupt, .newerFormat, .invalid, .closed, .unknownOutcome: false
        }
    }

    package var description: String { cause.map { "\(message): \($0)" } ?? message }
}
