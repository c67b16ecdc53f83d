import MartinetSchema

/// The outer rules of a definition. The server uses those of MartinetCustomResources, which know schemas as well.
struct CustomResourceDefinitionRules: KindRules {

    func setDefaults(_ object: inout Object) {
        object.edit("spec.names") { names in
            let kind = names.text("kind")
            if names.text("singular").isEmpty, !kind.isEmpty { names[field: "singular"] = .string(kind.lowercased()) }
            if names.text("listKind").isEmpty, !kind.isEmpty { names[field: "listKind"] = .string(kind + "List") }
        }
    }

    func validate(_ new: Part) {
        let (spec, names) = (new.spec, new.spec.names)
        if new.metadata.name.text != "\(names.plural.text).\(spec.group.text)" {
            new.metadata.name.invalid("must be spec.names.plural, '.' and spec.group")
        }
        if spec.group.mustBeSet() {
            spec.group.form(.dnsSubdomain)
            if !spec.group.text.has(".") { spec.group.invalid("must be a domain with a dot") }
        }
        for name in ["plural", "singular", "kind", "listKind"] where names[name].mustBeSet() {
            names[name].invalid(Form.dns1035Label.faults(names[name].text.lowercased()))
        }
        for word in names.shortNames.items + names.categories.items { word.form(.dns1035Label) }
        let versions = spec.versions
        if versions.items.filter({ $0.storage.isTrue }).count != 1 { versions.invalid("must have one that is stored") }
        var seen: Set<String> = []
        for version in versions.items {
            if !seen.insert(version.name.text).inserted { versions.invalid("must have each name once") }
            version.name.form(.dns1035Label)
        }
    }
}
