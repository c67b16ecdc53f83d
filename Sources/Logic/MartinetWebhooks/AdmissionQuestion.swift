package import MartinetAdmissionPolicies
package import MartinetSchema

/// What an admission webhook is asked: the `request` of an AdmissionReview.
///
/// Source: admission/v1 and v1beta1, whose fields are the same.
package struct AdmissionQuestion: Sendable {
    package struct GroupVersionKind: Sendable, Hashable {
        package let group: String
        package let version: String
        package let kind: String
        package init(group: String, version: String, kind: String) {
            (self.group, self.version, self.kind) = (group, version, kind)
        }
        package init(_ kind: Kind) { self.init(group: kind.group, version: kind.version, kind: kind.name) }
    }

    package struct User: Sendable {
        package let name: String
        package let uid: String
        package let groups: [String]
        package let extra: [String: [String]]
        package init(name: String, uid: String, groups: [String], extra: [String: [String]]) {
            (self.name, self.uid, self.groups, self.extra) = (name, uid, groups, extra)
        }
    }

    package var uid = ""
    package var kind: GroupVersionKind
    package var resource: PolicyMatching.Place
    package var requestKind: GroupVersionKind
    package var requestResource: PolicyMatching.Place
    package var subresource = ""
    package var name = ""
    package var namespace = ""
    /// `CREATE`, `UPDATE`, `DELETE` or `CONNECT`.
    package var operation: String
    package var user: User
    package var isDryRun = false
    package var object: Object?
    package var oldObject: Object?
    /// CreateOptions and their kin as JSON; nil for none.
    package var options: Value?

    package init(
        kind: GroupVersionKind, resource: PolicyMatching.Place, operation: String, user: User
    ) {
        self.kind = kind
        self.resource = resource
        requestKind = kind
        requestResource = resource
        self.operation = operation
        self.user = user
    }

    /// An AdmissionReview as JSON.
    ///
    /// - Parameter version: `v1` or `v1beta1`.
    package func review(version: String) -> [UInt8] {
        func kind(_ kind: GroupVersionKind) -> Value {
            .entries([
                ("group", .string(kind.group)), ("version", .string(kind.version)), ("kind", .string(kind.kind)),
            ])
        }
        func resource(_ place: PolicyMatching.Place) -> Value {
            .entries([
                ("group", .string(place.group)), ("version", .string(place.version)),
                ("resource", .string(place.plural)),
            ])
        }
        func text(_ text: String) -> Value? { text.isEmpty ? nil : .string(text) }
        func raw(_ object: Object?) -> Value {
            object.map { .raw(RawJSON(text: String(decoding: JSONEncoder.encode($0), as: UTF8.self))) } ?? .null
        }
        let extra = user.extra.map { key, values in (key, Value.list(values.map(Value.string))) }
        let user = Value.entries([
            ("username", text(self.user.name)), ("uid", text(self.user.uid)),
            ("groups", self.user.groups.isEmpty ? nil : .list(self.user.groups.map(Value.string))),
            ("extra", extra.isEmpty ? nil : .entries(extra)),
        ])
        let request = Value.entries([
            ("uid", .string(uid)), ("kind", kind(self.kind)), ("resource", resource(self.resource)),
            ("subResource", text(subresource)), ("requestKind", kind(requestKind)),
            ("requestResource", resource(requestResource)), ("requestSubResource", text(subresource)),
            ("name", text(name)), ("namespace", text(namespace)), ("operation", .string(operation)),
            ("userInfo", user), ("object", raw(object)), ("oldObject", raw(oldObject)), ("dryRun", .bool(isDryRun)),
            ("options", options ?? .null),
        ])
        return JSONEncoder.encode(
            Value.entries([
                ("kind", .string("AdmissionReview")), ("apiVersion", .string("admission.k8s.io/\(version)")),
                ("request", request),
            ]))
    }
}

extension Value {
    /// A map without what is nil.
    static func entries(_ entries: [(String, Value?)]) -> Value {
        .map(Map(unsorted: entries.compactMap { key, value in value.map { Map.Entry(key: key, value: $0) } }))
    }

    subscript(key: String) -> Value? { if case .map(let map) = self { map[key] } else { nil } }

    var text: String { if case .string(let text) = self { text } else { "" } }
}
