package import MartinetBase
package import MartinetSchema

/// A part of the cluster as a value: events go in, actions come out, and nothing else happens.
///
/// `ComponentDriver` runs it, in production and in the simulation alike.
package protocol Component: Sendable {
    /// Its name in logs, events and user agents, such as `deployment-controller`.
    var name: String { get }
    /// What it watches from its start; more may follow as actions.
    var watches: [WatchedResource] { get }
    mutating func handle(_ event: ComponentEvent, _ context: ComponentContext) -> [ComponentAction]
}

package enum ComponentEvent: Sendable {
    /// Once, before anything else.
    case started
    /// Once, when every watch that was declared has delivered what there is.
    case synced
    /// The cache already shows it.
    case changed(ObjectChange)
    /// The answer to `.send`. What it says of watched objects is already in the cache.
    case reply(token: UInt64, Result<Object, APIError>)
    case timer(token: UInt64)
    /// Look at everything again: level-triggered components miss nothing for long.
    case resync
}

package enum ComponentAction: Sendable {
    case send(APIRequest, token: UInt64)
    /// Replaces a pending timer of the same token.
    case startTimer(token: UInt64, after: Duration)
    case cancelTimer(token: UInt64)
    case record(EventRecord)
    case log(Log.Level, String, [(String, String)])
    case watch(WatchedResource)
    case unwatch(WatchedResource)
}

/// What a component may look at while it handles an event.
package struct ComponentContext {
    package let cache: ObjectCache
    package let now: Timestamp
    package let monotonic: Duration
    /// For chance only: `random`, `uid`, `nameSuffix`.
    package let runtime: any Runtime

    package init(cache: ObjectCache, runtime: any Runtime) {
        self.cache = cache
        now = runtime.now()
        monotonic = runtime.monotonic()
        self.runtime = runtime
    }
}
