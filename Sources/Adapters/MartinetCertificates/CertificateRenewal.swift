package import MartinetBase

/// When a certificate is replaced: while a third of its life is still before it.
package enum CertificateRenewal {
    package static func isDue(_ info: CertificateInfo, now: Timestamp) -> Bool {
        let begun = info.notBefore.advanced(by: CertificateAuthority.backdating)
        let life = max(0, info.notAfter.seconds - begun.seconds)
        return info.notAfter.seconds - now.seconds <= life / 3
    }

    /// How often to look whether one is due, or has been replaced: often enough for the shortest life, and hourly at least.
    package static func interval(validity: Duration) -> Duration {
        min(max(validity / 20, .milliseconds(200)), .seconds(3600))
    }

    /// What is left, as people read it: `364d`, `5h`, `42s`; below zero it is over.
    package static func left(_ info: CertificateInfo, now: Timestamp) -> String {
        let seconds = info.notAfter.seconds - now.seconds
        switch seconds {
        case ..<0: return "expired"
        case 172_800...: return "\(seconds / 86_400)d"
        case 7200...: return "\(seconds / 3600)h"
        case 120...: return "\(seconds / 60)m"
        default: return "\(seconds)s"
        }
    }
}
