package import MartinetAPI
import MartinetSchema

/// The value of the `pod-template-hash` label: the same for equal templates, on every machine and in every version.
///
/// FNV-1a with 64 bits over the template's JSON in its canonical order, written in the alphabet of generated names.
package enum TemplateHash {
    package static let label = "pod-template-hash"

    package static func of(_ template: PodTemplateSpec, collisionCount: Int32?) -> String {
        var bytes = JSONEncoder.encode(template.object)
        if let collisionCount { bytes += Array("#\(collisionCount)".utf8) }
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in bytes {
            hash ^= UInt64(byte)
            hash = hash &* 0x100_0000_01B3
        }
        // Ten letters of 27, as long as upstream's: names stay short enough.
        let alphabet = Array("bcdfghjklmnpqrstvwxz2456789".utf8)
        var text: [UInt8] = []
        for _ in 0..<10 {
            text.append(alphabet[Int(hash % 27)])
            hash /= 27
        }
        return String(decoding: text, as: UTF8.self)
    }
}
