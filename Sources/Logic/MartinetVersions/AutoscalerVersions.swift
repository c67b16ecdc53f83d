import MartinetSchema

/// The versions of HorizontalPodAutoscaler.
///
/// autoscaling/v1 knows one metric, the processor's utilisation in percent; everything else that autoscaling/v2 says lies in
/// annotations there, as JSON in the form of v2beta1, so that nothing is lost on the way and back. v2beta1 names and targets
/// metrics in fields of their own, v2 in `metric` and `target`.
enum AutoscalerVersions {
    private static let simple = "autoscaling/v1.HorizontalPodAutoscaler"
    private static let early = "autoscaling/v2beta1"
    private static let new = "autoscaling/v2"

    /// The annotations, and the lists of which types they hold.
    enum Kept {
        static let metrics = "autoscaling.alpha.kubernetes.io/metrics"
        static let current = "autoscaling.alpha.kubernetes.io/current-metrics"
        static let conditions = "autoscaling.alpha.kubernetes.io/conditions"
        static let behavior = "autoscaling.alpha.kubernetes.io/behavior"
        static let all = [metrics, current, conditions, behavior]
    }

    static let rules: [String: Versions.Reshape] = {
        var rules: [String: Versions.Reshape] = [
            "\(simple) > \(new).HorizontalPodAutoscaler": fromSimple,
            "\(new).HorizontalPodAutoscaler > \(simple)": toSimple,
        ]
        for (kind, isStatus) in [
            ("ObjectMetric", false), ("PodsMetric", false), ("ResourceMetric", false),
            ("ContainerResourceMetric", false),
            ("ExternalMetric", false), ("ObjectMetric", true), ("PodsMetric", true), ("ResourceMetric", true),
            ("ContainerResourceMetric", true), ("ExternalMetric", true),
        ] {
            let name = kind + (isStatus ? "Status" : "Source")
            rules["\(early).\(name) > \(new).\(name)"] = { modern($0, $1, isStatus) }
            rules["\(new).\(name) > \(early).\(name)"] = { flat($0, $1, isStatus) }
        }
        return rules
    }()

    // MARK: - v2beta1 and v2

    private static func modern(_ metric: Object, _ type: ObjectType, _ isStatus: Bool) -> Object {
        var result = Object(type: type)
        for name in ["name", "container"] { result[field: name] = metric[field: name] }
        if let target = metric.part("target"), let field = type.field(named: "describedObject")?.type {
            result[field: "describedObject"] = .object(Versions.sameFields(target, to: field))
        }
        if type.field(named: "metric") != nil {
            result[field: "metric"] = result.made("metric") { identifier in
                identifier[field: "name"] = metric[field: "metricName"]
                identifier[field: "selector"] = metric[field: "selector"] ?? metric[field: "metricSelector"]
            }
        }
        let field = isStatus ? "current" : "target"
        let utilization = metric[field: isStatus ? "currentAverageUtilization" : "targetAverageUtilization"]
        let value = metric[field: isStatus ? "currentValue" : "targetValue"]
        let average =
            metric[field: "averageValue"] ?? metric[field: isStatus ? "currentAverageValue" : "targetAverageValue"]
        result[field: field] = result.made(field) { target in
            target[field: "averageUtilization"] = utilization
            target[field: "averageValue"] = average
            // Where there is an average, the total of a source means nothing: v2beta1 had to say one.
            target[field: "value"] = isStatus || average == nil || metric[field: "metricSelector"] != nil ? value : nil
            guard !isStatus else { return }
            target[field: "type"] = .string(
                utilization != nil ? "Utilization" : average != nil ? "AverageValue" : "Value")
        }
        return result
    }

    private static func flat(_ metric: Object, _ type: ObjectType, _ isStatus: Bool) -> Object {
        var result = Object(type: type)
        for name in ["name", "container"] { result[field: name] = metric[field: name] }
        if let described = metric.part("describedObject"), let field = type.field(named: "target")?.type {
            result[field: "target"] = .object(Versions.sameFields(described, to: field))
        }
        if let identifier = metric.part("metric") {
            result[field: "metricName"] = identifier[field: "name"]
            result[field: type.field(named: "metricSelector") != nil ? "metricSelector" : "selector"] =
                identifier[field: "selector"]
        }
        guard let target = metric.part(isStatus ? "current" : "target") else { return result }
        result[field: isStatus ? "currentAverageUtilization" : "targetAverageUtilization"] =
            target[field: "averageUtilization"]
        let average = type.field(named: "averageValue") != nil
        result[field: average ? "averageValue" : isStatus ? "currentAverageValue" : "targetAverageValue"] =
            target[field: "averageValue"]
        result[field: isStatus ? "currentValue" : "targetValue"] = target[field: "value"]
        return result
    }

    // MARK: - v1 and v2

    private static func isProcessor(_ metric: Object, _ part: String) -> Value? {
        guard let resource = metric.part("resource"), resource.text("name") == "cpu" else { return nil }
        return resource.part(part)?[field: "averageUtilization"]
    }

    private static let toSimple: Versions.Reshape = { autoscaler, type in
        var result = Versions.sameFields(autoscaler, to: type)
        let metrics = autoscaler.part("spec")?.parts("metrics") ?? []
        let current = autoscaler.part("status")?.parts("currentMetrics") ?? []
        let processor = metrics.lazy.compactMap { isProcessor($0, "target") }.first
        if let processor, var spec = result.part("spec") {
            spec[field: "targetCPUUtilizationPercentage"] = processor
            result[field: "spec"] = .object(spec)
        }
        if let processor = current.lazy.compactMap({ isProcessor($0, "current") }).first,
            var status = result.part("status")
        {
            status[field: "currentCPUUtilizationPercentage"] = processor
            result[field: "status"] = .object(status)
        }
        var notes = Map()
        let others = metrics.filter { isProcessor($0, "target") == nil }
        notes[Kept.metrics] = json(others, as: "\(early).MetricSpec")
        notes[Kept.current] = json(current, as: "\(early).MetricStatus")
        notes[Kept.conditions] = json(
            autoscaler.part("status")?.parts("conditions") ?? [], as: "\(early).HorizontalPodAutoscalerCondition")
        if let behavior = autoscaler.part("spec")?.part("behavior") {
            notes[Kept.behavior] = .string(String(decoding: JSONEncoder.encode(behavior), as: UTF8.self))
        }
        return annotated(result, notes)
    }

    private static let fromSimple: Versions.Reshape = { autoscaler, type in
        var result = Versions.sameFields(autoscaler, to: type)
        guard let specType = type.field(named: "spec")?.type, let statusType = type.field(named: "status")?.type,
            let metric = specType.field(named: "metrics")?.type,
            let metricStatus = statusType.field(named: "currentMetrics")?.type
        else { return result }
        var spec = result.part("spec") ?? Object(type: specType)
        var status = result.part("status") ?? Object(type: statusType)
        var metrics = kept(autoscaler, Kept.metrics, "\(early).MetricSpec", as: metric)
        if let percentage = autoscaler.part("spec")?[field: "targetCPUUtilizationPercentage"] {
            metrics.append(.object(processor(metric, "target", percentage)))
        }
        if !metrics.isEmpty { spec[field: "metrics"] = .list(metrics) }
        var current = kept(autoscaler, Kept.current, "\(early).MetricStatus", as: metricStatus)
        if current.isEmpty, let percentage = autoscaler.part("status")?[field: "currentCPUUtilizationPercentage"] {
            current = [.object(processor(metricStatus, "current", percentage))]
        }
        if !current.isEmpty { status[field: "currentMetrics"] = .list(current) }
        if let condition = statusType.field(named: "conditions")?.type {
            let name = "\(early).HorizontalPodAutoscalerCondition"
            let conditions = kept(autoscaler, Kept.conditions, name, as: condition)
            if !conditions.isEmpty { status[field: "conditions"] = .list(conditions) }
        }
        if let text = annotation(autoscaler, Kept.behavior),
            let behavior = specType.field(named: "behavior")?.type,
            let decoded = try? JSONDecoder.decode(Array(text.utf8), as: behavior)
        {
            spec[field: "behavior"] = .object(decoded.object)
        }
        if !spec.isEmpty { result[field: "spec"] = .object(spec) }
        if !status.isEmpty { result[field: "status"] = .object(status) }
        return annotated(result, Map())
    }

    /// The metric of the processor in percent of what was requested.
    private static func processor(_ type: ObjectType, _ part: String, _ percentage: Value) -> Object {
        var metric = Object(type: type)
        metric[field: "type"] = .string("Resource")
        metric[field: "resource"] = metric.made("resource") { resource in
            resource[field: "name"] = .string("cpu")
            resource[field: part] = resource.made(part) { target in
                target[field: "averageUtilization"] = percentage
                target[field: "type"] = .string("Utilization")
            }
        }
        return metric
    }

    /// A list as the text of an annotation, in the form of v2beta1; nil where it is empty.
    private static func json(_ objects: [Object], as name: String) -> Value? {
        guard !objects.isEmpty, let type = Schema.builtin.type(named: name) else { return nil }
        let texts = objects.map { String(decoding: JSONEncoder.encode(Versions.convert($0, to: type)), as: UTF8.self) }
        return .string("[\(texts.joined(separator: ","))]")
    }

    /// What an annotation holds. One that cannot be read holds nothing: it is a client's text.
    private static func kept(_ object: Object, _ key: String, _ name: String, as type: ObjectType) -> [Value] {
        guard let text = annotation(object, key), let early = Schema.builtin.type(named: name),
            case .list(let values)? = try? JSONDecoder.decodeAny(Array(text.utf8)).value
        else { return [] }
        return values.compactMap { value in
            guard let decoded = try? JSONDecoder.decode(JSONEncoder.encode(value), as: early) else { return nil }
            return .object(Versions.convert(decoded.object, to: type))
        }
    }

    private static func annotation(_ object: Object, _ key: String) -> String? {
        guard case .map(let annotations)? = object.part("metadata")?[field: "annotations"],
            case .string(let text)? = annotations[key]
        else { return nil }
        return text
    }

    /// The object with these annotations of ours and no other.
    private static func annotated(_ object: Object, _ notes: Map) -> Object {
        guard var metadata = object.part("metadata") else { return object }
        var annotations = Map()
        if case .map(let present)? = metadata[field: "annotations"] { annotations = present }
        for key in Kept.all { annotations[key] = nil }
        for entry in notes.entries { annotations[entry.key] = entry.value }
        metadata[field: "annotations"] = annotations.isEmpty ? nil : .map(annotations)
        var object = object
        object[field: "metadata"] = .object(metadata)
        return object
    }
}
