import MartinetSchema

/// PersistentVolumeClaims, and the templates of them in pods and StatefulSets.
enum ClaimRules {
    static let accessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"]

    /// - Parameter old: as it was; nil for a new claim.
    static func spec(_ spec: Part, old: Part?) {
        spec.accessModes.mustBeSet()
        spec.selector.mustBeSelector(
            allowInvalidValues: old.map { $0.selector.isFaulty { $0.mustBeSelector() } } ?? false)
        modes(spec.accessModes)
        if spec.resources.requests.has(key: "storage") {
            // Upstream leaves `requests` out.
            let storage = spec.resources.requests.quantityPart("storage", at: spec.resources.place.key("storage"))
            storage.positiveQuantity()
        } else {
            spec.resources.keyed("storage").required()
        }
        spec.storageClassName.ifText(form: .dnsSubdomain)
        spec.volumeMode.ifSet(oneOf: "Block", "Filesystem")
        let allowsGroup =
            old.map { $0.dataSource.apiGroup.isSet || $0.dataSourceRef.apiGroup.isSet } ?? false
        let (source, reference) = (spec.dataSource, spec.dataSourceRef)
        for part in [source, reference] where part.isSet { dataSource(part, allowsGroup: allowsGroup) }
        if reference.isSet { reference.namespace.ifText(form: .dnsLabel) }
        if !reference.namespace.isEmpty {
            if source.isSet { spec.invalid("may not have dataSource beside dataSourceRef.namespace") }
        } else if source.isSet, reference.isSet {
            let names = ["apiGroup", "kind", "name"]
            if names.contains(where: { source[$0].value != reference[$0].value }) {
                spec.invalid("must have the same dataSource and dataSourceRef")
            }
        }
        spec.volumeAttributesClassName.ifText(form: .dnsSubdomain)
    }

    static func modes(_ modes: Part) {
        var (hasSingle, hasOther) = (false, false)
        for mode in modes.items {
            mode.at(modes.place).oneOf(accessModes)
            if mode.text == "ReadWriteOncePod" {
                hasSingle = true
            } else if accessModes.contains(mode.text) {
                hasOther = true
            }
        }
        if hasSingle, hasOther { modes.forbidden("may not have others beside ReadWriteOncePod") }
    }

    private static func dataSource(_ source: Part, allowsGroup: Bool) {
        source.name.mustBeSet()
        source.kind.mustBeSet()
        if source.apiGroup.isEmpty, source.kind.text != "PersistentVolumeClaim" {
            source.invalid("must have an apiGroup, unless its kind is PersistentVolumeClaim")
        }
        if !allowsGroup { source.apiGroup.ifText(form: .dnsSubdomain) }
    }

    static func warn(_ spec: Part) {
        for list in ["requests", "limits"] {
            guard let amount = spec.resources[list].quantity(key: "storage"), amount.milliValue % 1000 != 0 else {
                continue
            }
            spec.resources[list].keyed("storage").warn("a fraction of a byte, \(amount), makes no sense")
        }
    }
}

extension Part {
    /// The amount under a name, said to be elsewhere.
    func quantityPart(_ name: String, at place: Place) -> Part {
        pairs.first { $0.key == name }?.value.at(place) ?? keyed(name).at(place)
    }
}
