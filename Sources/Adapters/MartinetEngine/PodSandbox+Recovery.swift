import Glibc
import MartinetBase
import MartinetContainers
import MartinetOCI
package import MartinetPodLifecycle
import Synchronization

extension PodSandbox {
    /// What an earlier process left.
    package struct Recovered: Sendable {
        package enum State: Sendable {
            case running(ContainerRun)
            case exited(ContainerRun, Termination)
        }
        package var addresses: [String]
        package var containers: [(name: String, attempt: Int32, state: State)]
    }

    /// Connects to what runs; nil where nothing of the pod is on the node.
    package func recover() throws -> Recovered? {
        guard let pod = try PodSandbox.podFile(runFolder), Files.exists(runFolder + "/monitor.pid") else { return nil }
        // Exits that come from here on find their container.
        loadContainers()
        let (connection, recovered) = try engine.containers.reconnect(folder: runFolder, onEvent: handler())
        state.withLock {
            $0.connection = connection
            $0.addresses = pod.addresses
        }
        var statuses: [String: TaskStatus] = [:]
        for status in try connection.status() where !status.isExec { statuses[status.id] = status }
        if let first = statuses[PodSandbox.podInitID], first.state == .running {
            state.withLock { $0.podInit = first.pid }
        }
        var found = Recovered(addresses: pod.addresses, containers: [])
        for file in state.withLock({ $0.containers.values.sorted { $0.id < $1.id } }) {
            let run = ContainerRun(
                id: file.id, image: file.image, imageID: file.imageID,
                startedAt: Timestamp(nanoseconds: file.started ?? 0))
            var status = statuses[file.id]
            switch recovered[file.id] {
            case .exited(let end): status = end
            case .lost:
                let end = Termination(
                    id: file.id, exitCode: 137, reason: "ContainerStatusUnknown",
                    message: "the container ended while nobody watched it", startedAt: run.startedAt,
                    finishedAt: engine.runtime.now())
                found.containers.append((file.name, file.attempt, .exited(run, end)))
                continue
            case .adopted, nil: break
            }
            switch status?.state {
            case .running:
                state.withLock { $0.pids[file.id] = status?.pid }
                found.containers.append((file.name, file.attempt, .running(run)))
            case .exited:
                guard let status else { continue }
                found.containers.append((file.name, file.attempt, .exited(run, termination(status, file))))
            default:
                // Killed between its making and its start: as if it had never been.
                try removeContainer(file)
            }
        }
        return found
    }

    /// Reads the containers' files; one that cannot be read is set aside and told of.
    func loadContainers() {
        for name in (try? Files.names(in: runFolder)) ?? [] where name.hasSuffix(".container") {
            let path = "\(runFolder)/\(name)"
            do {
                let file = try OCICodec.decode(ContainerFile.self, from: Files.read(path, limit: 8 << 20), named: path)
                state.withLock { $0.containers[file.id] = file }
            } catch {
                engine.log.error("a container's record is damaged", [("file", path), ("error", "\(error)")])
                rename(path, path + ".damaged")
            }
        }
    }
}
