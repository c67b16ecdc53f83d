import MartinetSchema
import MartinetFlowControl
import MartinetAPICore
import MartinetAuthorization
import MartinetDocuments
import MartinetMetrics

/// What `/metrics` answers, under upstream's names.
struct MetricsPage {
    let registry: Registry
    let requests: RequestMetrics
    let audit: AuditLog?

    func text() -> [UInt8] {
        var text = MetricText()
        writeRequests(&text)
        writeFlows(&text)
        writeObjects(&text)
        text.family("authentication_attempts", .counter, "Attempts to come in, by their results.")
        text.sample("authentication_attempts", [("result", "failure")], requests.refused.value)
        text.sample("authentication_attempts", [("result", "success")], requests.accepted.value)
        audit?.write(to: &text)
        text.family("kubernetes_build_info", .gauge, "What was built, of which version; always 1.")
        let version = VersionDocument.kubernetes
        text.sample(
            "kubernetes_build_info",
            [
                ("build_date", ""), ("compiler", "swiftc"), ("git_commit", ""), ("git_tree_state", "clean"),
                ("git_version", VersionDocument.gitVersion), ("go_version", ""), ("major", String(version.major)),
                ("minor", String(version.minor)), ("platform", APIServer.platform),
            ], 1)
        ProcessFigures.read()?.write(to: &text)
        return text.bytes
    }

    // MARK: - Requests

    private func writeRequests(_ text: inout MetricText) {
        let all = requests.all.map { (labels: labels($0.key), key: $0.key, state: $0.current) }.sorted {
            $0.labels.map(\.1).lexicographicallyPrecedes($1.labels.map(\.1))
        }
        let inFlight = requests.inFlight
        let current = "apiserver_current_inflight_requests"
        text.family(current, .gauge, "Requests that are being answered, without those that last long.")
        text.sample(current, [("request_kind", "mutating")], inFlight.writing)
        text.sample(current, [("request_kind", "readOnly")], inFlight.reading)
        let long = "apiserver_longrunning_requests"
        text.family(long, .gauge, "Requests under way that last as long as somebody looks at them.")
        for series in all where series.state.longRunning > 0 {
            text.sample(long, series.labels.filter { $0.0 != "dry_run" }, series.state.longRunning)
        }
        let durations = "apiserver_request_duration_seconds"
        text.family(durations, .histogram, "How long answers took, in seconds.")
        for series in all { text.histogram(durations, series.labels, series.state.durations) }
        let total = "apiserver_request_total"
        text.family(total, .counter, "Requests that were answered, by the codes of the answers.")
        for series in all {
            for (code, count) in series.state.codes {
                text.sample(total, [("code", String(code))] + series.labels, count)
            }
        }
        let sizes = "apiserver_response_sizes"
        text.family(sizes, .histogram, "How large the answers to reads are, in bytes.")
        // A read is none of a dry run, so that what is left of the labels is still theirs alone.
        for series in all where !series.key.isDryRun {
            guard let own = series.state.sizes else { continue }
            text.histogram(sizes, series.labels.filter { $0.0 != "dry_run" }, own)
        }
    }

    /// In the order of their names, as upstream has them.
    private func labels(_ key: RequestSeries.Key) -> [(String, String)] {
        let isConnect = APIServer.lasting.contains(key.subresource)
        let verb =
            isConnect
            ? "CONNECT" : MetricsPage.verbs[key.verb] ?? (key.verb == "other" ? "other" : key.verb.uppercased())
        return [
            ("component", "apiserver"), ("dry_run", key.isDryRun ? "All" : ""), ("group", key.group),
            ("resource", key.resource), ("scope", key.scope.rawValue), ("subresource", key.subresource),
            ("verb", verb), ("version", key.version),
        ]
    }

    private static let verbs = ["create": "POST", "update": "PUT"]

    // MARK: - Flows and objects

    private func writeFlows(_ text: inout MetricText) {
        let report = registry.flows.report
        func gauge(_ name: String, _ help: String, flow: Bool = true, _ value: (Int) -> Int?) {
            let name = "apiserver_flowcontrol_" + name
            text.family(name, .gauge, help)
            for (index, level) in report.enumerated() {
                guard let value = value(index) else { continue }
                text.sample(name, (flow ? [("flow_schema", "")] : []) + [("priority_level", level.name)], value)
            }
        }
        gauge("current_executing_requests", "Requests that are being answered.") { report[$0].executing }
        gauge("current_executing_seats", "Seats that they take.") { report[$0].seatsInUse }
        gauge("current_inqueue_requests", "Requests that wait for their turn.") { report[$0].waiting }
        gauge("current_limit_seats", "Seats after lending.", flow: false) { report[$0].currentSeats }
        gauge("nominal_limit_seats", "Seats as configured.", flow: false) { report[$0].nominalSeats }
        let dispatched = "apiserver_flowcontrol_dispatched_requests_total"
        text.family(dispatched, .counter, "Requests that were let through.")
        for level in report {
            text.sample(dispatched, [("flow_schema", ""), ("priority_level", level.name)], level.dispatched)
        }
        let rejected = "apiserver_flowcontrol_rejected_requests_total"
        text.family(rejected, .counter, "Requests that were turned away.")
        for level in report {
            text.sample(
                rejected, [("flow_schema", ""), ("priority_level", level.name), ("reason", "")], level.rejected)
        }
    }

    private func writeObjects(_ text: inout MetricText) {
        let sizes = registry.served.stored.map { (group: $0.kind.group, name: $0.kind.plural, size: $0.cache.size) }
        text.family("apiserver_resource_objects", .gauge, "Objects that are stored.")
        for one in sizes {
            text.sample("apiserver_resource_objects", [("group", one.group), ("resource", one.name)], one.size.objects)
        }
        text.family("apiserver_storage_objects", .gauge, "Objects that are stored, under the older name.")
        for one in sizes {
            let resource = one.group.isEmpty ? one.name : "\(one.name).\(one.group)"
            text.sample("apiserver_storage_objects", [("resource", resource)], one.size.objects)
        }
    }
}
