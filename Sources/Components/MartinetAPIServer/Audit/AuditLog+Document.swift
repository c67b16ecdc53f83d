import MartinetAudit
import MartinetSchema

extension AuditLog {
    /// The tree of a policy's file.
    static func document(_ path: String) throws(AuditPolicy.PolicyError) -> Value {
        do {
            return try AccessDocument.read(path)
        } catch {
            throw AuditPolicy.PolicyError(message: "\(error)")
        }
    }
}
