package import MartinetSchema

/// How many requests of a kind may be under way at once, and what happens to more
/// (`flowcontrol.apiserver.k8s.io/v1` PriorityLevelConfiguration).
package struct PriorityLevel: Sendable, Equatable {
    package enum Response: Sendable, Equatable {
        case reject
        case queue(FairQueues.Shape)
    }

    package let name: String
    package let uid: String
    package let isExempt: Bool
    /// The part of the server's seats that is this level's own, in relation to the other levels' shares.
    package let shares: Int
    /// How much of its own seats others may borrow, in percent.
    package let lendable: Int
    /// How much it may borrow of others, in percent of its own; nil for all that there is.
    package let borrowable: Int?
    package let response: Response

    package init(_ object: Object) {
        let metadata = object.part("metadata")
        let spec = object.part("spec")
        name = metadata?.text("name") ?? ""
        uid = metadata?.text("uid") ?? ""
        isExempt = spec?.text("type") == "Exempt"
        let own = spec?.part(isExempt ? "exempt" : "limited")
        shares = own?.number("nominalConcurrencyShares") ?? (isExempt ? 0 : 30)
        lendable = own?.number("lendablePercent") ?? 0
        borrowable = own?.number("borrowingLimitPercent")
        let limit = own?.part("limitResponse")
        if limit?.text("type") == "Queue" {
            let queuing = limit?.part("queuing")
            response = .queue(
                FairQueues.Shape(
                    queues: queuing?.number("queues") ?? 64, handSize: queuing?.number("handSize") ?? 8,
                    lengthLimit: queuing?.number("queueLengthLimit") ?? 50))
        } else {
            response = .reject
        }
    }

    /// Exempt requests wait for nobody, so their level has no queues.
    package init(exempt name: String) {
        (self.name, uid, isExempt, shares, lendable, borrowable, response) = (name, "", true, 0, 0, nil, .reject)
    }
}
