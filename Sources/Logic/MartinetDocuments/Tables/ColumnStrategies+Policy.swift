import MartinetBase
import MartinetSchema

extension ColumnStrategies {
    private static let role = text { "\($0.text("roleRef.kind"))/\($0.text("roleRef.name"))" }

    private static func subjects(_ kind: String) -> Strategy {
        text { binding in
            binding.objects("subjects").filter { $0.text("kind") == kind }.map { subject in
                kind == "ServiceAccount" ? "\(subject.text("namespace"))/\(subject.text("name"))" : subject.text("name")
            }.joined(separator: ", ")
        }
    }

    private static let paramKind = text { policy in
        guard let kind = policy.object("spec.paramKind") else { return CellText.unset }
        return "\(kind.text("apiVersion"))/\(kind.text("kind"))"
    }

    private static let paramRef = text { binding in
        guard let reference = binding.object("spec.paramRef") else { return CellText.unset }
        if !reference.text("name").isEmpty {
            return "\(CellText.or(reference.text("namespace"), "*"))/\(reference.text("name"))"
        }
        return reference.has("selector") ? CellText.selectorOrNone(reference.object("selector")) : CellText.unset
    }

    static let policy: [String: Strategy] = [
        "roleBindingRole": role, "clusterRoleBindingRole": role,
        "roleBindingUsers": subjects("User"), "clusterRoleBindingUsers": subjects("User"),
        "roleBindingGroups": subjects("Group"), "clusterRoleBindingGroups": subjects("Group"),
        "roleBindingServiceAccounts": subjects("ServiceAccount"),
        "clusterRoleBindingServiceAccounts": subjects("ServiceAccount"),
        "mutatingWebhookConfigurationWebhooks": number { Int64($0.objects("webhooks").count) },
        "validatingWebhookConfigurationWebhooks": number { Int64($0.objects("webhooks").count) },
        "validatingAdmissionPolicyValidations": number { Int64($0.objects("spec.validations").count) },
        "mutatingAdmissionPolicyMutations": number { Int64($0.objects("spec.mutations").count) },
        "validatingAdmissionPolicyParamKind": paramKind, "mutatingAdmissionPolicyParamKind": paramKind,
        "validatingAdmissionPolicyBindingParamRef": paramRef, "mutatingAdmissionPolicyBindingParamRef": paramRef,
        "podSecurityPolicyPrivileged": text { String($0.flag("spec.privileged")) },
        "podSecurityPolicyReadOnlyRoot": text { String($0.flag("spec.readOnlyRootFilesystem")) },
        "podSecurityPolicyCapabilities": text { $0.texts("spec.allowedCapabilities").joined(separator: ",") },
        "podSecurityPolicyVolumes": text { $0.texts("spec.volumes").joined(separator: ",") },
        "certificateSigningRequestRequestedDuration": text { request in
            request.optionalNumber("spec.expirationSeconds").map { HumanDuration.text(.seconds($0)) } ?? CellText.none
        },
        "certificateSigningRequestCondition": text { request in
            func has(_ type: String) -> Bool { request.condition(type) != nil }
            var states = [has("Denied") ? "Denied" : has("Approved") ? "Approved" : "Pending"]
            if has("Failed") { states.append("Failed") }
            if request.has("status.certificate") { states.append("Issued") }
            return states.joined(separator: ",")
        },
    ]

    private static func limited(_ path: String) -> Strategy {
        { context in
            context.object.optionalNumber("spec.limited.\(path)").map(Value.int) ?? .string(CellText.none)
        }
    }

    private static func queuing(_ name: String) -> Strategy {
        { context in
            guard let queuing = context.object.object("spec.limited.limitResponse.queuing") else {
                return .string(CellText.none)
            }
            return .int(queuing.number(name))
        }
    }

    static let cluster: [String: Strategy] = [
        "flowSchemaDistinguisherMethod": text { $0.optionalText("spec.distinguisherMethod.type") ?? CellText.none },
        "flowSchemaMissingPL": text { $0.condition("Dangling")?.text("status") ?? "?" },
        "priorityLevelConfigurationNominalConcurrencyShares": limited("nominalConcurrencyShares"),
        "priorityLevelConfigurationQueues": queuing("queues"),
        "priorityLevelConfigurationHandSize": queuing("handSize"),
        "priorityLevelConfigurationQueueLengthLimit": queuing("queueLengthLimit"),
        "storageVersionCommonEncodingVersion": text {
            $0.optionalText("status.commonEncodingVersion") ?? CellText.unset
        },
        "storageVersionStorageVersions": text { version in
            CellText.list(
                version.objects("status.storageVersions").map {
                    "\($0.text("apiServerID"))=\($0.text("encodingVersion"))"
                })
        },
    ]
}
