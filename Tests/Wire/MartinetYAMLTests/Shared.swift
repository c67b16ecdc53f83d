import Foundation

/// The data that lies beside the clone.
enum Shared {
    static let folder: URL? = {
        if let path = ProcessInfo.processInfo.environment["MARTINET_SHARED"] { return URL(fileURLWithPath: path) }
        var folder = URL(fileURLWithPath: #filePath)
        while folder.path != "/" {
            folder.deleteLastPathComponent()
            let candidate = folder.appendingPathComponent("shared")
            if FileManager.default.fileExists(atPath: candidate.appendingPathComponent("upstream-api").path) {
                return candidate
            }
        }
        return nil
    }()

    static func files(_ path: String, ending: String) -> [URL] {
        guard let folder else { return [] }
        let found = try? FileManager.default.contentsOfDirectory(
            at: folder.appendingPathComponent(path), includingPropertiesForKeys: nil)
        return (found ?? []).filter { $0.pathExtension == ending }.sorted { $0.path < $1.path }
    }

    static func bytes(_ file: URL) throws -> [UInt8] { [UInt8](try Data(contentsOf: file)) }
}
