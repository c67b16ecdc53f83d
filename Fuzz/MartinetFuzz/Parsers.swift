import MartinetAPI
import MartinetAddresses
import MartinetArchive
import MartinetBase
import MartinetCommandLine
import MartinetDNSMessage
import MartinetDockerfile
import MartinetKubeconfig
import MartinetNetlink
import MartinetPatch
import MartinetPrinters
import MartinetRegularExpressions
import MartinetSPDY
import MartinetSchema
import MartinetSelectors
import MartinetYAML

/// What is fed with bytes of chance: every parser of what others send. None may trap, hang or use much memory; some must
/// also read back what they wrote.
enum Parsers {
    static let all: [String: @Sendable ([UInt8]) -> Void] = [
        "addresses": addresses, "commandline": { fuzzCommandLine($0) }, "dns": dns,
        "dockerfile": { _ = fuzzDockerfile($0) }, "json": json, "jsonpath": { fuzzJSONPath($0) },
        "kubeconfig": kubeconfig, "netlink": netlink, "patch": patch, "protobuf": protobuf, "quantity": quantity,
        "regex": regex, "selectors": selectors, "spdy": spdy, "tar": { fuzzTar($0) }, "trap": trap,
        "yaml": { holds(fuzzYAML($0), "what YAML writes, it reads as the same") },
    ]

    /// A property that must hold, whatever the bytes.
    private static func holds(_ condition: Bool, _ what: String) { precondition(condition, what) }

    private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    /// Planted: that the fuzzer finds this shows that it finds something at all.
    private static func trap(_ bytes: [UInt8]) {
        guard bytes.count > 5, bytes[0] == 0x6B, bytes[1] == 0x38, bytes[2] == 0x73, bytes[3] == 0 else { return }
        // A length that is believed.
        let length = Int(bytes[4])
        guard length > 100 else { return }
        _ = bytes[5 + length]
    }

    private static func json(_ bytes: [UInt8]) {
        _ = try? JSONDecoder.decodeAny(bytes)
        _ = try? JSONDecoder.typeMeta(of: bytes)
        for type in [Pod.type, ConfigMap.type, CustomResourceDefinition.type] {
            guard let result = try? JSONDecoder.decode(bytes, as: type) else { continue }
            let once = JSONEncoder.encode(result.object)
            guard let again = try? JSONDecoder.decode(once, as: type) else {
                holds(false, "what is encoded as JSON can be decoded")
                continue
            }
            holds(JSONEncoder.encode(again.object) == once, "JSON is the same after a second round")
        }
    }

    private static func protobuf(_ bytes: [UInt8]) {
        _ = try? ProtobufDecoder.envelope(bytes)
        for type in [Pod.type, ConfigMap.type, Deployment.type] {
            guard let object = try? ProtobufDecoder.decode(bytes, as: type) else { continue }
            let once = ProtobufEncoder.encodeBody(object)
            guard let again = try? ProtobufDecoder.decode(once, as: type) else {
                holds(false, "what is encoded as protobuf can be decoded")
                continue
            }
            holds(ProtobufEncoder.encodeBody(again) == once, "protobuf is the same after a second round")
            _ = JSONEncoder.encode(object)
        }
    }

    private static func patch(_ bytes: [UInt8]) {
        guard let kind = bytes.first else { return }
        let types: [PatchType] = [.json, .merge, .strategic]
        let base = Array(
            #"{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a","labels":{"x":"y"}},"spec":{"containers":[{"name":"c","image":"i","env":[{"name":"e","value":"v"}]}]}}"#
                .utf8)
        guard let pod = try? JSONDecoder.decode(base, as: Pod.type) else { return holds(false, "the pod is one") }
        _ = try? Patcher.apply(Array(bytes.dropFirst()), types[Int(kind) % types.count], to: pod.object)
    }

    private static func spdy(_ bytes: [UInt8]) {
        var frames: [SPDYFrame] = []
        var whole = SPDYDecoder()
        try? whole.feed(bytes, &frames)
        var pieces: [SPDYFrame] = []
        var split = SPDYDecoder()
        for byte in bytes.prefix(4096) { guard (try? split.feed([byte], &pieces)) != nil else { break } }
    }

    private static func dns(_ bytes: [UInt8]) {
        _ = try? DNSMessage.timesToLive(bytes)
        guard let message = try? DNSMessage.parse(bytes) else { return }
        let encoded = message.encode()
        holds(encoded.count <= 65_535, "a message is within its limit")
        holds((try? DNSMessage.parse(encoded)) != nil, "a message that was written can be read")
        _ = message.reply().encode(limit: 512)
    }

    private static func netlink(_ bytes: [UInt8]) {
        func walk(_ attributes: [NetlinkAttribute], _ depth: Int) {
            for attribute in attributes.prefix(64) where depth < 8 {
                _ = attribute.native(as: UInt32.self)
                _ = attribute.big(as: UInt64.self)
                if let inner = try? attribute.nested() { walk(inner, depth + 1) }
            }
        }
        if let attributes = try? NetlinkAttribute.parse(bytes[...]) { walk(attributes, 0) }
        for reply in (try? NetlinkReply.parse(bytes)) ?? [] {
            _ = try? Link(reply)
            _ = try? LinkAddress(reply)
            _ = try? Route(reply)
            _ = try? TrackedConnection(reply)
            _ = try? NftChain(reply)
            _ = try? NftElement.parse(reply)
        }
    }

    private static func quantity(_ bytes: [UInt8]) {
        let text = text(bytes)
        _ = GoDuration.parse(text).map(GoDuration.format)
        _ = Timestamp(rfc3339: text)?.rfc3339Nano
        _ = Base64.decode(text)
        guard let quantity = Quantity(text) else { return }
        _ = (quantity.value, quantity.milliValue, quantity + quantity, quantity - quantity)
        let written = quantity.description
        holds(Quantity(written)?.description == written, "a quantity is the same after a second round")
    }

    private static func selectors(_ bytes: [UInt8]) {
        let text = text(bytes)
        _ = try? LabelSelector(parsing: text).matches { $0 == "a" ? "b" : nil }
        _ = try? FieldSelector(parsing: text).matches { $0 }
    }

    private static func regex(_ bytes: [UInt8]) {
        let text = text(Array(bytes.prefix(200)))
        _ = try? RegularExpression(text).isFound(in: "aaaaaaaaaaaaaaaaaaaa-0-b.example")
    }

    private static func kubeconfig(_ bytes: [UInt8]) {
        guard let config = try? Kubeconfig.read(bytes, file: "fuzz") else { return }
        for name in config.names(.contexts).prefix(8) { _ = try? config.resolve(context: name) }
        _ = config.text()
        _ = try? Kubeconfig.merged([config, config])
    }

    private static func addresses(_ bytes: [UInt8]) {
        let text = text(bytes)
        if let address = IPAddress(text) {
            holds(IPAddress(address.description) == address, "an address is the same after a second round")
        }
        _ = IPNetwork(text)
    }
}
