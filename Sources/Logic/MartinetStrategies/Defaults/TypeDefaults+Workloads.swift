import MartinetSchema

extension TypeDefaults {
    static let workloadRules: [String: Rule] = [
        "apps/v1.DaemonSetUpdateStrategy": { strategy in
            guard strategy.text("type") == "RollingUpdate" else { return }
            strategy.change("rollingUpdate") { update in
                update.fill("maxUnavailable", .int(1))
                update.fill("maxSurge", .int(0))
            }
        },
        "apps/v1.StatefulSetUpdateStrategy": { strategy in
            if strategy.text("type").isEmpty {
                strategy[field: "type"] = .string("RollingUpdate")
                if strategy.part("rollingUpdate") == nil { strategy.change("rollingUpdate") { _ in } }
            }
            guard strategy.text("type") == "RollingUpdate", strategy.part("rollingUpdate") != nil else { return }
            strategy.change("rollingUpdate") { $0.fill("partition", .int(0)) }
        },
        "apps/v1.StatefulSetSpec": { spec in
            // A claim inside another object says what it is.
            spec.changeEach("volumeClaimTemplates") { claim in
                claim.change("status") { $0.fill("phase", .string("Pending")) }
                claim.extra["apiVersion"] = .string("v1")
                claim.extra["kind"] = .string("PersistentVolumeClaim")
            }
            if spec.part("updateStrategy") == nil {
                spec.change("updateStrategy") { $0[field: "type"] = .string("RollingUpdate") }
                spec.change("updateStrategy") { $0.change("rollingUpdate") { $0.fill("partition", .int(0)) } }
            }
        },
        "batch/v1.Job": { job in
            job.change("spec") { spec in
                let isSingle = spec[field: "completions"] == nil && spec[field: "parallelism"] == nil
                if isSingle { spec[field: "completions"] = .int(1) }
                spec.fill("parallelism", .int(1))
                let limitsIndexes = spec[field: "backoffLimitPerIndex"] != nil
                spec.fill("backoffLimit", .int(limitsIndexes ? Int64(Int32.max) : 6))
                let hasPolicy = spec.part("podFailurePolicy") != nil
                spec.fill("podReplacementPolicy", .string(hasPolicy ? "Failed" : "TerminatingOrFailed"))
            }
            takeLabels(&job)
        },
        "v1.ReplicationController": { controller in
            let labels = templateLabels(controller)
            if !labels.isEmpty {
                controller.change("spec") { spec in
                    if spec.map("selector").isEmpty { spec[field: "selector"] = .map(labels) }
                }
            }
            takeLabels(&controller)
        },
    ]

    private static func templateLabels(_ object: Object) -> Map {
        object.part("spec")?.part("template")?.part("metadata")?.map("labels") ?? Map()
    }

    /// An object without labels has those of its pods.
    private static func takeLabels(_ object: inout Object) {
        let labels = templateLabels(object)
        guard !labels.isEmpty else { return }
        object.change("metadata") { metadata in
            if metadata.map("labels").isEmpty { metadata[field: "labels"] = .map(labels) }
        }
    }
}
