import MartinetAPIServer
import MartinetBase
import MartinetSchema

/// Where everything lies and listens: folders, ports, address ranges, in one place.
struct Settings: Sendable {
    /// What the cluster is called on this machine: its bridge, firewall table, links, cgroups and its context in the kubeconfig.
    /// Two clusters side by side differ in it, in the folders, the ports and the ranges.
    var name = Settings.defaultName
    /// Certificates, keys, the store, images: what must outlive a restart of the machine.
    var state = Settings.defaultState
    /// Sockets, namespaces, monitors: gone after a restart of the machine.
    var run = "/run/martinet"
    var apiAddress = "0.0.0.0"
    var apiPort = 6443
    /// What the certificate and the `kubernetes` Service say: an address of this machine that pods reach.
    var advertised = "127.0.0.1"
    var nodeName = "martinet"
    var podRange = "10.244.0.0/24"
    var clusterRange = "10.244.0.0/16"
    var serviceRange = "10.96.0.0/16"
    var kubeletPort = 10250
    /// A file of authorities, in PEM, that registries are trusted by besides the machine's own.
    var registryCA: String?
    /// A folder that says more about registries, before `/etc/martinet/certs.d` and those of containerd and docker.
    var registries: String?
    /// Registries that are spoken to over plain http, separated by commas.
    var plainRegistries: Set<String> = []
    /// Versions and resources that are served besides, or not: `api/all=true,GROUP/VERSION=false`.
    var runtimeConfig = ""
    /// Whether versions that upstream has dropped are served, with a warning: courses and old manifests use them.
    var servesLegacy = true
    /// Admission plugins besides the default ones, and those of them that are not wanted.
    var admissionEnabled: [String] = []
    var admissionDisabled: [String] = []
    /// The AdmissionConfiguration, which says what plugins are told.
    var admissionConfiguration: String?
    /// How long the certificates are good for that the cluster gives itself; they are renewed in their last third.
    var certificateValidity = Duration.seconds(365 * 86_400)
    /// Who may come in and who may do what.
    var access = AccessFlags()

    /// How long the store remembers what has been, and about how many bytes of it; nil: as `HistoryWindow` has it.
    var historyAge: Duration?
    var historyBytes: Int64?
    /// The endpoints of an etcd in place of the store in a file, and how it is spoken to.
    var etcdServers: [String] = []
    var etcdCAFile: String?
    var etcdCertFile: String?
    var etcdKeyFile: String?

    static let defaultName = "martinet"
    static let defaultState = "/var/lib/martinet"
    private var isDefault: Bool { name == Settings.defaultName }

    /// How the pods' links on the node begin.
    var linkPrefix: String { isDefault ? "mt" : name }
    var cgroupParent: String { isDefault ? "/kubepods" : "/kubepods-\(name)" }
    var pki: String { state + "/pki" }
    var store: String { Settings.store(of: state) }

    static func store(of state: String) -> String { state + "/server/objects.db" }

    /// Reads `--name=value` and `--name value`.
    init(_ arguments: [String]) throws(SettingsError) {
        var rest = arguments[...]
        while let argument = rest.popFirst() {
            guard argument.hasPrefix("--") else {
                throw SettingsError(message: "unexpected argument \(argument.debugDescription)")
            }
            let sides = argument.dropFirst(2).split(separator: "=", maxSplits: 1).map(String.init)
            guard let name = sides.first, let value = sides.count > 1 ? sides[1] : rest.popFirst() else {
                throw SettingsError(message: "\(argument) needs a value")
            }
            try set(name, value)
        }
    }

    private mutating func set(_ name: String, _ value: String) throws(SettingsError) {
        func number() throws(SettingsError) -> Int {
            guard let number = Int(value), (0...65535).contains(number) else {
                throw SettingsError(
                    message: "--\(name) must be a port from 0 to 65535, found \(value.debugDescription)")
            }
            return number
        }
        switch name {
        case "name":
            let isName = value.utf8.allSatisfy { (97...122).contains($0) || (48...57).contains($0) }
            guard value == Settings.defaultName || isName && (1...7).contains(value.utf8.count), value != "mt" else {
                throw SettingsError(
                    message:
                        "--name must be 1 to 7 lower-case letters and digits and not mt, found \(value.debugDescription)"
                )
            }
            self.name = value
        case "state": state = value
        case "run": run = value
        case "api-address": apiAddress = value
        case "api-port": apiPort = try number()
        case "advertise": advertised = value
        case "node-name": nodeName = value
        case "pod-range": podRange = value
        case "cluster-range": clusterRange = value
        case "service-range": serviceRange = value
        case "registry-ca": registryCA = value
        case "registries": registries = value
        case "plain-registries": plainRegistries.formUnion(value.split(separator: ",").map(String.init))
        case "kubelet-port": kubeletPort = try number()
        case "runtime-config": runtimeConfig = value
        case "enable-admission-plugins": admissionEnabled += value.split(separator: ",").map(String.init)
        case "disable-admission-plugins": admissionDisabled += value.split(separator: ",").map(String.init)
        case "admission-control-config-file": admissionConfiguration = value
        case "certificate-validity":
            guard let nanoseconds = GoDuration.parse(value), nanoseconds >= 3_000_000_000 else {
                throw SettingsError(
                    message: "--certificate-validity must be a duration of 3s at least, found \(value.debugDescription)"
                )
            }
            certificateValidity = .nanoseconds(nanoseconds)
        case "etcd-servers": etcdServers += value.split(separator: ",").map(String.init)
        case "etcd-cafile": etcdCAFile = value
        case "etcd-certfile": etcdCertFile = value
        case "etcd-keyfile": etcdKeyFile = value
        case "legacy-apis":
            guard value == "true" || value == "false" else {
                throw SettingsError(message: "--legacy-apis must be true or false, found \(value.debugDescription)")
            }
            servesLegacy = value == "true"
        case "history-age": historyAge = try HistoryFlags.age(value)
        case "history-bytes": historyBytes = try HistoryFlags.bytes(value)
        default: try setAccess(name, value)
        }
    }
}

extension Settings {
    private mutating func setAccess(_ name: String, _ value: String) throws(SettingsError) {
        do throws(AccessError) {
            if try access.set(name, value) { return }
        } catch {
            throw SettingsError(message: error.message)
        }
        throw SettingsError(message: "there is no flag --\(name)")
    }
}

struct SettingsError: Error, CustomStringConvertible {
    let message: String
    var description: String { message }
}
