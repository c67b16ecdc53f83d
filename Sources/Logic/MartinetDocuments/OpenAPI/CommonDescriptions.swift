import MartinetSchema

/// Descriptions of what no line of the schema declares.
enum CommonDescriptions {
    /// The two fields that every object begins with.
    static let typeMeta = [
        (
            "apiVersion",
            "APIVersion defines in which group and version the object is written, such as `apps/v1`; `v1` alone for the core group."
        ),
        ("kind", "What the object is, such as `Pod`. Together with apiVersion it decides which fields there are."),
    ]

    /// The same for objects that definitions describe.
    static func described(_ field: String) -> JSONTree {
        let text = typeMeta.first { $0.0 == field }?.1 ?? ""
        return .object(["type": .string("string"), "description": .string(text)])
    }

    static let metadata =
        "Standard object's metadata: its name and namespace, labels and annotations, and what the system notes of it."

    static let patch =
        "Changes to an object, in the form that the Content-Type names: JSON patch, merge patch or an applied object."

    /// The scalars that have schemas of their own.
    static let scalars: [Scalar: String] = [
        .quantity: "An amount such as `500m` (half), `2`, `64Mi` (64 times 2^20) or `1G` (10^9).",
        .intorstring: "A number, or a text such as the name of a port or a percentage like `25%`.",
        .time: "A point in time in RFC 3339, such as `2026-01-31T12:00:00Z`, with whole seconds.",
        .microtime: "A point in time in RFC 3339 with microseconds, such as `2026-01-31T12:00:00.000000Z`.",
        .duration: "A span of time with units, such as `90s` or `1h30m`.",
        .raw: "An object of any kind, kept as it is written.",
        .fieldsv1: "A set of fields as nested keys: `f:` a field, `k:` a list element by its key, `v:` by its value.",
    ]
}
