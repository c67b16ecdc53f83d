// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct PersistentVolume: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolume")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: PersistentVolumeSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: PersistentVolumeStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct PersistentVolumeSpec: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var capacity: StringMap { get { object[stringMap: 0] } _modify { yield &object[stringMap: 0] } }
    package var gcePersistentDisk: GCEPersistentDiskVolumeSource? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var awsElasticBlockStore: AWSElasticBlockStoreVolumeSource? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var hostPath: HostPathVolumeSource? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
    package var glusterfs: GlusterfsPersistentVolumeSource? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var nfs: NFSVolumeSource? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
    package var rbd: RBDPersistentVolumeSource? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var iscsi: ISCSIPersistentVolumeSource? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
    package var cinder: CinderPersistentVolumeSource? { get { object[optionalView: 8] } _modify { yield &object[optionalView: 8] } }
    package var cephfs: CephFSPersistentVolumeSource? { get { object[optionalView: 9] } _modify { yield &object[optionalView: 9] } }
    package var fc: FCVolumeSource? { get { object[optionalView: 10] } _modify { yield &object[optionalView: 10] } }
    package var flocker: FlockerVolumeSource? { get { object[optionalView: 11] } _modify { yield &object[optionalView: 11] } }
    package var flexVolume: FlexPersistentVolumeSource? { get { object[optionalView: 12] } _modify { yield &object[optionalView: 12] } }
    package var azureFile: AzureFilePersistentVolumeSource? { get { object[optionalView: 13] } _modify { yield &object[optionalView: 13] } }
    package var vsphereVolume: VsphereVirtualDiskVolumeSource? { get { object[optionalView: 14] } _modify { yield &object[optionalView: 14] } }
    package var quobyte: QuobyteVolumeSource? { get { object[optionalView: 15] } _modify { yield &object[optionalView: 15] } }
    package var azureDisk: AzureDiskVolumeSource? { get { object[optionalView: 16] } _modify { yield &object[optionalView: 16] } }
    package var photonPersistentDisk: PhotonPersistentDiskVolumeSource? { get { object[optionalView: 17] } _modify { yield &object[optionalView: 17] } }
    package var portworxVolume: PortworxVolumeSource? { get { object[optionalView: 18] } _modify { yield &object[optionalView: 18] } }
    package var scaleIO: ScaleIOPersistentVolumeSource? { get { object[optionalView: 19] } _modify { yield &object[optionalView: 19] } }
    package var local: LocalVolumeSource? { get { object[optionalView: 20] } _modify { yield &object[optionalView: 20] } }
    package var storageos: StorageOSPersistentVolumeSource? { get { object[optionalView: 21] } _modify { yield &object[optionalView: 21] } }
    package var csi: CSIPersistentVolumeSource? { get { object[optionalView: 22] } _modify { yield &object[optionalView: 22] } }
    package var accessModes: [String] { get { object[strings: 23] } set { object[strings: 23] = newValue } }
    package var claimRef: ObjectReference? { get { object[optionalView: 24] } _modify { yield &object[optionalView: 24] } }
    package var persistentVolumeReclaimPolicy: String { get { object[string: 25] } set { object[string: 25] = newValue } }
    package var storageClassName: String { get { object[string: 26] } set { object[string: 26] = newValue } }
    package var mountOptions: [String] { get { object[strings: 27] } set { object[strings: 27] = newValue } }
    package var volumeMode: String? { get { object[optionalString: 28] } set { object[optionalString: 28] = newValue } }
    package var nodeAffinity: VolumeNodeAffinity? { get { object[optionalView: 29] } _modify { yield &object[optionalView: 29] } }
    package var volumeAttributesClassName: String? { get { object[optionalString: 30] } set { object[optionalString: 30] = newValue } }
}

package struct PersistentVolumeStatus: View {
    package static let type = Schema.builtin.type(named: "v1.PersistentVolumeStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var phase: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var message: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var reason: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var lastPhaseTransitionTime: Timestamp? { get { object[time: 3] } set { object[time: 3] = newValue } }
}

package struct GlusterfsPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.GlusterfsPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var endpoints: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var endpointsNamespace: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
}

package struct RBDPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.RBDPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var monitors: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var image: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var fsType: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var pool: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var user: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var keyring: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var secretRef: SecretReference? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var readOnly: Bool { get { object[bool: 7] } set { object[bool: 7] = newValue } }
}

package struct ISCSIPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ISCSIPersistentVolumeSource")!
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
    package var secretRef: SecretReference? { get { object[optionalView: 9] } _modify { yield &object[optionalView: 9] } }
    package var initiatorName: String? { get { object[optionalString: 10] } set { object[optionalString: 10] = newValue } }
}

package struct CinderPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CinderPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeID: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var secretRef: SecretReference? { get { object[optionalView: 3] } _modify { yield &object[optionalView: 3] } }
}

package struct CephFSPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CephFSPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var monitors: [String] { get { object[strings: 0] } set { object[strings: 0] = newValue } }
    package var path: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var user: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var secretFile: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var secretRef: SecretReference? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var readOnly: Bool { get { object[bool: 5] } set { object[bool: 5] = newValue } }
}

package struct FlexPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.FlexPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var driver: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var secretRef: SecretReference? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var options: StringMap { get { object[stringMap: 4] } _modify { yield &object[stringMap: 4] } }
}

package struct AzureFilePersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.AzureFilePersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var secretName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var shareName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var secretNamespace: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
}

package struct ScaleIOPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.ScaleIOPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var gateway: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var system: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var secretRef: SecretReference? { get { object[optionalView: 2] } _modify { yield &object[optionalView: 2] } }
    package var sslEnabled: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var protectionDomain: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var storagePool: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var storageMode: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var volumeName: String { get { object[string: 7] } set { object[string: 7] = newValue } }
    package var fsType: String { get { object[string: 8] } set { object[string: 8] = newValue } }
    package var readOnly: Bool { get { object[bool: 9] } set { object[bool: 9] = newValue } }
}

package struct LocalVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.LocalVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var path: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var fsType: String? { get { object[optionalString: 1] } set { object[optionalString: 1] = newValue } }
}

package struct StorageOSPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.StorageOSPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var volumeName: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var volumeNamespace: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var fsType: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var readOnly: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var secretRef: ObjectReference? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
}

package struct CSIPersistentVolumeSource: View {
    package static let type = Schema.builtin.type(named: "v1.CSIPersistentVolumeSource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var driver: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var volumeHandle: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var readOnly: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var fsType: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var volumeAttributes: StringMap { get { object[stringMap: 4] } _modify { yield &object[stringMap: 4] } }
    package var controllerPublishSecretRef: SecretReference? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
    package var nodeStageSecretRef: SecretReference? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var nodePublishSecretRef: SecretReference? { get { object[optionalView: 7] } _modify { yield &object[optionalView: 7] } }
    package var controllerExpandSecretRef: SecretReference? { get { object[optionalView: 8] } _modify { yield &object[optionalView: 8] } }
    package var nodeExpandSecretRef: SecretReference? { get { object[optionalView: 9] } _modify { yield &object[optionalView: 9] } }
}

package struct VolumeNodeAffinity: View {
    package static let type = Schema.builtin.type(named: "v1.VolumeNodeAffinity")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var required: NodeSelector? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct SecretReference: View {
    package static let type = Schema.builtin.type(named: "v1.SecretReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var namespace: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}
