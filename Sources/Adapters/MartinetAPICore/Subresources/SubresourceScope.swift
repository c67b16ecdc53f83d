import MartinetAPI
import MartinetClient
import MartinetSchema

/// What an update through a subresource may touch; everything else stays as it is stored, whatever the client sent.
enum SubresourceScope {
    /// The subresources that are a part of their object and handled like it.
    static let parts: Set<String> = ["approval", "ephemeralcontainers", "resize"]

    static func restrict(_ object: inout Object, old: Object, through subresource: String) {
        var result = old
        switch subresource {
        case "approval":
            // Who approves says so in a condition, and in labels and annotations.
            let conditions = object.part("status")?[field: "conditions"]
            result.metadata = object.metadata
            result.change("status") { $0[field: "conditions"] = conditions }
        case "ephemeralcontainers":
            let containers = object.part("spec")?[field: "ephemeralContainers"]
            result.change("spec") { $0[field: "ephemeralContainers"] = containers }
        case "resize":
            result.change("spec") { spec in
                for list in ["containers", "initContainers"] {
                    let wanted = object.part("spec")?.parts(list) ?? []
                    spec.changeEach(list) { container in
                        guard let same = wanted.first(where: { $0.text("name") == container.text("name") }) else {
                            return
                        }
                        for name in ["resources", "resizePolicy"] { container[field: name] = same[field: name] }
                    }
                }
            }
        default: return
        }
        result.metadata.resourceVersion = object.metadata.resourceVersion
        object = result
    }
}
