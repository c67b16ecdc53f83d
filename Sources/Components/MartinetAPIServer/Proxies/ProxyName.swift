import MartinetAPI
import MartinetAPICore
import MartinetClient

/// How a pod, service or node is named where a proxy leads to it: `NAME`, `NAME:PORT`, `SCHEME:NAME:PORT`.
struct ProxyName: Equatable {
    let scheme: String
    let name: String
    /// A number or a name; empty where none is given.
    let port: String

    /// - Parameter what: the kind, for the refusal.
    init(_ text: String, _ what: String) throws(APIError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        switch parts.count {
        case 1: (scheme, name, port) = ("", parts[0], "")
        case 2: (scheme, name, port) = ("", parts[0], parts[1])
        case 3: (scheme, name, port) = (parts[0], parts[1], parts[2])
        default: throw .badRequest("invalid \(what) request \(text.debugDescription)")
        }
        guard !name.isEmpty, ["", "http", "https"].contains(scheme) else {
            throw .badRequest("invalid \(what) request \(text.debugDescription)")
        }
    }

    /// The port's number; nil where none is given.
    func number() throws(APIError) -> Int? {
        guard !port.isEmpty else { return nil }
        guard let number = Int(port), (1...65535).contains(number) else {
            throw .badRequest("invalid port \(port.debugDescription)")
        }
        return number
    }
}
