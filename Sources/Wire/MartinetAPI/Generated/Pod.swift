// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct Pod: View {
    package static let type = Schema.builtin.type(named: "v1.Pod")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: PodSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: PodStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct PodSpec: View {
    package static let type = Schema.builtin.type(named: "v1.PodSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumes: ViewList<Volume> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var initContainers: ViewList<Container> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var containers: ViewList<Container> { get { object[list: 2] } _modify { yield &object[list: 2] } }
    package var ephemeralContainers: ViewList<EphemeralContainer> { get { object[list: 3] } _modify { yield &object[list: 3] } }
    package var restartPolicy: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var terminationGracePeriodSeconds: Int64? { get { object[optionalInt: 5] } set { object[optionalInt: 5] = newValue } }
    package var activeDeadlineSeconds: Int64? { get { object[optionalInt: 6] } set { object[optionalInt: 6] = newValue } }
    package var dnsPolicy: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var nodeSelector: StringMap { get { object[stringMap: 8] } _modify { yield &object[stringMap: 8] } }
    package var serviceAccountName: String { get { object[string: 9] } set { object[string: 9] = newValue } }
    package var serviceAccount: String { get { object[string: 10] } set { object[string: 10] = newValue } }
    package var automountServiceAccountToken: Bool? { get { object[optionalBool: 11] } set { object[optionalBool: 11] = newValue } }
    package var nodeName: String { get { object[string: 12] } set { object[string: 12] = newValue } }
    package var hostNetwork: Bool { get { object[bool: 13] } set { object[bool: 13] = newValue } }
    package var hostPID: Bool { get { object[bool: 14] } set { object[bool: 14] = newValue } }
    package var hostIPC: Bool { get { object[bool: 15] } set { object[bool: 15] = newValue } }
    package var shareProcessNamespace: Bool? { get { object[optionalBool: 16] } set { object[optionalBool: 16] = newValue } }
    package var securityContext: PodSecurityContext? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var imagePullSecrets: ViewList<LocalObjectReference> { get { object[list: 18] } _modify { yield &object[list: 18] } }
    package var hostname: String { get { object[string: 19] } set { object[string: 19] = newValue } }
    package var subdomain: String { get { object[string: 20] } set { object[string: 20] = newValue } }
    package var affinity: Affinity? { get { object[optionalView: 21] } _modify { yield &object[optionalView: 21] } }
    package var schedulerName: String { get { object[string: 22] } set { object[string: 22] = newValue } }
    package var tolerations: ViewList<Toleration> { get { object[list: 23] } _modify { yield &object[list: 23] } }
    package var hostAliases: ViewList<HostAlias> { get { object[list: 24] } _modify { yield &object[list: 24] } }
    package var priorityClassName: String { get { object[string: 25] } set { object[string: 25] = newValue } }
    package var priority: Int32? { get { object[optionalInt32: 26] } set { object[optionalInt32: 26] = newValue } }
    package var dnsConfig: PodDNSConfig? { get { object[optionalView: 27] } _modify { yield &object[optionalView: 27] } }
    package var readinessGates: ViewList<PodReadinessGate> { get { object[list: 28] } _modify { yield &object[list: 28] } }
    package var runtimeClassName: String? { get { object[optionalString: 29] } set { object[optionalString: 29] = newValue } }
    package var enableServiceLinks: Bool? { get { object[optionalBool: 30] } set { object[optionalBool: 30] = newValue } }
    package var preemptionPolicy: String? { get { object[optionalString: 31] } set { object[optionalString: 31] = newValue } }
    package var overhead: StringMap { get { object[stringMap: 32] } _modify { yield &object[stringMap: 32] } }
    package var topologySpreadConstraints: ViewList<TopologySpreadConstraint> { get { object[list: 33] } _modify { yield &object[list: 33] } }
    package var setHostnameAsFQDN: Bool? { get { object[optionalBool: 34] } set { object[optionalBool: 34] = newValue } }
    package var os: PodOS? { get { object[optionalView: 35] } _modify { yield &object[optionalView: 35] } }
    package var hostUsers: Bool? { get { object[optionalBool: 36] } set { object[optionalBool: 36] = newValue } }
    package var schedulingGates: ViewList<PodSchedulingGate> { get { object[list: 37] } _modify { yield &object[list: 37] } }
    package var resourceClaims: ViewList<PodResourceClaim> { get { object[list: 38] } _modify { yield &object[list: 38] } }
    package var resources: ResourceRequirements? { get { object[optionalView: 39] } _modify { yield &object[optionalView: 39] } }
    package var hostnameOverride: String? { get { object[optionalString: 40] } set { object[optionalString: 40] = newValue } }
    package var schedulingGroup: PodSchedulingGroup? { get { object[optionalView: 41] } _modify { yield &object[optionalView: 41] } }
}

package struct PodStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PodStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var observedGeneration: Int64 { get { object[int: 0] } set { object[int: 0] = newValue } }
    package var phase: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var conditions: ViewList<PodCondition> { get { object[list: 2] } _modify { yield &object[list: 2] } }
    package var message: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var reason: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var nominatedNodeName: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var hostIP: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var hostIPs: ViewList<HostIP> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var podIP: String { get { object[string: 8] } set { object[string: 8] = newValue } }
    package var podIPs: ViewList<PodIP> { get { object[list: 9] } _modify { yield &object[list: 9] } }
    package var startTime: Timestamp? { get { object[time: 10] } set { object[time: 10] = newValue } }
    package var initContainerStatuses: ViewList<ContainerStatus> { get { object[list: 11] } _modify { yield &object[list: 11] } }
    package var containerStatuses: ViewList<ContainerStatus> { get { object[list: 12] } _modify { yield &object[list: 12] } }
    package var qosClass: String { get { object[string: 13] } set { object[string: 13] = newValue } }
    package var ephemeralContainerStatuses: ViewList<ContainerStatus> { get { object[list: 14] } _modify { yield &object[list: 14] } }
    package var resize: String { get { object[string: 15] } set { object[string: 15] = newValue } }
    package var resourceClaimStatuses: ViewList<PodResourceClaimStatus> { get { object[list: 16] } _modify { yield &object[list: 16] } }
    package var extendedResourceClaimStatus: PodExtendedResourceClaimStatus? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var allocatedResources: StringMap { get { object[stringMap: 18] } _modify { yield &object[stringMap: 18] } }
    package var resources: ResourceRequirements? { get { object[optionalView: 19] } _modify { yield &object[optionalView: 19] } }
    package var nodeAllocatableResourceClaimStatuses: ViewList<NodeAllocatableResourceClaimStatus> { get { object[list: 20] } _modify { yield &object[list: 20] } }
}

package struct Volume: View {
    package static let type = Schema.builtin.type(named: "v1.Volume")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var hostPath: HostPathVolumeSource? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var emptyDir: EmptyDirVolumeSource? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var gcePersistentDisk: GCEPersistentDiskVolumeSource? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var awsElasticBlockStore: AWSElasticBlockStoreVolumeSource? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var gitRepo: GitRepoVolumeSource? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
    package var secret: SecretVolumeSource? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var nfs: NFSVolumeSource? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
    package var iscsi: ISCSIVolumeSource? { get { object[optionalView: 8] } _modify { yield &object[optionalView: 8] } }
    package var glusterfs: GlusterfsVolumeSource? { get { object[optionalView: 9] } _modify { yield &object[optionalView: 9] } }
    package var persistentVolumeClaim: PersistentVolumeClaimVolumeSource? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var rbd: RBDVolumeSource? { get { object[optionalView: 11] } _modify { yield &object[optionalView: 11] } }
    package var flexVolume: FlexVolumeSource? { get { object[optionalView: 12] } _modify { yield &object[optionalView: 12] } }
    package var cinder: CinderVolumeSource? { get { object[optionalView: 13] } _modify { yield &object[optionalView: 13] } }
    package var cephfs: CephFSVolumeSource? { get { object[optionalView: 14] } _modify { yield &object[optionalView: 14] } }
    package var flocker: FlockerVolumeSource? { get { object[optionalView: 15] } _modify { yield &object[optionalView: 15] } }
    package var downwardAPI: DownwardAPIVolumeSource? { get { object[optionalView: 16] } _modify { yield &object[optionalView: 16] } }
    package var fc: FCVolumeSource? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var azureFile: AzureFileVolumeSource? { get { object[optionalView: 18] } _modify { yield &object[optionalView: 18] } }
    package var configMap: ConfigMapVolumeSource? { get { object[optionalView: 19] } _modify { yield &object[optionalView: 19] } }
    package var vsphereVolume: VsphereVirtualDiskVolumeSource? { get { object[optionalView: 20] } _modify { yield &object[optionalView: 20] } }
    package var quobyte: QuobyteVolumeSource? { get { object[optionalView: 21] } _modify { yield &object[optionalView: 21] } }
    package var azureDisk: AzureDiskVolumeSource? { get { object[optionalView: 22] } _modify { yield &object[optionalView: 22] } }
    package var photonPersistentDisk: PhotonPersistentDiskVolumeSource? { get { object[optionalView: 23] } _modify { yield &object[optionalView: 23] } }
    package var projected: ProjectedVolumeSource? { get { object[optionalView: 24] } _modify { yield &object[optionalView: 24] } }
    package var portworxVolume: PortworxVolumeSource? { get { object[optionalView: 25] } _modify { yield &object[optionalView: 25] } }
    package var scaleIO: ScaleIOVolumeSource? { get { object[optionalView: 26] } _modify { yield &object[optionalView: 26] } }
    package var storageos: StorageOSVolumeSource? { get { object[optionalView: 27] } _modify { yield &object[optionalView: 27] } }
    package var csi: CSIVolumeSource? { get { object[optionalView: 28] } _modify { yield &object[optionalView: 28] } }
    package var ephemeral: EphemeralVolumeSource? { get { object[optionalView: 29] } _modify { yield &object[optionalView: 29] } }
    package var image: ImageVolumeSource? { get { object[optionalView: 30] } _modify { yield &object[optionalView: 30] } }
}

package struct Container: View {
    package static let type = Schema.builtin.type(named: "v1.Container")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var image: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var command: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
    package var args: [String] { get { object[strings: 3] } set { object[strings: 3] = newValue } }
    package var workingDir: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var ports: ViewList<ContainerPort> { get { object[list: 5] } _modify { yield &object[list: 5] } }
    package var envFrom: ViewList<EnvFromSource> { get { object[list: 6] } _modify { yield &object[list: 6] } }
    package var env: ViewList<EnvVar> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var resources: ResourceRequirements { get { object[view: 8] } _modify { yield &object[view: 8] } }
    package var resizePolicy: ViewList<ContainerResizePolicy> { get { object[list: 9] } _modify { yield &object[list: 9] } }
    package var restartPolicy: String? { get { object[optionalString: 10] } set { object[optionalString: 10] = newValue } }
    package var restartPolicyRules: ViewList<ContainerRestartRule> { get { object[list: 11] } _modify { yield &object[list: 11] } }
    package var volumeMounts: ViewList<VolumeMount> { get { object[list: 12] } _modify { yield &object[list: 12] } }
    package var volumeDevices: ViewList<VolumeDevice> { get { object[list: 13] } _modify { yield &object[list: 13] } }
    package var livenessProbe: Probe? { get { object[optionalView: 14] } _modify { yield &object[optionalView: 14] } }
    package var readinessProbe: Probe? { get { object[optionalView: 15] } _modify { yield &object[optionalView: 15] } }
    package var startupProbe: Probe? { get { object[optionalView: 16] } _modify { yield &object[optionalView: 16] } }
    package var lifecycle: Lifecycle? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var terminationMessagePath: String { get { object[string: 18] } set { object[string: 18] = newValue } }
    package var terminationMessagePolicy: String { get { object[string: 19] } set { object[string: 19] = newValue } }
    package var imagePullPolicy: String { get { object[string: 20] } set { object[string: 20] = newValue } }
    package var securityContext: SecurityContext? { get { object[optionalView: 21] } _modify { yield &object[optionalView: 21] } }
    package var stdin: Bool { get { object[bool: 22] } set { object[bool: 22] = newValue } }
    package var stdinOnce: Bool { get { object[bool: 23] } set { object[bool: 23] = newValue } }
    package var tty: Bool { get { object[bool: 24] } set { object[bool: 24] = newValue } }
}

package struct EphemeralContainer: View {
    package static let type = Schema.builtin.type(named: "v1.EphemeralContainer")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var image: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var command: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
    package var args: [String] { get { object[strings: 3] } set { object[strings: 3] = newValue } }
    package var workingDir: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var ports: ViewList<ContainerPort> { get { object[list: 5] } _modify { yield &object[list: 5] } }
    package var envFrom: ViewList<EnvFromSource> { get { object[list: 6] } _modify { yield &object[list: 6] } }
    package var env: ViewList<EnvVar> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var resources: ResourceRequirements { get { object[view: 8] } _modify { yield &object[view: 8] } }
    package var resizePolicy: ViewList<ContainerResizePolicy> { get { object[list: 9] } _modify { yield &object[list: 9] } }
    package var restartPolicy: String? { get { object[optionalString: 10] } set { object[optionalString: 10] = newValue } }
    package var restartPolicyRules: ViewList<ContainerRestartRule> { get { object[list: 11] } _modify { yield &object[list: 11] } }
    package var volumeMounts: ViewList<VolumeMount> { get { object[list: 12] } _modify { yield &object[list: 12] } }
    package var volumeDevices: ViewList<VolumeDevice> { get { object[list: 13] } _modify { yield &object[list: 13] } }
    package var livenessProbe: Probe? { get { object[optionalView: 14] } _modify { yield &object[optionalView: 14] } }
    package var readinessProbe: Probe? { get { object[optionalView: 15] } _modify { yield &object[optionalView: 15] } }
    package var startupProbe: Probe? { get { object[optionalView: 16] } _modify { yield &object[optionalView: 16] } }
    package var lifecycle: Lifecycle? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var terminationMessagePath: String { get { object[string: 18] } set { object[string: 18] = newValue } }
    package var terminationMessagePolicy: String { get { object[string: 19] } set { object[string: 19] = newValue } }
    package var imagePullPolicy: String { get { object[string: 20] } set { object[string: 20] = newValue } }
    package var securityContext: SecurityContext? { get { object[optionalView: 21] } _modify { yield &object[optionalView: 21] } }
    package var stdin: Bool { get { object[bool: 22] } set { object[bool: 22] = newValue } }
    package var stdinOnce: Bool { get { object[bool: 23] } set { object[bool: 23] = newValue } }
    package var tty: Bool { get { object[bool: 24] } set { object[bool: 24] = newValue } }
    package var targetContainerName: String { get { object[string: 25] } set { object[string: 25] = newValue } }
}

package struct PodSecurityContext: View {
    package static let type = Schema.builtin.type(named: "v1.PodSecurityContext")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var seLinuxOptions: SELinuxOptions? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var windowsOptions: WindowsSecurityContextOptions? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var runAsUser: Int64? { get { object[optionalInt: 2] } set { object[optionalInt: 2] = newValue } }
    package var runAsGroup: Int64? { get { object[optionalInt: 3] } set { object[optionalInt: 3] = newValue } }
    package var runAsNonRoot: Bool? { get { object[optionalBool: 4] } set { object[optionalBool: 4] = newValue } }
    package var supplementalGroups: [Int64] { get { object[ints: 5] } set { object[ints: 5] = newValue } }
    package var supplementalGroupsPolicy: String? { get { object[optionalString: 6] } set { object[optionalString: 6] = newValue } }
    package var fsGroup: Int64? { get { object[optionalInt: 7] } set { object[optionalInt: 7] = newValue } }
    package var sysctls: ViewList<Sysctl> { get { object[list: 8] } _modify { yield &object[list: 8] } }
    package var fsGroupChangePolicy: String? { get { object[optionalString: 9] } set { object[optionalString: 9] = newValue } }
    package var seccompProfile: SeccompProfile? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var appArmorProfile: AppArmorProfile? { get { object[optionalView: 11] } _modify { yield &object[optionalView: 11] } }
    package var seLinuxChangePolicy: String? { get { object[optionalString: 12] } set { object[optionalString: 12] = newValue } }
}

package struct LocalObjectReference: View {
    package static let type = Schema.builtin.type(named: "v1.LocalObjectReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct Affinity: View {
    package static let type = Schema.builtin.type(named: "v1.Affinity")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var nodeAffinity: NodeAffinity? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var podAffinity: PodAffinity? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var podAntiAffinity: PodAntiAffinity? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
}

package struct Toleration: View {
    package static let type = Schema.builtin.type(named: "v1.Toleration")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var key: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var `operator`: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var value: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var effect: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var tolerationSeconds: Int64? { get { object[optionalInt: 4] } set { object[optionalInt: 4] = newValue } }
}

package struct HostAlias: View {
    package static let type = Schema.builtin.type(named: "v1.HostAlias")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ip: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var hostnames: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
}

package struct PodDNSConfig: View {
    package static let type = Schema.builtin.type(named: "v1.PodDNSConfig")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var nameservers: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var searches: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
    package var options: ViewList<PodDNSConfigOption> { get { object[list: 2] } _modify { yield &object[list: 2] } }
}

package struct PodReadinessGate: View {
    package static let type = Schema.builtin.type(named: "v1.PodReadinessGate")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var conditionType: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct TopologySpreadConstraint: View {
    package static let type = Schema.builtin.type(named: "v1.TopologySpreadConstraint")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var maxSkew: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var topologyKey: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var whenUnsatisfiable: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var labelSelector: LabelSelector? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var minDomains: Int32? { get { object[optionalInt32: 4] } set { object[optionalInt32: 4] = newValue } }
    package var nodeAffinityPolicy: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
    package var nodeTaintsPolicy: String? { get { object[optionalString: 6] } set { object[optionalString: 6] = newValue } }
    package var matchLabelKeys: [String] { get { object[strings: 7] } set { object[strings: 7] = newValue } }
}

package struct PodOS: View {
    package static let type = Schema.builtin.type(named: "v1.PodOS")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct PodSchedulingGate: View {
    package static let type = Schema.builtin.type(named: "v1.PodSchedulingGate")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct PodResourceClaim: View {
    package static let type = Schema.builtin.type(named: "v1.PodResourceClaim")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resourceClaimName: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
    package var resourceClaimTemplateName: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}

package struct ResourceRequirements: View {
    package static let type = Schema.builtin.type(named: "v1.ResourceRequirements")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var limits: StringMap { get { object[stringMap: 0] } _modify { yield &object[stringMap: 0] } }
    package var requests: StringMap { get { object[stringMap: 1] } _modify { yield &object[stringMap: 1] } }
    package var claims: ViewList<ResourceClaim> { get { object[list: 2] } _modify { yield &object[list: 2] } }
}

package struct PodSchedulingGroup: View {
    package static let type = Schema.builtin.type(named: "v1.PodSchedulingGroup")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var podGroupName: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
}

package struct PodCondition: View {
    package static let type = Schema.builtin.type(named: "v1.PodCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var observedGeneration: Int64 { get { object[int: 1] } set { object[int: 1] = newValue } }
    package var status: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var lastProbeTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 4] } set { object[time: 4] = newValue } }
    package var reason: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var message: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}

package struct HostIP: View {
    package static let type = Schema.builtin.type(named: "v1.HostIP")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ip: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct PodIP: View {
    package static let type = Schema.builtin.type(named: "v1.PodIP")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var ip: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct ContainerStatus: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var state: ContainerState { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var lastState: ContainerState { get { object[view: 2] } _modify { yield &object[view: 2] } }
    package var ready: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var restartCount: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
    package var image: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var imageID: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var containerID: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var started: Bool? { get { object[optionalBool: 8] } set { object[optionalBool: 8] = newValue } }
    package var allocatedResources: StringMap { get { object[stringMap: 9] } _modify { yield &object[stringMap: 9] } }
    package var resources: ResourceRequirements? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var volumeMounts: ViewList<VolumeMountStatus> { get { object[list: 11] } _modify { yield &object[list: 11] } }
    package var user: ContainerUser? { get { object[optionalView: 12] } _modify { yield &object[optionalView: 12] } }
    package var allocatedResourcesStatus: ViewList<ResourceStatus> { get { object[list: 13] } _modify { yield &object[list: 13] } }
    package var stopSignal: String? { get { object[optionalString: 14] } set { object[optionalString: 14] = newValue } }
}

package struct PodResourceClaimStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PodResourceClaimStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resourceClaimName: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct PodExtendedResourceClaimStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PodExtendedResourceClaimStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var requestMappings: ViewList<ContainerExtendedResourceRequest> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var resourceClaimName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct NodeAllocatableResourceClaimStatus: View {
    package static let type = Schema.builtin.type(named: "v1.NodeAllocatableResourceClaimStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var resourceClaimName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var containers: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
    package var resources: StringMap { get { object[stringMap: 2] } _modify { yield &object[stringMap: 2] } }
}

package struct HostPathVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.HostPathVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var path: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var type: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct EmptyDirVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.EmptyDirVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var medium: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var sizeLimit: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct GCEPersistentDiskVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.GCEPersistentDiskVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var pdName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var partition: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
}

package struct AWSElasticBlockStoreVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.AWSElasticBlockStoreVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var partition: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
}

package struct GitRepoVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.GitRepoVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var repository: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var revision: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var directory: String { get { object[string: 2] } set { object[string: 2] = newValue } }
}

package struct SecretVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.SecretVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var secretName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var items: ViewList<KeyToPath> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var defaultMode: Int32? { get { object[optionalInt32: 2] } set { object[optionalInt32: 2] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
}

package struct NFSVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.NFSVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var server: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
}

package struct ISCSIVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ISCSIVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var targetPortal: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var iqn: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lun: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var iscsiInterface: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var fsType: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var readOnly: Bool { get { object[bool: 5] } set { object[bool: 5] = newValue } }
    package var portals: [String] { get { object[strings: 6] } set { object[strings: 6] = newValue } }
    package var chapAuthDiscovery: Bool { get { object[bool: 7] } set { object[bool: 7] = newValue } }
    package var chapAuthSession: Bool { get { object[bool: 8] } set { object[bool: 8] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 9] } _modify { yield &object[optionalView: 9] } }
    package var initiatorName: String? { get { object[optionalString: 10] } set { object[optionalString: 10] = newValue } }
}

package struct GlusterfsVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.GlusterfsVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var endpoints: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
}

package struct PersistentVolumeClaimVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaimVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var claimName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var readOnly: Bool { get { object[bool: 1] } set { object[bool: 1] = newValue } }
}

package struct RBDVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.RBDVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var monitors: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var image: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var fsType: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var pool: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var user: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var keyring: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var readOnly: Bool { get { object[bool: 7] } set { object[bool: 7] = newValue } }
}

package struct FlexVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.FlexVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var driver: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var options: StringMap { get { object[stringMap: 4] } _modify { yield &object[stringMap: 4] } }
}

package struct CinderVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CinderVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
}

package struct CephFSVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CephFSVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var monitors: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var user: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var secretFile: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var readOnly: Bool { get { object[bool: 5] } set { object[bool: 5] = newValue } }
}

package struct FlockerVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.FlockerVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var datasetName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var datasetUUID: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct DownwardAPIVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.DownwardAPIVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var items: ViewList<DownwardAPIVolumeFile> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var defaultMode: Int32? { get { object[optionalInt32: 1] } set { object[optionalInt32: 1] = newValue } }
}

package struct FCVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.FCVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var targetWWNs: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var lun: Int32? { get { object[optionalInt32: 1] } set { object[optionalInt32: 1] = newValue } }
    package var fsType: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var wwids: [String] { get { object[strings: 4] } set { object[strings: 4] = newValue } }
}

package struct AzureFileVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.AzureFileVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var secretName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var shareName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
}

package struct ConfigMapVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMapVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var items: ViewList<KeyToPath> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var defaultMode: Int32? { get { object[optionalInt32: 2] } set { object[optionalInt32: 2] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
}

package struct VsphereVirtualDiskVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.VsphereVirtualDiskVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumePath: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var storagePolicyName: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var storagePolicyID: String { get { object[string: 3] } set { object[string: 3] = newValue } }
}

package struct QuobyteVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.QuobyteVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var registry: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var volume: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var user: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var group: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var tenant: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct AzureDiskVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.AzureDiskVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var diskName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var diskURI: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var cachingMode: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var fsType: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
    package var readOnly: Bool? { get { object[optionalBool: 4] } set { object[optionalBool: 4] = newValue } }
    package var kind: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
}

package struct PhotonPersistentDiskVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.PhotonPersistentDiskVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var pdID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ProjectedVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ProjectedVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var sources: ViewList<VolumeProjection> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var defaultMode: Int32? { get { object[optionalInt32: 1] } set { object[optionalInt32: 1] = newValue } }
}

package struct PortworxVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.PortworxVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
}

package struct ScaleIOVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ScaleIOVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var gateway: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var system: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var sslEnabled: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var protectionDomain: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var storagePool: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var storageMode: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var volumeName: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var fsType: String { get { object[string: 8] } set { object[string: 8] = newValue } }
    package var readOnly: Bool { get { object[bool: 9] } set { object[bool: 9] = newValue } }
}

package struct StorageOSVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.StorageOSVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var volumeNamespace: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var fsType: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var secretRef: LocalObjectReference? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct CSIVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CSIVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var driver: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var readOnly: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
    package var fsType: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var volumeAttributes: StringMap { get { object[stringMap: 3] } _modify { yield &object[stringMap: 3] } }
    package var nodePublishSecretRef: LocalObjectReference? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct EphemeralVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.EphemeralVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeClaimTemplate: PersistentVolumeClaimTemplate? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct ImageVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ImageVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var reference: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var pullPolicy: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ContainerPort: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerPort")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var hostPort: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var containerPort: Int32 { get { object[int32: 2] } set { object[int32: 2] = newValue } }
    package var `protocol`: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var hostIP: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}

package struct EnvFromSource: View {
    package static let type = Schema.builtin.type(named: "v1.EnvFromSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var prefix: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var configMapRef: ConfigMapEnvSource? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var secretRef: SecretEnvSource? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
}

package struct EnvVar: View {
    package static let type = Schema.builtin.type(named: "v1.EnvVar")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var value: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var valueFrom: EnvVarSource? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
}

package struct ContainerResizePolicy: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerResizePolicy")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var resourceName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var restartPolicy: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ContainerRestartRule: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerRestartRule")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var action: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var exitCodes: ContainerRestartRuleOnExitCodes? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct VolumeMount: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeMount")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var readOnly: Bool { get { object[bool: 1] } set { object[bool: 1] = newValue } }
    package var recursiveReadOnly: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var mountPath: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var subPath: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var mountPropagation: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
    package var subPathExpr: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}

package struct VolumeDevice: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeDevice")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var devicePath: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct Probe: View {
    package static let type = Schema.builtin.type(named: "v1.Probe")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var exec: ExecAction? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var httpGet: HTTPGetAction? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var tcpSocket: TCPSocketAction? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var grpc: GRPCAction? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var initialDelaySeconds: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
    package var timeoutSeconds: Int32 { get { object[int32: 5] } set { object[int32: 5] = newValue } }
    package var periodSeconds: Int32 { get { object[int32: 6] } set { object[int32: 6] = newValue } }
    package var successThreshold: Int32 { get { object[int32: 7] } set { object[int32: 7] = newValue } }
    package var failureThreshold: Int32 { get { object[int32: 8] } set { object[int32: 8] = newValue } }
    package var terminationGracePeriodSeconds: Int64? { get { object[optionalInt: 9] } set { object[optionalInt: 9] = newValue } }
}

package struct Lifecycle: View {
    package static let type = Schema.builtin.type(named: "v1.Lifecycle")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var postStart: LifecycleHandler? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var preStop: LifecycleHandler? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var stopSignal: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}

package struct SecurityContext: View {
    package static let type = Schema.builtin.type(named: "v1.SecurityContext")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var capabilities: Capabilities? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var privileged: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
    package var seLinuxOptions: SELinuxOptions? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var windowsOptions: WindowsSecurityContextOptions? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var runAsUser: Int64? { get { object[optionalInt: 4] } set { object[optionalInt: 4] = newValue } }
    package var runAsGroup: Int64? { get { object[optionalInt: 5] } set { object[optionalInt: 5] = newValue } }
    package var runAsNonRoot: Bool? { get { object[optionalBool: 6] } set { object[optionalBool: 6] = newValue } }
    package var readOnlyRootFilesystem: Bool? { get { object[optionalBool: 7] } set { object[optionalBool: 7] = newValue } }
    package var allowPrivilegeEscalation: Bool? { get { object[optionalBool: 8] } set { object[optionalBool: 8] = newValue } }
    package var procMount: String? { get { object[optionalString: 9] } set { object[optionalString: 9] = newValue } }
    package var seccompProfile: SeccompProfile? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var appArmorProfile: AppArmorProfile? { get { object[optionalView: 11] } _modify { yield &object[optionalView: 11] } }
}

package struct SELinuxOptions: View {
    package static let type = Schema.builtin.type(named: "v1.SELinuxOptions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var user: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var role: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var type: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var level: String { get { object[string: 3] } set { object[string: 3] = newValue } }
}

package struct WindowsSecurityContextOptions: View {
    package static let type = Schema.builtin.type(named: "v1.WindowsSecurityContextOptions")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var gmsaCredentialSpecName: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var gmsaCredentialSpec: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
    package var runAsUserName: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var hostProcess: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
}

package struct Sysctl: View {
    package static let type = Schema.builtin.type(named: "v1.Sysctl")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var value: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct SeccompProfile: View {
    package static let type = Schema.builtin.type(named: "v1.SeccompProfile")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var localhostProfile: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct AppArmorProfile: View {
    package static let type = Schema.builtin.type(named: "v1.AppArmorProfile")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var localhostProfile: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct NodeAffinity: View {
    package static let type = Schema.builtin.type(named: "v1.NodeAffinity")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var requiredDuringSchedulingIgnoredDuringExecution: NodeSelector? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var preferredDuringSchedulingIgnoredDuringExecution: ViewList<PreferredSchedulingTerm> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct PodAffinity: View {
    package static let type = Schema.builtin.type(named: "v1.PodAffinity")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var requiredDuringSchedulingIgnoredDuringExecution: ViewList<PodAffinityTerm> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var preferredDuringSchedulingIgnoredDuringExecution: ViewList<WeightedPodAffinityTerm> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct PodAntiAffinity: View {
    package static let type = Schema.builtin.type(named: "v1.PodAntiAffinity")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var requiredDuringSchedulingIgnoredDuringExecution: ViewList<PodAffinityTerm> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var preferredDuringSchedulingIgnoredDuringExecution: ViewList<WeightedPodAffinityTerm> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct PodDNSConfigOption: View {
    package static let type = Schema.builtin.type(named: "v1.PodDNSConfigOption")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var value: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct LabelSelector: View {
    package static let type = Schema.builtin.type(named: "meta/v1.LabelSelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var matchLabels: StringMap { get { object[stringMap: 0] } _modify { yield &object[stringMap: 0] } }
    package var matchExpressions: ViewList<LabelSelectorRequirement> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct ResourceClaim: View {
    package static let type = Schema.builtin.type(named: "v1.ResourceClaim")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var request: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ContainerState: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerState")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var waiting: ContainerStateWaiting? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var running: ContainerStateRunning? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var terminated: ContainerStateTerminated? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
}

package struct VolumeMountStatus: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeMountStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var mountPath: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var recursiveReadOnly: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
    package var volumeStatus: VolumeStatus? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct ContainerUser: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerUser")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var linux: LinuxContainerUser? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct ResourceStatus: View {
    package static let type = Schema.builtin.type(named: "v1.ResourceStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resources: ViewList<ResourceHealth> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct ContainerExtendedResourceRequest: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerExtendedResourceRequest")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var containerName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resourceName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var requestName: String { get { object[string: 2] } set { object[string: 2] = newValue } }
}

package struct KeyToPath: View {
    package static let type = Schema.builtin.type(named: "v1.KeyToPath")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var key: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var mode: Int32? { get { object[optionalInt32: 2] } set { object[optionalInt32: 2] = newValue } }
}

package struct DownwardAPIVolumeFile: View {
    package static let type = Schema.builtin.type(named: "v1.DownwardAPIVolumeFile")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var path: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fieldRef: ObjectFieldSelector? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var resourceFieldRef: ResourceFieldSelector? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var mode: Int32? { get { object[optionalInt32: 3] } set { object[optionalInt32: 3] = newValue } }
}

package struct VolumeProjection: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var secret: SecretProjection? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var downwardAPI: DownwardAPIProjection? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var configMap: ConfigMapProjection? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var serviceAccountToken: ServiceAccountTokenProjection? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var clusterTrustBundle: ClusterTrustBundleProjection? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var podCertificate: PodCertificateProjection? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
}

package struct PersistentVolumeClaimTemplate: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaimTemplate")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: PersistentVolumeClaimSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct ConfigMapEnvSource: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMapEnvSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
}

package struct SecretEnvSource: View {
    package static let type = Schema.builtin.type(named: "v1.SecretEnvSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 1] } set { object[optionalBool: 1] = newValue } }
}

package struct EnvVarSource: View {
    package static let type = Schema.builtin.type(named: "v1.EnvVarSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var fieldRef: ObjectFieldSelector? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var resourceFieldRef: ResourceFieldSelector? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var configMapKeyRef: ConfigMapKeySelector? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var secretKeyRef: SecretKeySelector? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var fileKeyRef: FileKeySelector? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct ContainerRestartRuleOnExitCodes: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerRestartRuleOnExitCodes")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var `operator`: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var values: [Int64] { get { object[ints: 1] } set { object[ints: 1] = newValue } }
}

package struct ExecAction: View {
    package static let type = Schema.builtin.type(named: "v1.ExecAction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var command: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
}

package struct HTTPGetAction: View {
    package static let type = Schema.builtin.type(named: "v1.HTTPGetAction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var path: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var port: IntOrString? { get { object[intOrString: 1] } set { object[intOrString: 1] = newValue } }
    package var host: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var scheme: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var httpHeaders: ViewList<HTTPHeader> { get { object[list: 4] } _modify { yield &object[list: 4] } }
}

package struct TCPSocketAction: View {
    package static let type = Schema.builtin.type(named: "v1.TCPSocketAction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var port: IntOrString? { get { object[intOrString: 0] } set { object[intOrString: 0] = newValue } }
    package var host: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct GRPCAction: View {
    package static let type = Schema.builtin.type(named: "v1.GRPCAction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var port: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var service: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct LifecycleHandler: View {
    package static let type = Schema.builtin.type(named: "v1.LifecycleHandler")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var exec: ExecAction? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var httpGet: HTTPGetAction? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var tcpSocket: TCPSocketAction? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var sleep: SleepAction? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
}

package struct Capabilities: View {
    package static let type = Schema.builtin.type(named: "v1.Capabilities")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var add: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var drop: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
}

package struct NodeSelector: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var nodeSelectorTerms: ViewList<NodeSelectorTerm> { get { object[list: 0] } _modify { yield &object[list: 0] } }
}

package struct PreferredSchedulingTerm: View {
    package static let type = Schema.builtin.type(named: "v1.PreferredSchedulingTerm")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var weight: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var preference: NodeSelectorTerm { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct PodAffinityTerm: View {
    package static let type = Schema.builtin.type(named: "v1.PodAffinityTerm")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var labelSelector: LabelSelector? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var namespaces: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
    package var topologyKey: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var namespaceSelector: LabelSelector? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var matchLabelKeys: [String] { get { object[strings: 4] } set { object[strings: 4] = newValue } }
    package var mismatchLabelKeys: [String] { get { object[strings: 5] } set { object[strings: 5] = newValue } }
}

package struct WeightedPodAffinityTerm: View {
    package static let type = Schema.builtin.type(named: "v1.WeightedPodAffinityTerm")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var weight: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var podAffinityTerm: PodAffinityTerm { get { object[view: 1] } _modify { yield &object[view: 1] } }
}

package struct LabelSelectorRequirement: View {
    package static let type = Schema.builtin.type(named: "meta/v1.LabelSelectorRequirement")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var key: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var `operator`: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var values: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
}

package struct ContainerStateWaiting: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerStateWaiting")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var reason: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var message: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ContainerStateRunning: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerStateRunning")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var startedAt: Timestamp? { get { object[time: 0] } set { object[time: 0] = newValue } }
}

package struct ContainerStateTerminated: View {
    package static let type = Schema.builtin.type(named: "v1.ContainerStateTerminated")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var exitCode: Int32 { get { object[int32: 0] } set { object[int32: 0] = newValue } }
    package var signal: Int32 { get { object[int32: 1] } set { object[int32: 1] = newValue } }
    package var reason: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var message: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var startedAt: Timestamp? { get { object[time: 4] } set { object[time: 4] = newValue } }
    package var finishedAt: Timestamp? { get { object[time: 5] } set { object[time: 5] = newValue } }
    package var containerID: String { get { object[string: 6] } set { object[string: 6] = newValue } }
}

package struct VolumeStatus: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var image: ImageVolumeStatus? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct LinuxContainerUser: View {
    package static let type = Schema.builtin.type(named: "v1.LinuxContainerUser")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var uid: Int64 { get { object[int: 0] } set { object[int: 0] = newValue } }
    package var gid: Int64 { get { object[int: 1] } set { object[int: 1] = newValue } }
    package var supplementalGroups: [Int64] { get { object[ints: 2] } set { object[ints: 2] = newValue } }
}

package struct ResourceHealth: View {
    package static let type = Schema.builtin.type(named: "v1.ResourceHealth")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var resourceID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var health: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var message: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}

package struct ObjectFieldSelector: View {
    package static let type = Schema.builtin.type(named: "v1.ObjectFieldSelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var apiVersion: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fieldPath: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ResourceFieldSelector: View {
    package static let type = Schema.builtin.type(named: "v1.ResourceFieldSelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var containerName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resource: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var divisor: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}

package struct SecretProjection: View {
    package static let type = Schema.builtin.type(named: "v1.SecretProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var items: ViewList<KeyToPath> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var optional: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
}

package struct DownwardAPIProjection: View {
    package static let type = Schema.builtin.type(named: "v1.DownwardAPIProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var items: ViewList<DownwardAPIVolumeFile> { get { object[list: 0] } _modify { yield &object[list: 0] } }
}

package struct ConfigMapProjection: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMapProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var items: ViewList<KeyToPath> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var optional: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
}

package struct ServiceAccountTokenProjection: View {
    package static let type = Schema.builtin.type(named: "v1.ServiceAccountTokenProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var audience: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var expirationSeconds: Int64? { get { object[optionalInt: 1] } set { object[optionalInt: 1] = newValue } }
    package var path: String { get { object[string: 2] } set { object[string: 2] = newValue } }
}

package struct ClusterTrustBundleProjection: View {
    package static let type = Schema.builtin.type(named: "v1.ClusterTrustBundleProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var signerName: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
    package var labelSelector: LabelSelector? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var optional: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
    package var path: String { get { object[string: 4] } set { object[string: 4] = newValue } }
}

package struct PodCertificateProjection: View {
    package static let type = Schema.builtin.type(named: "v1.PodCertificateProjection")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var signerName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var keyType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var maxExpirationSeconds: Int32? { get { object[optionalInt32: 2] } set { object[optionalInt32: 2] = newValue } }
    package var credentialBundlePath: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var keyPath: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var certificateChainPath: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var userAnnotations: StringMap { get { object[stringMap: 6] } _modify { yield &object[stringMap: 6] } }
}

package struct PersistentVolumeClaimSpec: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeClaimSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var accessModes: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var selector: LabelSelector? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var resources: VolumeResourceRequirements { get { object[view: 2] } _modify { yield &object[view: 2] } }
    package var volumeName: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var storageClassName: String? { get { object[optionalString: 4] } set { object[optionalString: 4] = newValue } }
    package var volumeMode: String? { get { object[optionalString: 5] } set { object[optionalString: 5] = newValue } }
    package var dataSource: TypedLocalObjectReference? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var dataSourceRef: TypedObjectReference? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
    package var volumeAttributesClassName: String? { get { object[optionalString: 8] } set { object[optionalString: 8] = newValue } }
}

package struct ConfigMapKeySelector: View {
    package static let type = Schema.builtin.type(named: "v1.ConfigMapKeySelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var key: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
}

package struct SecretKeySelector: View {
    package static let type = Schema.builtin.type(named: "v1.SecretKeySelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var key: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 2] } set { object[optionalBool: 2] = newValue } }
}

package struct FileKeySelector: View {
    package static let type = Schema.builtin.type(named: "v1.FileKeySelector")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var key: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var optional: Bool? { get { object[optionalBool: 3] } set { object[optionalBool: 3] = newValue } }
}

package struct HTTPHeader: View {
    package static let type = Schema.builtin.type(named: "v1.HTTPHeader")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var value: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct SleepAction: View {
    package static let type = Schema.builtin.type(named: "v1.SleepAction")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var seconds: Int64 { get { object[int: 0] } set { object[int: 0] = newValue } }
}

package struct NodeSelectorTerm: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSelectorTerm")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var matchExpressions: ViewList<NodeSelectorRequirement> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var matchFields: ViewList<NodeSelectorRequirement> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct ImageVolumeStatus: View {
    package static let type = Schema.builtin.type(named: "v1.ImageVolumeStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var imageRef: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct VolumeResourceRequirements: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeResourceRequirements")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var limits: StringMap { get { object[stringMap: 0] } _modify { yield &object[stringMap: 0] } }
    package var requests: StringMap { get { object[stringMap: 1] } _modify { yield &object[stringMap: 1] } }
}

package struct TypedLocalObjectReference: View {
    package static let type = Schema.builtin.type(named: "v1.TypedLocalObjectReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var apiGroup: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var kind: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var name: String { get { object[string: 2] } set { object[string: 2] = newValue } }
}

package struct TypedObjectReference: View {
    package static let type = Schema.builtin.type(named: "v1.TypedObjectReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var apiGroup: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var kind: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var name: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var namespace: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
}

package struct NodeSelectorRequirement: View {
    package static let type = Schema.builtin.type(named: "v1.NodeSelectorRequirement")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var key: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var `operator`: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var values: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
}
