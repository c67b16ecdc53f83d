import MartinetSchema

/// Core events and those of events.k8s.io are the same objects under other names.
enum EventVersions {
    static let rules = Versions.renaming(
        "v1.Event", "events.k8s.io/v1.Event",
        [
            "involvedObject": "regarding", "message": "note", "source": "deprecatedSource",
            "firstTimestamp": "deprecatedFirstTimestamp", "lastTimestamp": "deprecatedLastTimestamp",
            "count": "deprecatedCount", "reportingComponent": "reportingController",
        ])
}
