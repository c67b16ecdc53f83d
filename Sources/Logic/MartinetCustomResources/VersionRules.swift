import MartinetAPI
import MartinetSchema
import MartinetStrategies

/// The rules of a definition's names.
enum NameRules {
    static func check(_ names: CustomResourceDefinitionNames, _ path: String, _ report: inout RuleReport) {
        let form = "must be a DNS label that starts with a letter"
        func label(_ text: String, _ field: String) {
            if !text.isEmpty, !Names.isLabel1035(text) { report.invalid("\(path).\(field)", form) }
        }
        label(names.plural, "plural")
        label(names.singular, "singular")
        label(names.kind.lowercased(), "kind")
        label(names.listKind.lowercased(), "listKind")
        for (index, name) in names.shortNames.enumerated() where !Names.isLabel1035(name) {
            report.invalid("\(path).shortNames[\(index)]", form)
        }
        for (index, name) in names.categories.enumerated() where !Names.isLabel1035(name) {
            report.invalid("\(path).categories[\(index)]", form)
        }
        if !names.kind.isEmpty, names.kind == names.listKind {
            report.invalid("\(path).listKind", "must not be the kind itself")
        }
    }
}

/// The rules of what a version has besides its schema.
enum VersionRules {
    static let selectableMax = 8

    static func checkScale(_ scale: CustomResourceSubresourceScale?, _ path: String, _ report: inout RuleReport) {
        guard let scale else { return }
        func check(_ value: String, _ field: String, _ roots: [String]) {
            let field = "\(path).scale.\(field)"
            if value.isEmpty { return report.required(field) }
            if !roots.contains(where: value.hasPrefix) {
                report.invalid(field, "must be a path of names under \(roots.joined(separator: " or "))")
            }
        }
        check(scale.specReplicasPath, "specReplicasPath", [".spec."])
        check(scale.statusReplicasPath, "statusReplicasPath", [".status."])
        if let selector = scale.labelSelectorPath, !selector.isEmpty {
            check(selector, "labelSelectorPath", [".spec.", ".status."])
        }
    }

    static func checkColumns(
        _ columns: ViewList<CustomResourceColumnDefinition>, _ path: String, _ report: inout RuleReport
    ) {
        let types = ["integer", "number", "string", "boolean", "date"]
        let formats = ["int32", "int64", "float", "double", "byte", "date", "date-time", "password"]
        for (index, column) in columns.enumerated() {
            let path = "\(path)[\(index)]"
            if column.name.isEmpty { report.required("\(path).name") }
            if column.type.isEmpty {
                report.required("\(path).type")
            } else if !types.contains(column.type) {
                report.invalid("\(path).type", "must be one of \(types.joined(separator: ", "))")
            }
            if !column.format.isEmpty, !formats.contains(column.format) {
                report.invalid("\(path).format", "must be one of \(formats.joined(separator: ", "))")
            }
            if column.jsonPath.isEmpty {
                report.required("\(path).JSONPath")
            } else if column.jsonPath.first != "." {
                report.invalid("\(path).JSONPath", "must be a path that starts with a dot")
            }
        }
    }

    static func checkSelectable(
        _ version: CustomResourceDefinitionVersion, _ path: String, _ report: inout RuleReport
    ) {
        var seen: Set<String> = []
        for (index, selectable) in version.selectableFields.enumerated() {
            let field = "\(path)[\(index)].jsonPath"
            let text = selectable.jsonPath
            guard !text.isEmpty else {
                report.required(field)
                continue
            }
            var schema = version.schema?.openAPIV3Schema
            for name in text.split(separator: ".") { schema = schema?.properties[String(name)] }
            guard text.first == ".", let schema else {
                report.invalid(field, "is no path of the schema")
                continue
            }
            if text.hasPrefix(".metadata") { report.invalid(field, "must not point to metadata") }
            if !["string", "boolean", "integer"].contains(schema.type) {
                report.invalid(field, "must point to a string, a boolean or an integer")
            }
            if !seen.insert(text).inserted { report.add(.duplicate, field, "\(text) is there already") }
        }
        if seen.count > selectableMax {
            report.add(.tooMany, path, "may have at most \(selectableMax) fields, not \(seen.count)")
        }
    }
}
