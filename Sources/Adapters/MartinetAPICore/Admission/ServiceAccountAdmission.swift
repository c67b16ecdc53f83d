import MartinetBase
import MartinetAPI
import MartinetClient
import MartinetSchema

/// A pod runs as a service account of its namespace and gets its token, unless it says otherwise.
///
/// Source: the ServiceAccount admission controller and the bound token volume (KEP-1205).
struct ServiceAccountAdmission: AdmissionPlugin {
    let name = "ServiceAccount"
    static let mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"

    func admit(_ attributes: inout AdmissionAttributes, in registry: Registry) throws(APIError) {
        guard attributes.isPodCreation else { return }
        var pod = Pod(object: attributes.object)
        // The mirror of a static pod has no token: the node runs it without the API.
        if pod.metadata.annotations["kubernetes.io/config.mirror"] != nil { return }
        if pod.spec.serviceAccountName.isEmpty { pod.spec.serviceAccountName = "default" }
        pod.spec.serviceAccount = pod.spec.serviceAccountName
        let namespace = attributes.resource.namespace ?? ""
        let account = try account(pod.spec.serviceAccountName, namespace, attributes, registry)
        if pod.spec.imagePullSecrets.isEmpty { pod.spec.imagePullSecrets = account.imagePullSecrets }
        if pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true {
            mountToken(in: &pod, suffix: registry.runtime.nameSuffix())
        }
        attributes.object = pod.object
    }

    private func account(
        _ name: String, _ namespace: String, _ attributes: AdmissionAttributes, _ registry: Registry
    ) throws(APIError) -> ServiceAccount {
        let accounts = ResourceName(version: "v1", plural: "serviceaccounts", namespace: namespace, name: name)
        if let resource = registry.served[accounts],
            let found = resource.cache.get(resource.key(namespace: namespace, name: name))
        {
            return ServiceAccount(object: found.object)
        }
        var target = attributes.resource
        target.name = attributes.object.metadata.name
        var error = APIError.about(
            target, code: 403, reason: "Forbidden",
            "is forbidden: error looking up service account \(namespace)/\(name): serviceaccount \"\(name)\" not found")
        // The account of a new namespace is made a moment after it.
        error.retryAfterSeconds = 1
        throw error
    }

    private func mountToken(in pod: inout Pod, suffix: String) {
        func lacksMount(_ container: Container) -> Bool {
            !container.volumeMounts.contains { $0.mountPath == ServiceAccountAdmission.mountPath }
        }
        guard pod.spec.containers.contains(where: lacksMount) || pod.spec.initContainers.contains(where: lacksMount)
        else { return }
        // The volume may be there already: a policy may add a container to a pod that was here before.
        let known = pod.spec.volumes.first { $0.name.hasPrefix("kube-api-access-") }?.name
        let volumeName = known ?? "kube-api-access-\(suffix)"
        let mount = VolumeMount {
            $0.name = volumeName
            $0.readOnly = true
            $0.mountPath = ServiceAccountAdmission.mountPath
        }
        for index in pod.spec.containers.indices where lacksMount(pod.spec.containers[index]) {
            pod.spec.containers[index].volumeMounts.append(mount)
        }
        for index in pod.spec.initContainers.indices where lacksMount(pod.spec.initContainers[index]) {
            pod.spec.initContainers[index].volumeMounts.append(mount)
        }
        if known == nil { pod.spec.volumes.append(tokenVolume(volumeName)) }
    }

    /// The token, the cluster's authority and the pod's namespace, in one folder.
    private func tokenVolume(_ name: String) -> Volume {
        let token = VolumeProjection {
            $0.serviceAccountToken = ServiceAccountTokenProjection {
                $0.expirationSeconds = 3607
                $0.path = "token"
            }
        }
        let authority = VolumeProjection {
            $0.configMap = ConfigMapProjection {
                $0.name = "kube-root-ca.crt"
                $0.items = [KeyToPath { ($0.key, $0.path) = ("ca.crt", "ca.crt") }]
            }
        }
        let namespaceField = ObjectFieldSelector { ($0.apiVersion, $0.fieldPath) = ("v1", "metadata.namespace") }
        let namespace = VolumeProjection {
            $0.downwardAPI = DownwardAPIProjection {
                $0.items = [DownwardAPIVolumeFile { ($0.path, $0.fieldRef) = ("namespace", namespaceField) }]
            }
        }
        return Volume {
            $0.name = name
            $0.projected = ProjectedVolumeSource {
                ($0.sources, $0.defaultMode) = ([token, authority, namespace], 420)
            }
        }
    }
}
