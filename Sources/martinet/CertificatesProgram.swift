import Glibc
import MartinetBase
import MartinetCertificates

/// Shows the cluster's certificates and how long each still holds.
enum CertificatesProgram {
    @Sendable static func run(_ arguments: [String]) async -> Int32 {
        do {
            let settings = try Settings(arguments)
            let names = folderNames(settings.pki).filter { $0.hasSuffix(".crt") }.sorted()
            guard !names.isEmpty else {
                throw SettingsError(message: "there are no certificates in \(settings.pki)")
            }
            let now = ProductionRuntime().now()
            var rows = [["CERTIFICATE", "EXPIRES", "LEFT", "SUBJECT", "STATE"]]
            for name in names {
                let info = try CertificateInfo(pem: try CertificateFile.read("\(settings.pki)/\(name)"))
                let state =
                    info.notAfter <= now ? "expired" : CertificateRenewal.isDue(info, now: now) ? "due" : "good"
                rows.append([
                    String(name.dropLast(4)), info.notAfter.rfc3339, CertificateRenewal.left(info, now: now),
                    info.commonName ?? "", info.isAuthority ? "authority" : state,
                ])
            }
            let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
            for row in rows {
                let cells = row.enumerated().map { index, cell in
                    index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
                }
                print(cells.joined(separator: "   "))
            }
            return 0
        } catch {
            Log.standardError("martinet certificates: \(error)")
            return 1
        }
    }
}
