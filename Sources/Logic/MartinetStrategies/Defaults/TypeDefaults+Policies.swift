import MartinetSchema

extension TypeDefaults {
    static let policyRules: [String: Rule] = [
        "v1.LimitRangeItem": { item in
            guard item.text("type") == "Container" else { return }
            merge("max", into: "default", of: &item)
            merge("default", into: "defaultRequest", of: &item)
            merge("min", into: "defaultRequest", of: &item)
        },
        // The spec of a policy that says nothing is empty, and such a policy says something all the same.
        "networking.k8s.io/v1.NetworkPolicy": { policy in
            policy.change("spec") { spec in
                guard spec[field: "policyTypes"] == nil else { return }
                let hasEgress = spec[field: "egress"] != nil
                spec[field: "policyTypes"] = .list([.string("Ingress")] + (hasEgress ? [.string("Egress")] : []))
            }
        },
        "rbac.authorization.k8s.io/v1.Subject": { subject in
            guard ["User", "Group"].contains(subject.text("kind")) else { return }
            subject.fill("apiGroup", .string("rbac.authorization.k8s.io"))
        },
        "rbac.authorization.k8s.io/v1.RoleRef": { reference in
            reference.fill("apiGroup", .string("rbac.authorization.k8s.io"))
        },
        "autoscaling/v2.HorizontalPodAutoscalerBehavior": { behavior in
            behavior.change("scaleUp") { rules in
                rules.fill("stabilizationWindowSeconds", .int(0))
                rules.fill("selectPolicy", .string("Max"))
                fillPolicies(&rules, [("Pods", 4), ("Percent", 100)])
            }
            behavior.change("scaleDown") { rules in
                rules.fill("selectPolicy", .string("Max"))
                fillPolicies(&rules, [("Percent", 100)])
            }
        },
    ]

    private static func merge(_ from: String, into name: String, of item: inout Object) {
        var amounts = item.map(name)
        for entry in item.map(from).entries where amounts[entry.key] == nil { amounts[entry.key] = entry.value }
        if !amounts.isEmpty { item[field: name] = .map(amounts) }
    }

    private static func fillPolicies(_ rules: inout Object, _ policies: [(type: String, value: Int64)]) {
        guard rules.parts("policies").isEmpty, let type = rules.type.field(named: "policies")?.type else { return }
        rules[field: "policies"] = .list(
            policies.map { policy in
                var object = Object(type: type)
                object[field: "type"] = .string(policy.type)
                object[field: "value"] = .int(policy.value)
                object[field: "periodSeconds"] = .int(15)
                return .object(object)
            })
    }

    static let deviceRules: [String: Rule] = {
        var rules: [String: Rule] = [:]
        for version in ["v1", "v1beta1", "v1beta2"] {
            for name in ["ExactDeviceRequest", "DeviceSubRequest"] {
                rules["resource.k8s.io/\(version).\(name)"] = { count(&$0) }
            }
        }
        rules["resource.k8s.io/v1beta1.DeviceRequest"] = { request in
            guard !request.text("deviceClassName").isEmpty else { return }
            request.fill("allocationMode", .string("ExactCount"))
            count(&request)
        }
        return rules
    }()

    private static func count(_ request: inout Object) {
        request.fill("allocationMode", .string("ExactCount"))
        guard request.text("allocationMode") == "ExactCount" else { return }
        request.fill("count", .int(1))
    }
}
