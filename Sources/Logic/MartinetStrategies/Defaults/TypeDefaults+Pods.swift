import MartinetSchema

extension TypeDefaults {
    static let podRules: [String: Rule] = [
        "v1.Container": { fillPullPolicy(&$0) },
        "v1.EphemeralContainer": { fillPullPolicy(&$0) },
        "v1.Volume": { volume in
            if var image = volume.part("image") {
                image.fill("pullPolicy", .string(PodSpecDefaults.pullPolicy(image.text("reference"))))
                volume[field: "image"] = .object(image)
            } else if volume.count <= (volume.text("name").isEmpty ? 0 : 1) {
                volume[field: "emptyDir"] = volume.made("emptyDir") { _ in }
            }
        },
        "v1.PodSpec": { spec in
            let name = spec.text("serviceAccountName")
            if !name.isEmpty {
                spec[field: "serviceAccount"] = .string(name)
            } else if let old = spec[field: "serviceAccount"] {
                spec[field: "serviceAccountName"] = old
            }
        },
    ]

    private static func fillPullPolicy(_ container: inout Object) {
        container.fill("imagePullPolicy", .string(PodSpecDefaults.pullPolicy(container.text("image"))))
    }
}
