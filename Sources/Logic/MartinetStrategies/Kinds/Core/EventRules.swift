import MartinetSchema

/// Events of both groups: the newer one has other names for the same fields, and stricter rules.
struct EventRules: KindRules {
    var metadataOnUpdate: MetadataOnUpdate { isNew ? .changes : .none }
    /// Whether it is the kind of `events.k8s.io`.
    let isNew: Bool

    private var subject: String { isNew ? "regarding" : "involvedObject" }

    func validate(_ new: Part) {
        let namespace = new[subject].namespace
        let place = new.named("involvedObject").named("namespace")
        let own = new.metadata.namespace.text
        if !new.eventTime.isSet {
            let isPlaced = namespace.isEmpty ? own.isEmpty || own == "default" : own == namespace.text
            if !isPlaced { namespace.at(place.place).invalid("must be the event's own, \(own)") }
        } else {
            if namespace.isEmpty, own != "default", own != "kube-system" {
                namespace.at(place.place).invalid("must be the event's own, \(own)")
            }
            details(new)
        }
        new.metadata.namespace.at(new.place.member("namespace")).form(.dnsSubdomain)
    }

    private func details(_ new: Part) {
        let controller =
            isNew ? new.reportingController : new.reportingComponent.at(new.place.member("reportingComponent"))
        controller.mustBeSet()
        controller.form(.qualifiedName)
        for name in ["reportingInstance", "action", "reason"] {
            new[name].mustBeSet()
            if new[name].text.utf8.count > 128 { new[name].invalid("may be at most 128 bytes long") }
        }
        let message = new[isNew ? "note" : "message"].at(new.place.member("message"))
        if message.text.utf8.count > 1024 { message.invalid("may be at most 1024 bytes long") }
    }

    func validateCreate(_ new: Part) {
        guard isNew else { return }
        series(new)
        if !new.eventTime.isSet { new.eventTime.required() }
        if !["Normal", "Warning"].contains(new["type"].text) { new["type"].invalid("must be Normal or Warning") }
        for (name, upstream) in Self.deprecated where !new[name].isEmpty {
            new[name].at(new.place.member(upstream)).invalid("must not be set")
        }
    }

    private static let deprecated = [
        ("deprecatedFirstTimestamp", "firstTimestamp"), ("deprecatedLastTimestamp", "lastTimestamp"),
        ("deprecatedCount", "count"), ("deprecatedSource", "source"),
    ]

    private func series(_ new: Part) {
        guard new.series.isSet else { return }
        if new.series.count_.int < 2 { new.named("series.count").invalid("must be at least 2") }
        if !new.series.lastObservedTime.isSet { new.named("series.lastObservedTime").required() }
    }

    func validateUpdate(_ new: Part, _ old: Part) {
        guard isNew else { return }
        if new.series.value != old.series.value { series(new) }
        for (name, upstream) in Self.deprecated + [
            ("regarding", "involvedObject"), ("reason", "reason"), ("note", "message"), ("reason", "reason"),
            ("type", "type"), ("eventTime", "eventTime"), ("action", "action"), ("related", "related"),
            ("reportingController", "reportingController"), ("reportingInstance", "reportingInstance"),
        ] { new[name].at(new.place.member(upstream)).mustNotChange(since: old[name]) }
    }
}

extension Part {
    /// The field `count`, which this type has a member of the same name as.
    fileprivate var count_: Part { self["count"] }
}
