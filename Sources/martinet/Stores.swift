import Glibc
import MartinetBase
import MartinetCertificates
import MartinetEtcdStore
import MartinetStore

/// The store that the flags name: a file of this machine's, or an etcd.
enum Stores {
    static func open(_ settings: Settings, runtime: any Runtime, log: Log) throws -> any ObjectStore {
        guard !settings.etcdServers.isEmpty else {
            var configuration = SQLiteStore.Configuration()
            configuration.history = HistoryFlags.window(settings)
            return try SQLiteStore(path: settings.store, runtime: runtime, configuration: configuration)
        }
        guard settings.historyAge == nil, settings.historyBytes == nil else {
            throw SettingsError(
                message: "--history-age and --history-bytes are of the store in a file: an etcd keeps its own history")
        }
        var configuration = try etcd(
            settings.etcdServers, authorities: settings.etcdCAFile, certificate: settings.etcdCertFile,
            key: settings.etcdKeyFile, log: log)
        configuration.onLost = { loss in
            // Nothing that is cached can be relied on any more. The keeper starts the server anew.
            log.error("the server ends", [("reason", "\(loss)")])
            exit(1)
        }
        return try EtcdStore(configuration, runtime: runtime)
    }

    /// A user and a password come from the environment, so that they stand in no list of processes.
    static func etcd(
        _ endpoints: [String], authorities: String?, certificate: String?, key: String?, log: Log
    ) throws -> EtcdConfiguration {
        var configuration = EtcdConfiguration(endpoints: endpoints)
        configuration.authorities = try authorities.map { try CertificateFile.read($0) }
        configuration.certificate = try certificate.map { try CertificateFile.read($0) }
        configuration.key = try key.map { try CertificateFile.read($0) }
        guard (certificate == nil) == (key == nil) else {
            throw SettingsError(message: "--etcd-certfile and --etcd-keyfile belong together")
        }
        configuration.user = getenv("MARTINET_ETCD_USER").map { String(cString: $0) }
        configuration.password = getenv("MARTINET_ETCD_PASSWORD").map { String(cString: $0) } ?? ""
        configuration.log = log.named("etcd")
        return configuration
    }
}
