import MartinetAPI
import MartinetBase
import MartinetCustomResources
import MartinetSchema

/// What the recorded server's admission and allocation added, so that an update that leaves it out is a change.
enum Admission {
    static func admit(_ object: inout Object, old: Object?) {
        guard object.type == Pod.type else { return }
        var pod = Pod(object: object)
        for key in ["node.kubernetes.io/not-ready", "node.kubernetes.io/unreachable"]
        where !pod.spec.tolerations.contains(where: {
            ($0.key == key || $0.key.isEmpty) && ($0.effect == "NoExecute" || $0.effect.isEmpty)
        }) {
            pod.spec.tolerations.append(
                Toleration {
                    $0.key = key
                    $0.operator = "Exists"
                    $0.effect = "NoExecute"
                    $0.tolerationSeconds = 300
                })
        }
        if let old {
            let before = Pod(object: old).spec
            if pod.spec.priority == nil { pod.spec.priority = before.priority }
            if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = before.preemptionPolicy }
        } else {
            if pod.spec.serviceAccountName.isEmpty {
                pod.spec.serviceAccountName = "default"
                pod.spec.serviceAccount = "default"
            }
            if pod.spec.priority == nil { pod.spec.priority = 0 }
            if pod.spec.preemptionPolicy == nil { pod.spec.preemptionPolicy = "PreemptLowerPriority" }
            if pod.spec.automountServiceAccountToken != false { mountToken(&pod) }
        }
        object = pod.object
    }

    private static func mountToken(_ pod: inout Pod) {
        let name = "kube-api-access-xxxxx"
        pod.spec.volumes.append(
            Volume {
                $0.name = name
                $0.projected = ProjectedVolumeSource { projected in
                    projected.defaultMode = 0o644
                    projected.sources = [
                        VolumeProjection {
                            $0.serviceAccountToken = ServiceAccountTokenProjection {
                                $0.expirationSeconds = 3607
                                $0.path = "token"
                            }
                        },
                        VolumeProjection {
                            $0.configMap = ConfigMapProjection {
                                $0.name = "kube-root-ca.crt"
                                $0.items = [
                                    KeyToPath {
                                        $0.key = "ca.crt"
                                        $0.path = "ca.crt"
                                    }
                                ]
                            }
                        },
                        VolumeProjection {
                            $0.downwardAPI = DownwardAPIProjection {
                                $0.items = [
                                    DownwardAPIVolumeFile {
                                        $0.path = "namespace"
                                        $0.fieldRef = ObjectFieldSelector {
                                            $0.apiVersion = "v1"
                                            $0.fieldPath = "metadata.namespace"
                                        }
                                    }
                                ]
                            }
                        },
                    ]
                }
            })
        func mount(_ container: inout Container) {
            container.volumeMounts.append(
                VolumeMount {
                    $0.name = name
                    $0.mountPath = "/var/run/secrets/kubernetes.io/serviceaccount"
                    $0.readOnly = true
                })
        }
        for index in pod.spec.containers.indices { mount(&pod.spec.containers[index]) }
        for index in pod.spec.initContainers.indices { mount(&pod.spec.initContainers[index]) }
    }

    static func stored(_ object: Object) -> Object {
        var object = object
        Judge.metadata(&object) { $0.resourceVersion = "7" }
        if object.type == CustomResourceDefinition.type {
            // A controller accepts the names a moment later.
            var crd = CustomResourceDefinition(object: object)
            crd.status = AcceptedNames.status(of: crd, others: [], builtins: [], now: .init(seconds: 0))
            object = crd.object
        }
        return object
    }
}
