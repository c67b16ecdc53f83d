import MartinetAPI
package import MartinetSchema

/// What became of one object: created (no old), changed, or gone (no new). Either side is there.
package struct ObjectChange: Sendable {
    package let watched: WatchedResource
    package let old: Object?
    package let new: Object?

    /// One side at least must be there.
    init(watched: WatchedResource, old: Object?, new: Object?) {
        precondition(old != nil || new != nil, "a change without an object")
        self.watched = watched
        self.old = old
        self.new = new
    }

    /// The object as it is now, or as it was last.
    package var latest: Object { new ?? old ?? Object(type: ObjectMeta.type) }
    package var key: ObjectKey { latest.key }

    package func isOf<V: View>(_ view: V.Type) -> Bool { watched.type == V.type }
    package func old<V: View>(_ view: V.Type) -> V? { old?.view(view) }
    package func new<V: View>(_ view: V.Type) -> V? { new?.view(view) }
    package func latest<V: View>(_ view: V.Type) -> V? { latest.view(view) }
}
