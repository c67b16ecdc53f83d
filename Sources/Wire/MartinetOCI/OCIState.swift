/// What `state` prints (`runtime.md`, State).
package struct OCIState: Codable, Hashable, Sendable {
    package enum Status: String, Codable, Sendable {
        case creating, created, running, paused, stopped
    }

    package var ociVersion: String
    package var id: String
    package var status: Status
    /// 0 where there is no process.
    package var pid: Int
    package var bundle: String
    package var rootfs: String?
    /// RFC 3339.
    package var created: String?
    package var owner: String?
    package var annotations: [String: String]?

    package init(
        id: String, status: Status, pid: Int, bundle: String, rootfs: String? = nil, created: String? = nil,
        owner: String? = nil, annotations: [String: String]? = nil
    ) {
        ociVersion = "1.2.0"
        self.id = id
        self.status = status
        self.pid = pid
        self.bundle = bundle
        self.rootfs = rootfs
        self.created = created
        self.owner = owner
        self.annotations = annotations
    }
}
