/// Reading and writing YAML as kubectl does: structure by libyaml, scalars by go-yaml v2, values in JSON's terms.
package enum YAML {
    /// The documents of a text, in order. A text that is empty or all comments has none; an empty document between
    /// two `---` is null. JSON texts, also several one after the other, are read as well.
    ///
    /// - Parameter file: what to call the text in errors.
    package static func read(
        _ bytes: [UInt8], file: String = "", limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        try limits.check(bytes.count, file)
        var jsonError: YAMLError?
        if JSONReader.looksLikeJSON(bytes) {
            do {
                return try JSONReader.read(bytes, file: file, limits: limits)
            } catch {
                if error.code != .syntax { throw error }
                jsonError = error
            }
        }
        do {
            return try YAMLReader.read(bytes, file: file, limits: limits)
        } catch {
            // The text began as JSON: what broke it as JSON says more.
            throw error.code == .syntax ? jsonError ?? error : error
        }
    }

    /// The documents of a text.
    package static func read(
        _ text: String, file: String = "", limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        try read(Array(text.utf8), file: file, limits: limits)
    }

    /// JSON texts only, any value, one after the other.
    package static func readJSON(
        _ bytes: [UInt8], file: String = "", limits: YAMLLimits = YAMLLimits()
    ) throws(YAMLError) -> [YAMLNode] {
        try limits.check(bytes.count, file)
        return try JSONReader.read(bytes, file: file, limits: limits)
    }

    /// One document as kubectl prints it with `-o yaml`; the order of keys is the tree's.
    package static func write(_ node: YAMLNode) -> [UInt8] {
        var writer = YAMLWriter()
        writer.document(node)
        return writer.output
    }

    /// One document as text.
    package static func text(_ node: YAMLNode) -> String {
        String(decoding: write(node), as: UTF8.self)
    }
}
