/// The flags about the audit log, under upstream's names.
package struct AuditFlags: Sendable {
    package var policy = ""
    /// `-` is the standard output.
    package var log = ""
    package var days = 0
    package var backups = 0
    package var megabytes = 0
    package var isLegacy = false
    package var webhook = ""
    package var webhookBatch = 400
    package var webhookSeconds = 30.0
    package var webhookBuffer = 10_000
    package var webhookRetrySeconds = 10.0

    package init() {}

    /// - Returns: false where there is no such flag.
    mutating func set(_ name: String, _ value: String) throws(AccessError) -> Bool {
        switch name {
        case "audit-policy-file": policy = value
        case "audit-log-path": log = value
        case "audit-log-maxage": days = try AuditFlags.count(name, value)
        case "audit-log-maxbackup": backups = try AuditFlags.count(name, value)
        case "audit-log-maxsize": megabytes = try AuditFlags.count(name, value)
        case "audit-log-format":
            guard value == "json" || value == "legacy" else {
                throw AccessError("--\(name) must be json or legacy, found \(value.debugDescription)")
            }
            isLegacy = value == "legacy"
        case "audit-webhook-config-file": webhook = value
        case "audit-webhook-batch-max-size": webhookBatch = max(1, try AuditFlags.count(name, value))
        case "audit-webhook-batch-max-wait": webhookSeconds = try AccessFlags.seconds(name, value)
        case "audit-webhook-batch-buffer-size": webhookBuffer = max(1, try AuditFlags.count(name, value))
        case "audit-webhook-initial-backoff": webhookRetrySeconds = try AccessFlags.seconds(name, value)
        default: return false
        }
        return true
    }

    private static func count(_ name: String, _ value: String) throws(AccessError) -> Int {
        guard let number = Int(value), (0...1_000_000).contains(number) else {
            throw AccessError("--\(name) must be a whole number from 0 to 1000000, found \(value.debugDescription)")
        }
        return number
    }
}
