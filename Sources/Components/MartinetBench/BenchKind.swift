/// The kinds of objects that a measurement can be made with, and how such an object is written.
enum BenchKind: String, Sendable {
    case configmaps, secrets, pods

    /// An object in JSON, about `size` bytes of which are its own data. `round` makes one version differ from the next.
    func json(name: String, size: Int, round: Int) -> [UInt8] {
        let head =
            #""apiVersion":"v1","metadata":{"name":"\#(name)","labels":{"app":"bench","round":"\#(round)"},"annotations":{"bench.martinet/of":"\#(name)"}}"#
        let filler = BenchKind.filler(size, round)
        let text =
            switch self {
            case .configmaps:
                #"{"kind":"ConfigMap",\#(head),"data":{"round":"\#(round)","settings":"\#(filler)"}}"#
            case .secrets:
                #"{"kind":"Secret",\#(head),"type":"Opaque","stringData":{"round":"\#(round)","settings":"\#(filler)"}}"#
            case .pods:
                #"{"kind":"Pod",\#(head),"spec":{"restartPolicy":"Always","containers":[{"name":"main","image":"registry.example/app:1","ports":[{"containerPort":8080}],"env":[{"name":"SETTINGS","value":"\#(filler)"}],"resources":{"requests":{"cpu":"100m","memory":"64Mi"}}}]}}"#
            }
        return Array(text.utf8)
    }

    /// A patch that changes an object a little, and the media type of such a patch.
    func patch(round: Int) -> (contentType: String, body: [UInt8]) {
        let text = #"{"metadata":{"annotations":{"bench.martinet/round":"\#(round)"}}}"#
        return ("application/merge-patch+json", Array(text.utf8))
    }

    private static func filler(_ size: Int, _ round: Int) -> String {
        // Words, not one letter: what is stored is to be as compressible as settings are.
        let words = "log.level=info cache.entries=4096 retry.seconds=30 endpoint=https://service.example:8443/v1 "
        var text = ""
        text.reserveCapacity(size + words.utf8.count)
        text += "\(round) "
        while text.utf8.count < size { text += words }
        return String(text.prefix(size))
    }
}
