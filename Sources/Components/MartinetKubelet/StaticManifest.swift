import MartinetAPI
import MartinetBase
import MartinetSchema
import MartinetYAML

/// A pod that a file of the node's own describes.
///
/// It runs without the API server; what the API shows is its mirror, which nothing but its status can be done with.
/// Source: "Create static Pods" of the Kubernetes documentation.
enum StaticManifest {
    static let hashAnnotation = "kubernetes.io/config.hash"
    static let mirrorAnnotation = "kubernetes.io/config.mirror"
    static let sourceAnnotation = "kubernetes.io/config.source"

    struct Problem: Error, CustomStringConvertible {
        let description: String
    }

    static func isStatic(_ pod: Pod) -> Bool { pod.metadata.annotations[sourceAnnotation] == "file" && !isMirror(pod) }
    static func isMirror(_ pod: Pod) -> Bool { pod.metadata.annotations[mirrorAnnotation] != nil }

    /// The pod of a manifest; what it is called by ends with the node's name, and its uid follows from its text.
    static func pod(_ bytes: [UInt8], file: String, nodeName: String) throws -> Pod {
        let documents = try YAML.read(bytes, file: file).filter { !$0.isNull }
        guard let document = documents.first, documents.count == 1 else {
            throw Problem(description: "\(file): expected one pod, found \(documents.count) documents")
        }
        guard document["kind"]?.string == "Pod", document["apiVersion"]?.string == "v1" else {
            throw Problem(description: "\(file): expected kind Pod of v1, found \(document["kind"]?.string ?? "none")")
        }
        var json: [UInt8] = []
        write(document, to: &json)
        let result = try JSONDecoder.decode(json, as: Pod.type)
        if let issue = result.issues.first { throw Problem(description: "\(file): \(issue)") }
        var object = result.object
        Defaults.apply(to: &object)
        var pod = Pod(object: object)
        guard !pod.metadata.name.isEmpty, !pod.spec.containers.isEmpty else {
            throw Problem(description: "\(file): a pod needs metadata.name and spec.containers")
        }
        let hash = hash(bytes + Array(nodeName.utf8))
        pod.metadata.name += "-\(nodeName)"
        if pod.metadata.namespace.isEmpty { pod.metadata.namespace = "default" }
        pod.metadata.uid = hash
        pod.metadata.annotations[hashAnnotation] = hash
        pod.metadata.annotations[sourceAnnotation] = "file"
        pod.spec.nodeName = nodeName
        pod.spec.tolerations.append(
            Toleration {
                $0.operator = "Exists"
                $0.effect = "NoExecute"
            })
        for index in pod.spec.containers.indices where pod.spec.containers[index].imagePullPolicy.isEmpty {
            // A name without a tag, or with the tag that moves, is looked up every time.
            let image = pod.spec.containers[index].image.split(separator: "/").last ?? ""
            let isMoving = !image.contains("@") && (!image.contains(":") || image.hasSuffix(":latest"))
            pod.spec.containers[index].imagePullPolicy = isMoving ? "Always" : "IfNotPresent"
        }
        let references = pod.spec.containers.flatMap { Array($0.envFrom) }.count
        let volumes = pod.spec.volumes.filter { $0.configMap != nil || $0.secret != nil || $0.projected != nil }
        if references > 0 || !volumes.isEmpty {
            throw Problem(description: "\(file): a static pod cannot refer to other objects")
        }
        return pod
    }

    /// What the API gets to see of it.
    static func mirror(of pod: Pod, node: Node?) -> Pod {
        var mirror = pod
        mirror.metadata.uid = ""
        mirror.metadata.annotations[mirrorAnnotation] = pod.metadata.annotations[hashAnnotation]
        mirror.spec.automountServiceAccountToken = false
        if let node, !node.metadata.uid.isEmpty {
            mirror.metadata.ownerReferences = [
                OwnerReference {
                    $0.apiVersion = "v1"
                    $0.kind = "Node"
                    $0.name = node.metadata.name
                    $0.uid = node.metadata.uid
                    $0.controller = true
                }
            ]
        }
        return mirror
    }

    /// 128 bits of FNV-1a (as two of 64 with different starts): names contents, guards nothing.
    private static func hash(_ bytes: [UInt8]) -> String {
        var halves: [UInt64] = [0xCBF2_9CE4_8422_2325, 0x9E37_79B9_7F4A_7C15]
        for byte in bytes {
            for index in halves.indices { halves[index] = (halves[index] ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
        }
        return halves.map { half in
            let text = String(half, radix: 16)
            return String(repeating: "0", count: 16 - text.utf8.count) + text
        }.joined()
    }

    /// As JSON. Depth is bounded by the reader.
    private static func write(_ node: YAMLNode, to out: inout [UInt8]) {
        switch node.value {
        case .null: out += Array("null".utf8)
        case .bool(let flag): out += Array((flag ? "true" : "false").utf8)
        case .int(let number): out += Array(String(number).utf8)
        case .uint(let number): out += Array(String(number).utf8)
        case .double(let number): out += JSONEncoder.encode(.double(number))
        case .string(let text): out += JSONEncoder.encode(.string(text))
        case .list(let items):
            out.append(91)
            for (index, item) in items.enumerated() {
                if index > 0 { out.append(44) }
                write(item, to: &out)
            }
            out.append(93)
        case .map(let entries):
            out.append(123)
            for (index, entry) in entries.enumerated() {
                if index > 0 { out.append(44) }
                out += JSONEncoder.encode(.string(entry.key))
                out.append(58)
                write(entry.node, to: &out)
            }
            out.append(125)
        }
    }
}
