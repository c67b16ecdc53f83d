package import MartinetSchema

extension Strategy {
    /// What an update through a subresource may not touch is restored: nothing but status through `/status`; through the
    /// object itself and its scale what `prepareForUpdate` says. A subresource of its own (`binding`, `finalize`) has
    /// decided already what changes.
    package func prepareForUpdate(_ object: inout Object, old: Object, through subresource: String) {
        switch subresource {
        case "", "scale": prepareForUpdate(&object, old: old)
        case "status": prepareForStatusUpdate(&object, old: old)
        default: prepare(&object, old: old, through: subresource)
        }
    }

    /// What is wrong with an update through a subresource. One of its own checks what it changes by itself: binding a pod
    /// is a change that an update of the pod may not make.
    package func validateUpdate(_ object: Object, old: Object, through subresource: String) -> [FieldError] {
        switch subresource {
        case "", "scale": validateUpdate(object, old: old)
        case "status": validateStatusUpdate(object, old: old)
        default: validate(object, old: old, through: subresource)
        }
    }
}
