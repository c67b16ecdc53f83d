/// The machine that a tool runs on, as far as tools use it: files, an editor, local ports.
package protocol Host: Sendable {
    func readFile(_ path: String) throws -> [UInt8]
    /// Replaces a file as a whole, and makes its folder where that is missing.
    func writeFile(_ path: String, _ bytes: [UInt8], mode: UInt32) throws
    func removeFile(_ path: String)
    /// What is in a folder, in the order of the names.
    func entries(of folder: String) throws -> [HostEntry]
    /// Nil where there is nothing of this name.
    func isFolder(_ path: String) -> Bool?
    /// Runs a program on this terminal and returns its exit code.
    func run(_ words: [String]) async throws -> Int32
    /// Listens for TCP connections; port 0 takes any free one.
    func listen(address: String, port: UInt16) throws -> any HostListener
}

package struct HostEntry: Sendable, Hashable {
    package let name: String
    package let isFolder: Bool
    package init(name: String, isFolder: Bool) {
        self.name = name
        self.isFolder = isFolder
    }
}

package protocol HostListener: Sendable {
    var port: UInt16 { get }
    /// The next connection; nil once it was closed.
    func accept() async throws -> (any HostConnection)?
    func close()
}

package protocol HostConnection: Sendable {
    /// Nil at the end of what the peer sends.
    func read() async throws -> [UInt8]?
    func write(_ bytes: [UInt8]) async throws
    /// Tells the peer that no more will come.
    func finish()
    func close()
}
