import MartinetAPICore
import MartinetBase
import Synchronization

/// What `/healthz`, `/livez` and `/readyz` look at, under upstream's names where ours is the same thing.
package final class HealthChecks: Sendable {
    /// What a server does once after its start.
    package enum Hook: String, Sendable, CaseIterable {
        case systemNamespaces = "poststarthook/start-system-namespaces-controller"
        case roles = "poststarthook/rbac/bootstrap-roles"
        case flows = "poststarthook/priority-and-fairness-config-producer"
        case authentication = "poststarthook/start-cluster-authentication-info-controller"
        case aggregation = "poststarthook/apiservice-registration-controller"
    }

    struct Answer: Sendable {
        var status = 200
        var text: String
    }

    private struct State {
        var done: Set<Hook> = []
        var isReady = false
        var isStopping = false
        /// Who waits for the word of the store, by when they came.
        var waiting: [Int: @Sendable (String?) -> Void] = [:]
        var last = 0
        var isAsking = false
    }

    private let state = Mutex(State())
    private let store: @Sendable () -> String?
    private let asker: any SerialExecutorPort
    private let watch: any SerialExecutorPort
    private static let patience = Duration.seconds(2)
    private static let waitingMax = 1000

    /// - Parameter store: why the store does not answer, or nil; may take its time.
    init(runtime: any Runtime, store: @escaping @Sendable () -> String?) {
        self.store = store
        asker = runtime.executor(named: "martinet.apiserver.health")
        watch = runtime.executor(named: "martinet.apiserver.health.patience")
    }

    package func completed(_ hook: Hook) { state.withLock { _ = $0.done.insert(hook) } }
    /// Everything that a start does is done.
    package func becomeReady() { state.withLock { $0.isReady = true } }
    /// From now on clients are to go elsewhere.
    package func stop() { state.withLock { $0.isStopping = true } }

    static func names(_ root: String) -> [String] {
        let hooks = Hook.allCases.map(\.rawValue)
        return root == "readyz"
            ? ["ping", "etcd", "etcd-readiness", "informer-sync"] + hooks + ["shutdown"] : ["ping", "etcd"] + hooks
    }

    /// The paths that `/` names.
    static let paths = ["healthz", "livez", "readyz"].flatMap { root in
        ["/" + root] + names(root).map { "/\(root)/\($0)" }
    }

    /// Which root and which of its checks a path is about; nil where it is neither.
    static func place(_ path: String) -> (root: String, check: String?)? {
        for root in ["healthz", "livez", "readyz"] {
            if path == "/" + root { return (root, nil) }
            guard path.hasPrefix("/\(root)/") else { continue }
            let name = String(path.dropFirst(root.count + 2))
            return names(root).contains(name) ? (root, name) : nil
        }
        return nil
    }

    func answer(
        _ root: String, _ check: String?, verbose: Bool, excluded: [String],
        _ done: @escaping @Sendable (Answer) -> Void
    ) {
        let checks = check.map { [$0] } ?? HealthChecks.names(root).filter { !excluded.contains($0) }
        guard checks.contains(where: { $0.hasPrefix("etcd") }) else {
            return done(answer(root, check, verbose, excluded, storeFailure: nil))
        }
        askStore { [self] failure in done(answer(root, check, verbose, excluded, storeFailure: failure)) }
    }

    private func answer(
        _ root: String, _ check: String?, _ verbose: Bool, _ excluded: [String], storeFailure: String?
    ) -> Answer {
        let now = state.withLock { (done: $0.done, isReady: $0.isReady, isStopping: $0.isStopping) }
        func failure(_ name: String) -> String? {
            switch name {
            case "etcd", "etcd-readiness": return storeFailure
            case "shutdown": return now.isStopping ? "process is shutting down" : nil
            case "ping", "informer-sync": return nil
            default:
                guard let hook = Hook(rawValue: name), !now.isReady, !now.done.contains(hook) else { return nil }
                return "not finished"
            }
        }
        if let check {
            guard let why = failure(check) else { return Answer(text: "ok") }
            return Answer(status: 500, text: "internal server error: \(why)\n")
        }
        var (lines, hasFailed) = ("", false)
        for name in HealthChecks.names(root) {
            if excluded.contains(name) {
                lines += "[+]\(name) excluded: ok\n"
            } else if failure(name) != nil {
                // Everybody may read this: why is for those who may ask for the check itself.
                lines += "[-]\(name) failed: reason withheld\n"
                hasFailed = true
            } else {
                lines += "[+]\(name) ok\n"
            }
        }
        let unknown = Set(excluded).subtracting(HealthChecks.names(root)).sorted().map { "\"\($0)\"" }
        if !unknown.isEmpty {
            lines += "warn: some health checks cannot be excluded: no matches for \(unknown.joined(separator: ", "))\n"
        }
        if hasFailed { return Answer(status: 500, text: lines + "\(root) check failed\n") }
        return Answer(text: verbose ? lines + "\(root) check passed\n" : "ok")
    }

    /// One question at a time, whoever waits for its answer; who has waited too long is told that there is none.
    private func askStore(_ done: @escaping @Sendable (String?) -> Void) {
        let (id, begins) = state.withLock { state -> (Int?, Bool) in
            guard state.waiting.count < HealthChecks.waitingMax else { return (nil, false) }
            state.last += 1
            state.waiting[state.last] = done
            defer { state.isAsking = true }
            return (state.last, !state.isAsking)
        }
        guard let id else { return done("too many wait for the store") }
        watch.submit(after: HealthChecks.patience) { [weak self] in
            self?.state.withLock { $0.waiting.removeValue(forKey: id) }?("the store does not answer")
        }
        guard begins else { return }
        asker.submit { [self] in
            let failure = store()
            let waiting = state.withLock { state in
                defer {
                    state.waiting = [:]
                    state.isAsking = false
                }
                return state.waiting
            }
            for (_, done) in waiting.sorted(by: { $0.key < $1.key }) { done(failure) }
        }
    }
}
