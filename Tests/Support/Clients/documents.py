"""One object of every kind that a server serves: the smallest that is accepted, made by hand, and the fullest that was recorded."""
import base64
import json
import os
import subprocess
import tempfile

POD = {"containers": [{"name": "c", "image": "registry.example/app:1"}]}
LABELS = {"app": "web"}
SELECTOR = {"matchLabels": LABELS}
TEMPLATE = {"metadata": {"labels": LABELS}, "spec": POD}
ONCE = {"spec": dict(POD, restartPolicy="Never")}
WORKLOAD = {"selector": SELECTOR, "template": TEMPLATE}
MATCHED = {"resourceRules": [
    {"apiGroups": ["apps"], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["deployments"]}]}
MUTATION = {"patchType": "ApplyConfiguration",
            "applyConfiguration": {"expression": "Object{metadata: Object.metadata{labels: {'a': 'b'}}}"}}
SCALED = {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "d"}, "maxReplicas": 5}
SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
SLICE = {"driver": "gpu.example.com", "allNodes": True, "pool": {"name": "p", "generation": 1, "resourceSliceCount": 1}}
REFERENCE = {"kind": "ConfigMap", "name": "c", "namespace": "kinds"}

# By group and kind, or group, version and kind where versions differ: all but apiVersion, kind and metadata.
BODIES = {
    "/ConfigMap": {}, "/Endpoints": {}, "/LimitRange": {"spec": {"limits": [{"type": "Pod"}]}}, "/Namespace": {}, "/Node": {},
    "/Event": {"involvedObject": REFERENCE, "reason": "Seen", "type": "Normal"},
    "/PersistentVolume": {"spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
                                   "hostPath": {"path": "/x"}}},
    "/PersistentVolumeClaim": {"spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}},
    "/Pod": {"spec": POD}, "/PodTemplate": {"template": TEMPLATE}, "/ReplicationController": {"spec": {"template": TEMPLATE}},
    "/ResourceQuota": {}, "/Secret": {}, "/Service": {"spec": {"ports": [{"port": 80}]}}, "/ServiceAccount": {},
    "admissionregistration.k8s.io/MutatingAdmissionPolicy": {
        "spec": {"matchConstraints": MATCHED, "mutations": [MUTATION], "reinvocationPolicy": "Never"}},
    "admissionregistration.k8s.io/MutatingAdmissionPolicyBinding": {"spec": {"policyName": "none"}},
    "admissionregistration.k8s.io/MutatingWebhookConfiguration": {},
    "admissionregistration.k8s.io/ValidatingAdmissionPolicy": {
        "spec": {"matchConstraints": MATCHED, "validations": [{"expression": "true"}]}},
    "admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": {
        "spec": {"policyName": "none", "validationActions": ["Audit"]}},
    "admissionregistration.k8s.io/ValidatingWebhookConfiguration": {},
    "apiextensions.k8s.io/CustomResourceDefinition": {
        "spec": {"group": "kinds.example.com", "scope": "Namespaced", "names": {"plural": "swifts", "kind": "Swift"},
                 "versions": [{"name": "v1", "served": True, "storage": True, "schema": SCHEMA}]}},
    "apiregistration.k8s.io/APIService": {
        "spec": {"group": "agg.example.com", "version": "v1", "groupPriorityMinimum": 1000, "versionPriority": 15}},
    "apps/ControllerRevision": {"revision": 2, "data": {"a": 1}},
    "apps/DaemonSet": {"spec": WORKLOAD}, "apps/Deployment": {"spec": WORKLOAD}, "apps/ReplicaSet": {"spec": WORKLOAD},
    "apps/StatefulSet": {"spec": WORKLOAD},
    "autoscaling/HorizontalPodAutoscaler": {"spec": SCALED},
    "batch/CronJob": {"spec": {"schedule": "*/5 * * * *", "jobTemplate": {"spec": {"template": ONCE}}}},
    "batch/Job": {"spec": {"template": ONCE}},
    "coordination.k8s.io/Lease": {},
    "coordination.k8s.io/LeaseCandidate": {
        "spec": {"leaseName": "l", "binaryVersion": "1.36.0", "emulationVersion": "1.36.0", "strategy": "OldestEmulationVersion"}},
    "discovery.k8s.io/EndpointSlice": {"addressType": "IPv4", "endpoints": []},
    "events.k8s.io/Event": {
        "regarding": REFERENCE, "reason": "Seen", "type": "Normal", "eventTime": "2020-01-01T00:00:00.000000Z",
        "reportingController": "example.com/c", "reportingInstance": "i", "action": "Look"},
    "extensions/Ingress": {"spec": {"backend": {"serviceName": "s", "servicePort": 80}}},
    "flowcontrol.apiserver.k8s.io/FlowSchema": {"spec": {"priorityLevelConfiguration": {"name": "none"}}},
    "flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration": {
        "spec": {"type": "Limited", "limited": {"nominalConcurrencyShares": 1, "limitResponse": {"type": "Reject"}}}},
    "internal.apiserver.k8s.io/StorageVersion": {"spec": {}, "status": {}},
    "networking.k8s.io/IPAddress": {"spec": {"parentRef": {"resource": "services", "namespace": "kinds", "name": "b"}}},
    "networking.k8s.io/Ingress": {"spec": {"defaultBackend": {"service": {"name": "s", "port": {"number": 80}}}}},
    "networking.k8s.io/v1beta1/Ingress": {"spec": {"backend": {"serviceName": "s", "servicePort": 80}}},
    "networking.k8s.io/IngressClass": {"spec": {"controller": "example.com/ingress"}},
    "networking.k8s.io/NetworkPolicy": {"spec": {"podSelector": {}}},
    "networking.k8s.io/ServiceCIDR": {"spec": {"cidrs": ["10.200.0.0/24"]}},
    "node.k8s.io/RuntimeClass": {"handler": "runc"},
    "policy/PodDisruptionBudget": {"spec": {"selector": SELECTOR, "minAvailable": 1}},
    "policy/PodSecurityPolicy": {"spec": {
        "seLinux": {"rule": "RunAsAny"}, "runAsUser": {"rule": "RunAsAny"}, "fsGroup": {"rule": "RunAsAny"},
        "supplementalGroups": {"rule": "RunAsAny"}}},
    "rbac.authorization.k8s.io/ClusterRole": {"rules": []},
    "rbac.authorization.k8s.io/ClusterRoleBinding": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}},
    "rbac.authorization.k8s.io/Role": {"rules": []},
    "rbac.authorization.k8s.io/RoleBinding": {
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}},
    "resource.k8s.io/DeviceClass": {"spec": {}},
    "resource.k8s.io/DeviceTaintRule": {"spec": {"taint": {"key": "k", "effect": "NoSchedule"}}},
    "resource.k8s.io/ResourceClaim": {"spec": {}},
    "resource.k8s.io/ResourceClaimTemplate": {"spec": {"spec": {}}},
    "resource.k8s.io/ResourcePoolStatusRequest": {"spec": {"driver": "gpu.example.com"}},
    "resource.k8s.io/ResourceSlice": {"spec": SLICE},
    "scheduling.k8s.io/PriorityClass": {"value": 2},
    "scheduling.k8s.io/Workload": {"spec": {"podGroupTemplates": [{"name": "g", "schedulingPolicy": {"basic": {}}}]}},
    "scheduling.k8s.io/PodGroup": {"spec": {"schedulingPolicy": {"basic": {}}}},
    "storage.k8s.io/CSIDriver": {"spec": {}}, "storage.k8s.io/CSINode": {"spec": {"drivers": [{"name": "csi.example.com", "nodeID": "n"}]}},
    "storage.k8s.io/CSIStorageCapacity": {"storageClassName": "fast"},
    "storage.k8s.io/StorageClass": {"provisioner": "example.com/p"},
    "storage.k8s.io/VolumeAttachment": {
        "spec": {"attacher": "csi.example.com", "nodeName": "n1", "source": {"persistentVolumeName": "pv1"}}},
    "storage.k8s.io/VolumeAttributesClass": {"driverName": "csi.example.com", "parameters": {"iops": "100"}},
    "storagemigration.k8s.io/StorageVersionMigration": {"spec": {"resource": {"group": "apps", "resource": "deployments"}}},
}

# Kinds whose names follow from what they hold.
NAMES = {
    "/Namespace": "kinds-{}", "apiextensions.k8s.io/CustomResourceDefinition": "swifts.kinds.example.com",
    "apiregistration.k8s.io/APIService": "v1.agg.example.com", "networking.k8s.io/IPAddress": "192.0.2.{}",
    "internal.apiserver.k8s.io/StorageVersion": "apps.deployments",
}


def served(discovery):
    """What aggregated discovery says can be created, read and deleted: (group, version, kind, plural, verbs, namespaced)."""
    for group in discovery:
        for version in group.get("versions", []):
            for resource in version.get("resources", []):
                if {"create", "get", "delete", "list"} <= set(resource["verbs"]):
                    yield (group["metadata"].get("name", ""), version["version"], resource["responseKind"]["kind"],
                           resource["resource"], resource["verbs"], resource["scope"] == "Namespaced")


def minimal(resources, certificates):
    """The smallest object of each kind in each version, and the names of kinds for which there is none."""
    objects, unknown = [], []
    for index, (group, version, kind, _, _, namespaced) in enumerate(resources):
        key = f"{group}/{kind}"
        body = BODIES.get(f"{group}/{version}/{kind}", BODIES.get(key, certificates.get(kind)))
        if body is None:
            unknown.append(f"{group}/{version} {kind}")
            continue
        body = json.loads(json.dumps(body))
        own = 10 + index % 200 if kind == "IPAddress" else f"{version}-{group.split('.')[0] or 'core'}"
        name = NAMES.get(key, "least-{}").format(own)
        metadata = {"name": name}
        if namespaced:
            metadata["namespace"] = "kinds"
        objects.append({"apiVersion": f"{group}/{version}" if group else version, "kind": kind, "metadata": metadata, **body})
    return objects, unknown


def without_broken_policies(value):
    """Upstream takes a policy without rules, and its own OpenAPI says that there must be some."""
    if isinstance(value, dict):
        return {key: without_broken_policies(item) for key, item in value.items()
                if key != "podFailurePolicy" or item.get("rules")}
    return [without_broken_policies(item) for item in value] if isinstance(value, list) else value


def full(shared, resources):
    """The largest part of an object with all fields set that upstream accepted, where the recordings are there."""
    path = os.path.join(shared, "upstream-answers", "defaults.jsonl") if shared else ""
    if not path or not os.path.exists(path):
        return []
    known = {(f"{g}/{v}" if g else v, k): n for g, v, k, _, _, n in resources}
    found, names = {}, set()
    for line in open(path):
        case = json.loads(line)
        body = case["body"]
        key = (body.get("apiVersion"), body.get("kind"))
        if key not in known or case["method"] != "POST" or case["answer"]["code"] != 201:
            continue
        if case["id"].endswith(("/sample", "/sample-creatable", "/sample-grown")):
            body["metadata"].pop("generateName", None)
            if known[key]:
                body["metadata"]["namespace"] = "kinds"
            if (body["kind"], body["metadata"]["name"]) in names and key not in found:
                body["metadata"]["name"] += "-" + body["apiVersion"].split("/")[-1]
            names.add((body["kind"], body["metadata"]["name"]))
            found[key] = without_broken_policies(body)
    return list(found.values())


def certificates():
    """Bodies of the kinds that hold a certificate or a request for one, where openssl can make them."""
    with tempfile.TemporaryDirectory() as folder:
        key, request, certificate = (os.path.join(folder, name) for name in ("key", "request", "certificate"))
        subject = "/CN=alice/O=dev"
        try:
            for arguments in (
                ["req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", subject,
                 "-keyout", key, "-out", request],
                ["req", "-x509", "-new", "-key", key, "-subj", subject, "-days", "2", "-out", certificate,
                 "-addext", "basicConstraints=critical,CA:TRUE"],
            ):
                subprocess.run(["openssl", *arguments], check=True, capture_output=True)
            text, trusted = open(request, "rb").read(), open(certificate).read()
        except (OSError, subprocess.CalledProcessError):
            text, trusted = b"", ""
    return {
        "CertificateSigningRequest": {"spec": {
            "request": base64.b64encode(text).decode(), "signerName": "kubernetes.io/kube-apiserver-client",
            "usages": ["client auth"]}},
        "ClusterTrustBundle": {"spec": {"trustBundle": trusted}},
    }
