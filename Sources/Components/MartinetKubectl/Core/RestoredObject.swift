import MartinetYAML

/// What of an object that was can be sent to make it again: without what the server, its controllers and its deletion wrote.
enum RestoredObject {
    private static let ofTheServer = [
        "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink", "deletionTimestamp",
        "deletionGracePeriodSeconds", "ownerReferences",
    ]
    /// How the deletion was to be done.
    private static let ofTheDeletion = ["foregroundDeletion", "orphan"]
    private static let ofTheJob = [
        "controller-uid", "batch.kubernetes.io/controller-uid", "job-name", "batch.kubernetes.io/job-name",
    ]

    static func clean(_ object: YAMLNode) -> YAMLNode {
        var clean = object.setting(["status"], nil)
        for key in ofTheServer { clean = clean.setting(["metadata", key], nil) }
        let finalizers = clean.items("metadata", "finalizers").filter { !ofTheDeletion.contains($0.string ?? "") }
        clean = clean.setting(["metadata", "finalizers"], finalizers.isEmpty ? nil : YAMLNode(.list(finalizers)))
        switch object.text("kind") {
        case "Pod":
            // Where it runs is decided anew; what was attached to a running one cannot be created.
            clean = clean.setting(["spec", "nodeName"], nil).setting(["spec", "ephemeralContainers"], nil)
        case "Job" where clean.at("spec", "manualSelector")?.bool != true:
            clean = clean.setting(["spec", "selector"], nil)
            for label in ofTheJob {
                clean = clean.setting(["metadata", "labels", label], nil)
                clean = clean.setting(["spec", "template", "metadata", "labels", label], nil)
            }
        default: break
        }
        return clean
    }

    /// A Service without the addresses and node ports that another may have by now; nil where it has none.
    static func withoutAddresses(_ service: YAMLNode) -> YAMLNode? {
        var other = service
        if service.text("spec", "clusterIP") != "None" {
            other = other.setting(["spec", "clusterIP"], nil).setting(["spec", "clusterIPs"], nil)
        }
        let ports = service.items("spec", "ports").map { $0.setting(["nodePort"], nil) }
        other = other.setting(["spec", "ports"], YAMLNode(.list(ports))).setting(["spec", "healthCheckNodePort"], nil)
        return other == service ? nil : other
    }
}
