import Glibc

/// What was built beside the tests, and where they come from.
package enum Products {
    /// A program of the package. The tests' bundle is a file in the folder of the products, named on the command line of
    /// its runner or the runner itself.
    package static func path(_ program: String) -> String? {
        var buffer = [CChar](repeating: 0, count: 4096)
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { return nil }
        let own = String(decoding: buffer.prefix(length).map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for file in [own] + CommandLine.arguments {
            guard let slash = file.lastIndex(of: "/") else { continue }
            let path = "\(file[..<slash])/\(program)"
            if access(path, X_OK) == 0 { return path }
        }
        return nil
    }

    /// The clone.
    package static let repository: String = {
        var folder = #filePath[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            if access("\(folder)/Package.swift", R_OK) == 0 { return String(folder) }
        }
        return "."
    }()
}
