import MartinetSchema

/// What a table says about the targets of an autoscaler: current and wanted, for the first two metrics.
enum AutoscalerCells {
    static func targets(_ autoscaler: Object) -> String {
        // The first version has one metric, written flat.
        if autoscaler.type.field(named: "spec")?.type?.field(named: "targetCPUUtilizationPercentage") != nil {
            guard let target = autoscaler.optionalNumber("spec.targetCPUUtilizationPercentage") else {
                return CellText.none
            }
            let current = autoscaler.optionalNumber("status.currentCPUUtilizationPercentage")
            return "cpu: \(current.map { "\($0)%" } ?? CellText.unknown)/\(target)%"
        }
        let metrics = autoscaler.objects("spec.metrics")
        if metrics.isEmpty { return CellText.none }
        let statuses = autoscaler.objects("status.currentMetrics")
        let texts = metrics.enumerated().map { index, metric in
            text(metric, index < statuses.count ? statuses[index] : nil)
        }
        let shown = texts.prefix(2).joined(separator: ", ")
        return texts.count > 2 ? "\(shown) + \(texts.count - 2) more..." : shown
    }

    private static let sources = [
        "External": "external", "Pods": "pods", "Object": "object", "Resource": "resource",
        "ContainerResource": "containerResource",
    ]

    private static func text(_ metric: Object, _ status: Object?) -> String {
        guard let source = sources[metric.text("type")], let spec = metric.object(source) else {
            return "<unknown type>"
        }
        let current = status?.object(source)
        let average = current?.optionalText("current.averageValue")
        let wanted = spec.optionalText("target.averageValue")
        if source == "resource" || source == "containerResource" {
            let name = spec.text("name")
            // A source that reports, but no average, reports zero.
            if let wanted { return "\(name): \(average ?? (current == nil ? CellText.unknown : "0"))/\(wanted)" }
            func percent(_ value: Int64?) -> String? { value.map { "\($0)%" } }
            let used = percent(current?.optionalNumber("current.averageUtilization")) ?? CellText.unknown
            return "\(name): \(used)/\(percent(spec.optionalNumber("target.averageUtilization")) ?? "<auto>")"
        }
        if source == "pods" { return "\(average ?? CellText.unknown)/\(wanted ?? "0")" }
        if let wanted { return "\(average ?? CellText.unknown)/\(wanted) (avg)" }
        let value = current.map { $0.optionalText("current.value") ?? "0" } ?? CellText.unknown
        return "\(value)/\(spec.optionalText("target.value") ?? "0")"
    }
}
