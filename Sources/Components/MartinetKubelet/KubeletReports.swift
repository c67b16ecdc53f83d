import Glibc
import MartinetAPI
package import MartinetBase
import MartinetContainers
import MartinetEngine
import MartinetPodLifecycle
import MartinetSchema
package import MartinetStreaming
import Synchronization

/// What the kubelet says of its node and pods: `/stats/summary`, `/metrics`, `/metrics/resource`, `/configz`, `/runningpods`
/// and the machine's logs below `/logs`.
package final class KubeletReports: NodeReports {
    /// Of a log file, what is served at once.
    private static let fileMax = 32 << 20

    private let kubelet: Kubelet
    private let streams: any ContainerStreams
    private let executor: any SerialExecutorPort
    private let logFolder: String
    /// What each group of processes had used when it was last looked at.
    private let samples = Mutex<[String: (at: Duration, cpu: UInt64)]>([:])

    package init(_ kubelet: Kubelet, streams: any ContainerStreams, logFolder: String = "/var/log") {
        self.kubelet = kubelet
        self.streams = streams
        self.logFolder = logFolder
        executor = kubelet.context.runtime.executor(named: "martinet.kubelet.reports")
    }

    package func report(_ path: [String], isFolder: Bool, _ completion: @escaping @Sendable (NodeReport?) -> Void) {
        if path == ["runningpods"] {
            return streams.pods { completion(NodeReport(contentType: "application/json", bytes: $0)) }
        }
        executor.submit { [self] in
            switch path {
            case ["stats", "summary"]: completion(KubeletReports.json(summary()))
            case ["metrics"]: completion(KubeletReports.text(metrics()))
            case ["metrics", "resource"]: completion(KubeletReports.text(resourceMetrics()))
            case ["configz"]: completion(KubeletReports.json(configuration()))
            case let path where path.first == "logs": completion(log(Array(path.dropFirst()), isFolder: isFolder))
            default: completion(nil)
            }
        }
    }

    private static func json(_ entries: [(String, Value)]) -> NodeReport {
        NodeReport(contentType: "application/json", bytes: JSONEncoder.encode(map(entries)))
    }

    private static func text(_ text: String) -> NodeReport {
        NodeReport(contentType: "text/plain; version=0.0.4; charset=utf-8", bytes: Array(text.utf8))
    }

    private static func map(_ entries: [(String, Value)]) -> Value {
        .map(Map(unsorted: entries.map { .init(key: $0.0, value: $0.1) }))
    }

    // MARK: - Figures

    private struct Pod {
        let namespace: String
        let name: String
        let uid: String
        let started: Timestamp?
        let whole: CgroupStatistics
        let containers: [(name: String, figures: CgroupStatistics)]
    }

    private func pods() -> [Pod] {
        kubelet.workers.filter { $0.sandbox.isSetUp }.map { worker in
            let pod = worker.pod
            return Pod(
                namespace: worker.sandbox.namespace, name: worker.sandbox.name, uid: worker.uid,
                started: worker.state.withLock { $0.written }.startTime, whole: worker.sandbox.statistics(pod),
                containers: worker.sandbox.containerStatistics().sorted { $0.key < $1.key }
                    .map { (name: $0.key, figures: $0.value) })
        }.sorted { ($0.namespace, $0.name) < ($1.namespace, $1.name) }
    }

    private var now: Timestamp { kubelet.context.runtime.now() }

    private func cpu(_ key: String, _ used: UInt64) -> Value {
        let at = kubelet.context.runtime.monotonic()
        let last = samples.withLock { samples in
            defer { samples[key] = (at, used) }
            return samples[key]
        }
        var entries: [(String, Value)] = [
            ("time", .string("\(now)")), ("usageCoreNanoSeconds", .int(Int64(clamping: used))),
        ]
        if let last, at - last.at > .milliseconds(100), used >= last.cpu {
            let seconds = (at - last.at) / .seconds(1)
            entries.append(("usageNanoCores", .int(Int64(clamping: UInt64(Double(used - last.cpu) / seconds)))))
        }
        return KubeletReports.map(entries)
    }

    private func memory(_ figures: CgroupStatistics) -> Value {
        var entries: [(String, Value)] = [
            ("time", .string("\(now)")), ("usageBytes", .int(Int64(clamping: figures.memoryUsage))),
            ("workingSetBytes", .int(Int64(clamping: figures.memoryWorkingSet))),
            ("rssBytes", .int(Int64(clamping: figures.memoryRSS))),
        ]
        if let limit = figures.memoryLimit, limit >= figures.memoryWorkingSet {
            entries.append(("availableBytes", .int(Int64(clamping: limit - figures.memoryWorkingSet))))
        }
        return KubeletReports.map(entries)
    }

    private func summary() -> [(String, Value)] {
        let pods = pods()
        let keys = Set(pods.flatMap { pod in [pod.uid] + pod.containers.map { "\(pod.uid)/\($0.name)" } } + [""])
        samples.withLock { samples in samples = samples.filter { keys.contains($0.key) } }
        let readings = NodeFacts.readings(kubelet.configuration.dataFolder)
        let total = HostMachine.memory
        let available = min(total, max(0, readings.memoryAvailable))
        let node = KubeletReports.map([
            ("nodeName", .string(kubelet.configuration.nodeName)), ("startTime", .string("\(now)")),
            ("cpu", cpu("", KubeletReports.processorTime())),
            (
                "memory",
                KubeletReports.map([
                    ("time", .string("\(now)")), ("availableBytes", .int(available)),
                    ("usageBytes", .int(total - available)), ("workingSetBytes", .int(total - available)),
                ])
            ),
            (
                "fs",
                KubeletReports.map([
                    ("time", .string("\(now)")), ("capacityBytes", .int(readings.diskCapacity)),
                    ("availableBytes", .int(max(0, readings.diskAvailable))), ("inodes", .int(readings.inodes)),
                    ("inodesFree", .int(max(0, readings.inodesFree))),
                ])
            ),
        ])
        let list = pods.map { pod -> Value in
            let reference = KubeletReports.map([
                ("name", .string(pod.name)), ("namespace", .string(pod.namespace)), ("uid", .string(pod.uid)),
            ])
            let containers = pod.containers.map { container in
                KubeletReports.map([
                    ("name", .string(container.name)),
                    ("startTime", pod.started.map { .string("\($0)") } ?? .null),
                    ("cpu", cpu("\(pod.uid)/\(container.name)", container.figures.cpuUsage)),
                    ("memory", memory(container.figures)),
                ])
            }
            return KubeletReports.map([
                ("podRef", reference), ("startTime", pod.started.map { .string("\($0)") } ?? .null),
                ("containers", .list(containers)), ("cpu", cpu(pod.uid, pod.whole.cpuUsage)),
                ("memory", memory(pod.whole)),
                (
                    "process_stats",
                    KubeletReports.map([("process_count", .int(Int64(clamping: pod.whole.processes)))])
                ),
            ])
        }
        return [("node", node), ("pods", .list(list))]
    }

    /// Nanoseconds that the machine's processors have worked (proc(5), /proc/stat).
    private static func processorTime() -> UInt64 {
        let text = String(decoding: (try? Files.read("/proc/stat", limit: 64 << 10)) ?? [], as: UTF8.self)
        let numbers = text.prefix { $0 != "\n" }.split(separator: " ").dropFirst().compactMap { UInt64($0) }
        // user, nice, system, idle, iowait, irq, softirq, steal
        guard numbers.count >= 8 else { return 0 }
        let busy = numbers[0] &+ numbers[1] &+ numbers[2] &+ numbers[5] &+ numbers[6] &+ numbers[7]
        let ticks = UInt64(max(1, sysconf(Int32(_SC_CLK_TCK))))
        return busy &* (1_000_000_000 / ticks)
    }

    // MARK: - Prometheus' text form

    private struct Lines {
        var text = ""

        mutating func family(
            _ name: String, _ type: String, _ help: String, _ samples: [(labels: String, value: String)]
        ) {
            text += "# HELP \(name) \(help)\n# TYPE \(name) \(type)\n"
            for sample in samples {
                text += sample.labels.isEmpty ? name : "\(name){\(sample.labels)}"
                text += " \(sample.value)\n"
            }
        }
    }

    private static func seconds(_ nanoseconds: UInt64) -> String { "\(Double(nanoseconds) / 1e9)" }

    private func metrics() -> String {
        var lines = Lines()
        let workers = kubelet.workers
        let running = workers.filter { $0.sandbox.isSetUp }
        let containers = running.reduce(0) { $0 + $1.sandbox.containerStatistics().count }
        lines.family(
            "kubelet_node_name", "gauge", "The node's name. The count is always 1.",
            [("node=\"\(kubelet.configuration.nodeName)\"", "1")])
        lines.family("kubelet_running_pods", "gauge", "Pods with a sandbox.", [("", "\(running.count)")])
        lines.family(
            "kubelet_running_containers", "gauge", "Containers that run.",
            [("container_state=\"running\"", "\(containers)")])
        lines.family("kubelet_desired_pods", "gauge", "Pods that the node has.", [("static=\"\"", "\(workers.count)")])
        return lines.text
    }

    private func resourceMetrics() -> String {
        var lines = Lines()
        let pods = pods()
        func each(_ value: (CgroupStatistics) -> String) -> [(labels: String, value: String)] {
            pods.flatMap { pod in
                pod.containers.map {
                    (
                        "container=\"\($0.name)\",namespace=\"\(pod.namespace)\",pod=\"\(pod.name)\"",
                        value($0.figures)
                    )
                }
            }
        }
        func whole(_ value: (CgroupStatistics) -> String) -> [(labels: String, value: String)] {
            pods.map { ("namespace=\"\($0.namespace)\",pod=\"\($0.name)\"", value($0.whole)) }
        }
        lines.family(
            "container_cpu_usage_seconds_total", "counter", "Processor time of the container.",
            each { KubeletReports.seconds($0.cpuUsage) })
        lines.family(
            "container_memory_working_set_bytes", "gauge", "Working set of the container.",
            each { "\($0.memoryWorkingSet)" })
        lines.family(
            "node_cpu_usage_seconds_total", "counter", "Processor time of the node.",
            [("", KubeletReports.seconds(KubeletReports.processorTime()))])
        let readings = NodeFacts.readings(kubelet.configuration.dataFolder)
        lines.family(
            "node_memory_working_set_bytes", "gauge", "Working set of the node.",
            [("", "\(HostMachine.memory - min(HostMachine.memory, max(0, readings.memoryAvailable)))")])
        lines.family(
            "pod_cpu_usage_seconds_total", "counter", "Processor time of the pod.",
            whole { KubeletReports.seconds($0.cpuUsage) })
        lines.family(
            "pod_memory_working_set_bytes", "gauge", "Working set of the pod.", whole { "\($0.memoryWorkingSet)" })
        lines.family("resource_scrape_error", "gauge", "1 where figures could not be read, else 0.", [("", "0")])
        return lines.text
    }

    // MARK: - Configuration and logs

    private func configuration() -> [(String, Value)] {
        let own = kubelet.configuration
        return [
            (
                "kubeletconfig",
                KubeletReports.map([
                    ("kind", .string("KubeletConfiguration")), ("apiVersion", .string("kubelet.config.k8s.io/v1beta1")),
                    ("port", .int(Int64(own.port))), ("maxPods", .int(own.podsMax)),
                    ("nodeLeaseDurationSeconds", .int(Int64(own.leaseSeconds))),
                    ("staticPodPath", .string(own.staticPodFolder ?? "")),
                    ("imageGCHighThresholdPercent", .int(own.imageHighPercent)),
                    ("imageGCLowThresholdPercent", .int(own.imageLowPercent)),
                    ("enableSystemLogHandler", .bool(true)),
                    (
                        "evictionHard",
                        KubeletReports.map([
                            ("memory.available", .string("\(own.thresholds.memory >> 20)Mi")),
                            ("nodefs.available", .string("\(own.thresholds.diskPercent)%")),
                            ("nodefs.inodesFree", .string("\(own.thresholds.inodesPercent)%")),
                        ])
                    ),
                ])
            )
        ]
    }

    /// A file below the folder of logs, or what is in a folder. Nothing outside: no `..`, and no way through a link's end
    /// that is no file or folder.
    private func log(_ path: [String], isFolder: Bool) -> NodeReport? {
        guard
            !path.contains(where: { $0 == ".." || $0 == "." || $0.isEmpty || $0.utf8.contains(0) || $0.contains("/") })
        else { return nil }
        let file = ([logFolder] + path).joined(separator: "/")
        var about = stat()
        guard stat(file, &about) == 0 else { return nil }
        switch about.st_mode & S_IFMT {
        case S_IFREG:
            guard let bytes = try? Files.read(file, limit: KubeletReports.fileMax) else {
                let text = "the file is larger than \(KubeletReports.fileMax) bytes\n"
                return NodeReport(status: 413, contentType: "text/plain; charset=utf-8", bytes: Array(text.utf8))
            }
            return NodeReport(contentType: "text/plain; charset=utf-8", bytes: bytes)
        case S_IFDIR:
            let names = ((try? Files.names(in: file)) ?? []).sorted()
            let base = isFolder || path.isEmpty ? "" : "\(path.last ?? "")/"
            let links = names.map { name in
                let text = name.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(
                    "\"", with: "&#34;")
                return "<a href=\"\(base)\(text)\">\(text)</a>\n"
            }
            return NodeReport(
                contentType: "text/html; charset=utf-8", bytes: Array("<pre>\n\(links.joined())</pre>\n".utf8))
        default: return nil
        }
    }
}
