/// What a node says of itself over HTTP, beside streams.
package protocol NodeReports: Sendable {
    /// Finds the report at a path, its segments decoded. `completion` is called once, on any thread, with nil where there is
    /// none. The caller is not blocked.
    ///
    /// - Parameter isFolder: whether the path ends in a slash.
    func report(_ path: [String], isFolder: Bool, _ completion: @escaping @Sendable (NodeReport?) -> Void)
}

package struct NodeReport: Sendable {
    package let status: Int
    package let contentType: String
    package let bytes: [UInt8]

    package init(status: Int = 200, contentType: String, bytes: [UInt8]) {
        self.status = status
        self.contentType = contentType
        self.bytes = bytes
    }
}
