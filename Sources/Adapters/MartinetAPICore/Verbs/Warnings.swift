import MartinetAPI
import MartinetClient
import MartinetSchema
import MartinetStrategies

extension Registry {
    /// What the kind's rules say of an accepted write besides that it is accepted; each becomes a `Warning` header.
    ///
    /// - Parameter sent: as the caller wrote it, before anything was dropped.
    func warn(
        _ request: APIRequest, _ resource: ServedResource, _ object: Object, old: Object?, sent: Object
    ) {
        guard let notes = request.notes else { return }
        if let warning = Owners.warning(sent) { notes.warn(warning) }
        guard request.resource.subresource.isEmpty else { return }
        for warning in resource.strategy.warnings(object, old: old) { notes.warn(warning) }
    }
}
