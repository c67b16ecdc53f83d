import MartinetAPI
import MartinetClient
import MartinetManagedFields
import MartinetSchema
import MartinetStrategies

// What plugins make of an object in the place of its writer has the limits that the writer has.
extension Registry {
    /// Puts what only the system writes back to what it was before the plugins, and does again what the kind does to every
    /// write. Nothing where neither a policy nor a webhook has changed the object.
    ///
    /// - Parameter prepared: the object as it came to the plugins.
    func resettle(
        _ attributes: inout AdmissionAttributes, prepared: Object, over current: CachedObject?,
        _ resource: ServedResource
    ) {
        guard attributes.passes.isChanged else { return }
        var object = attributes.object
        keepSystemMetadata(&object, prepared)
        let managed = prepared.managedFieldsList
        if let old = current?.object {
            let subresource = attributes.resource.subresource
            resource.strategy.prepareForUpdate(&object, old: old, through: subresource)
            SubresourceScope.restrict(&object, old: old, through: subresource)
            var metadata = object.metadata
            metadata.generation = old.metadata.generation
            object.metadata = metadata
            bumpGeneration(&object, old, resource, isStatus: subresource == "status")
        } else {
            var metadata = object.metadata
            if metadata.name.isEmpty { metadata.name = prepared.metadata.name }
            object.metadata = metadata
            resource.strategy.prepareForCreate(&object)
        }
        // What admission adds has no owner until somebody writes it.
        if object.managedFieldsList != managed { object.setManagedFieldsList(managed) }
        attributes.object = object
    }
}
