import MartinetClient
import MartinetSchema
import MartinetStrategies

/// Tells who writes an object what its kind finds doubtful, without refusing it. Of pods and what makes pods,
/// `PodWarnings` speaks.
struct ObjectWarnings: AdmissionPlugin {
    let name = "ObjectWarnings"

    func validate(_ attributes: AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.hasListeners, attributes.verb == .create || attributes.verb == .update,
            attributes.resource.subresource.isEmpty, PodSecurityAdmission.template(attributes.kind) == nil,
            let resource = registry.served[attributes.resource]
        else { return }
        for text in resource.strategy.warnings(attributes.object, old: attributes.old) { attributes.warn(text) }
    }
}
