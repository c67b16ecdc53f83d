import MartinetSchema

/// A controller's decisions: which objects a change concerns, and what to do about one of them.
///
/// `plan` is pure but for chance, takes everything from the cache and may be called at any time and any number of times:
/// a state that needs nothing gives an empty plan.
package protocol Reconciler: Sendable {
    var name: String { get }
    var watches: [WatchedResource] { get }
    /// Which objects to look at after this change.
    func keys(for change: ObjectChange, _ cache: ObjectCache) -> [ObjectKey]
    /// - Parameter failure: what the last attempt at this key failed with, if it did.
    mutating func plan(_ key: ObjectKey, failure: APIError?, _ context: ComponentContext) -> Plan
    /// Every object to look at now and then.
    func allKeys(_ cache: ObjectCache) -> [ObjectKey]
    /// What else to watch, by what the cache shows: resources that come and go with their definitions.
    func furtherWatches(_ cache: ObjectCache) -> [WatchedResource]
}

extension Reconciler {
    package func furtherWatches(_ cache: ObjectCache) -> [WatchedResource] { [] }
}
