import FoundationEssentials

/// A bundle's `config.json`: what a container is to be (OCI runtime specification 1.2, `config.md`).
///
/// Fields that this type does not name are tolerated, as the specification wants it; fields that it names and that the
/// stage cannot honour are refused by name when the plan is made.
package struct OCISpec: Codable, Hashable, Sendable {
    package var ociVersion: String
    package var process: OCIProcess?
    package var root: OCIRoot?
    package var hostname: String?
    package var domainname: String?
    package var mounts: [OCIMount]?
    package var hooks: OCIHooks?
    package var annotations: [String: String]?
    package var linux: OCILinux?
    package var vm: OCIPresence?
    package var windows: OCIPresence?
    package var solaris: OCIPresence?
    package var zos: OCIPresence?

    package init(
        ociVersion: String = "1.2.0", process: OCIProcess? = nil, root: OCIRoot? = nil, hostname: String? = nil,
        mounts: [OCIMount]? = nil, linux: OCILinux? = nil
    ) {
        self.ociVersion = ociVersion
        self.process = process
        self.root = root
        self.hostname = hostname
        self.mounts = mounts
        self.linux = linux
    }
}

/// Marks that an object is there, whatever it holds.
package struct OCIPresence: Codable, Hashable, Sendable {
    package init() {}
}

/// The folder that becomes `/`.
package struct OCIRoot: Codable, Hashable, Sendable {
    /// Absolute, or relative to the bundle.
    package var path: String
    package var readonly: Bool?

    package init(path: String, readonly: Bool? = nil) {
        self.path = path
        self.readonly = readonly
    }
}

/// One mount, in the order of the list.
package struct OCIMount: Codable, Hashable, Sendable {
    package var destination: String
    package var type: String?
    package var source: String?
    package var options: [String]?
    package var uidMappings: [OCIIDMapping]?
    package var gidMappings: [OCIIDMapping]?

    package init(destination: String, type: String? = nil, source: String? = nil, options: [String]? = nil) {
        self.destination = destination
        self.type = type
        self.source = source
        self.options = options
    }
}

/// Programs to run at points of a container's life.
package struct OCIHooks: Codable, Hashable, Sendable {
    package var prestart: [OCIHook]?
    package var createRuntime: [OCIHook]?
    package var createContainer: [OCIHook]?
    package var startContainer: [OCIHook]?
    package var poststart: [OCIHook]?
    package var poststop: [OCIHook]?
}

package struct OCIHook: Codable, Hashable, Sendable {
    package var path: String
    package var args: [String]?
    package var env: [String]?
    /// Seconds.
    package var timeout: Int?
}

/// Reading and writing a specification's JSON.
package enum OCICodec {
    /// The most bytes that a `config.json` may have: far above any real one.
    package static let bytesMax = 8 << 20

    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: [UInt8], named name: String) throws
        -> Value
    {
        guard bytes.count <= bytesMax else {
            throw OCIError(code: .invalid, message: "\(name): \(bytes.count) bytes, at most \(bytesMax) are read")
        }
        do {
            return try JSONDecoder().decode(type, from: Data(bytes))
        } catch let error as DecodingError {
            throw OCIError(code: .invalid, message: "\(name): \(OCICodec.explain(error))")
        }
    }

    package static func encode(_ value: some Encodable, pretty: Bool = false) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting =
            pretty ? [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes] : [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    private static func explain(_ error: DecodingError) -> String {
        func place(_ context: DecodingError.Context) -> String {
            let path = context.codingPath.map { $0.intValue.map { "[\($0)]" } ?? ".\($0.stringValue)" }.joined()
            return path.isEmpty ? "" : "\(path.drop { $0 == "." }): "
        }
        switch error {
        case .typeMismatch(let type, let context): return "\(place(context))expected \(type)"
        case .valueNotFound(let type, let context): return "\(place(context))expected \(type), found null"
        case .keyNotFound(let key, let context): return "\(place(context))the field \(key.stringValue) is missing"
        case .dataCorrupted(let context): return "\(place(context))\(context.debugDescription)"
        @unknown default: return "not readable"
        }
    }
}

/// What is wrong with a specification, or with what was asked of a runtime.
package struct OCIError: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: Sendable {
        /// The text is not what the specification allows.
        case invalid
        /// Allowed, but this runtime does not do it.
        case unsupported
        /// No container of that name.
        case notFound
        /// A container of that name is there already.
        case exists
        /// Not in the state that the operation needs.
        case state
    }

    package let code: Code
    package let message: String

    package init(code: Code, message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { message }
    package var isRetryable: Bool { false }
}
