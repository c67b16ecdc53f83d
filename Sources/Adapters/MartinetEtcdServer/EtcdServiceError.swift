import MartinetEtcdMessages
import MartinetStore

extension GRPCStatus {
    // The texts are those of etcd: its clients tell errors apart by them.
    static let compacted = GRPCStatus(.outOfRange, "etcdserver: mvcc: required revision has been compacted")
    static let future = GRPCStatus(.outOfRange, "etcdserver: mvcc: required revision is a future revision")
    static let emptyKey = GRPCStatus(.invalidArgument, "etcdserver: key is not provided")
    static let duplicateKey = GRPCStatus(.invalidArgument, "etcdserver: duplicate key given in txn request")
    static let tooLarge = GRPCStatus(.invalidArgument, "etcdserver: request is too large")
    static let noSpace = GRPCStatus(.resourceExhausted, "etcdserver: mvcc: database space exceeded")
    static let tooMany = GRPCStatus(.resourceExhausted, "etcdserver: too many requests")
    static let leaseNotFound = GRPCStatus(.notFound, "etcdserver: requested lease not found")
    static let leaseExists = GRPCStatus(.failedPrecondition, "etcdserver: lease already exists")
    static let keyNotFound = GRPCStatus(.invalidArgument, "etcdserver: key not found")
    static let authNotEnabled = GRPCStatus(.failedPrecondition, "etcdserver: authentication is not enabled")

    init(_ error: StoreError) {
        switch error.code {
        case .compacted: self = .compacted
        case .future: self = .future
        case .noSpace: self = .noSpace
        case .overloaded: self = .tooMany
        case .invalid: self = GRPCStatus(.invalidArgument, error.message)
        case .corrupt: self = GRPCStatus(.dataLoss, error.message)
        case .closed, .locked: self = GRPCStatus(.unavailable, error.message)
        case .unknownOutcome, .io, .newerFormat: self = GRPCStatus(.unknown, error.message)
        }
    }
}
