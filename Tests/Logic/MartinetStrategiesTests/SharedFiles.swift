import Glibc

/// The upstream vectors beside the clone, which a checkout of the project alone does not have.
enum SharedFiles {
    static let root: String? = {
        if let path = getenv("MARTINET_SHARED") { return String(cString: path) }
        var folder = #filePath[...]
        while let slash = folder.lastIndex(of: "/") {
            folder = folder[..<slash]
            let candidate = "\(folder)/../shared"
            if access("\(folder)/Package.swift", R_OK) == 0 { return access(candidate, R_OK) == 0 ? candidate : nil }
        }
        return nil
    }()

    static func names(in folder: String, suffix: String) -> [String] {
        guard let root, let directory = opendir("\(root)/\(folder)") else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name.hasSuffix(suffix) { names.append(String(name.dropLast(suffix.count))) }
        }
        return names.sorted()
    }

    static func read(_ path: String) -> [UInt8] {
        guard let root, let file = fopen("\(root)/\(path)", "r") else { return [] }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 { bytes += buffer[..<count] }
        return bytes
    }
}
