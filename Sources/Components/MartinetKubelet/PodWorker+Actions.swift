import MartinetAPI
import MartinetBase
import MartinetClient
import MartinetEngine
import MartinetImages
import MartinetPodLifecycle
import MartinetSchema
import Synchronization

extension PodWorker {
    /// On `executor` only.
    func perform(_ actions: [PodAction]) {
        for action in actions {
            switch action {
            case .makeSandbox: makeSandbox()
            case .removeSandbox: block { self.removeSandbox() }
            case .start(let name, let attempt): start(name, attempt: attempt)
            case .signal(let name, let id, let signal): block { self.signal(name, id, signal) }
            case .probe(let name, let id, let kind): probe(name, id, kind)
            case .runHook(let name, let id, let kind): runHook(name, id, kind)
            case .report(let isWarning, let reason, let message, let container):
                report(isWarning: isWarning, reason, message, container)
            case .deleteObject: deleteObject()
            }
        }
    }

    var pod: Pod { state.withLock { $0.lifecycle.pod } }

    func report(isWarning: Bool, _ reason: String, _ message: String, _ container: String?) {
        let (pod, role) = state.withLock { state in
            (state.lifecycle.pod, container.flatMap { state.lifecycle.record($0)?.role })
        }
        context.events.report(
            pod, container: container.map { ($0, PodWorker.list(role)) }, isWarning: isWarning, reason: reason,
            message: message)
    }

    private static func list(_ role: ContainerRecord.Role?) -> String {
        switch role {
        case .initial, .sidecar: "initContainers"
        case .regular, nil: "containers"
        case .ephemeral: "ephemeralContainers"
        }
    }

    // MARK: - the sandbox

    private func makeSandbox() {
        let pod: Pod? = state.withLock { state in
            guard state.isContentReady else {
                state.wantsSandbox = true
                return nil
            }
            return state.lifecycle.pod
        }
        guard let pod else { return }
        block {
            do {
                let addresses = try self.sandbox.setUp(pod, self.context.content.content(of: pod))
                self.submit(.sandboxReady(addresses: addresses))
                self.context.prepareNetworks()
            } catch {
                let reason = (error as? EngineError)?.reason ?? "FailedCreatePodSandBox"
                self.submitReport(reason, "\(error)")
                self.submit(.sandboxFailed(message: "\(error)"))
            }
        }
    }

    private func removeSandbox() {
        do {
            try sandbox.tearDown()
            submit(.sandboxRemoved)
        } catch {
            context.log.warning("a pod cannot be removed yet", [("pod.uid", uid), ("error", "\(error)")])
            submitReport("FailedKillPod", "\(error)")
            executor.submit(after: .seconds(1)) { self.block { self.removeSandbox() } }
        }
    }

    // MARK: - containers

    private func start(_ name: String, attempt: Int32) {
        guard let record = state.withLock({ $0.lifecycle.record(name) }) else { return }
        let spec = record.spec
        let pod = pod
        block {
            do {
                if let image = try self.context.engine.image(spec) {
                    self.submitNormal(
                        "Pulled", "Container image \(spec.image.debugDescription) already present on machine", name)
                    return self.run(record, attempt, image, pod)
                }
                self.submitNormal("Pulling", "Pulling image \(spec.image.debugDescription)", name)
                let began = self.context.runtime.monotonic()
                self.state.withLock { _ = $0.pulling.insert(name) }
                let known = self.context.content.content(of: pod).secrets
                let secrets = pod.spec.imagePullSecrets.map { (name: $0.name, secret: known[$0.name]) }
                let tell: ([String]) -> Void = { names in
                    self.submitReport(
                        "FailedToRetrieveImagePullSecret",
                        "Unable to retrieve some image pull secrets (\(names.joined(separator: ", "))); attempting to "
                            + "pull the image may not succeed.")
                }
                self.context.engine.pull(spec, secrets: secrets, onUnusable: tell) { result in
                    // Given up meanwhile: nobody waits for it.
                    guard self.state.withLock({ $0.pulling.remove(name) != nil }) else { return }
                    self.block {
                        switch result {
                        case .failure(let error): self.startFailed(name, error)
                        case .success(let image):
                            let took = self.context.runtime.monotonic() - began
                            self.submitNormal(
                                "Pulled",
                                "Successfully pulled image \(spec.image.debugDescription) in \(took.nanoseconds / 1_000_000)ms",
                                name)
                            self.run(record, attempt, image, pod)
                        }
                    }
                }
            } catch {
                self.startFailed(name, error)
            }
        }
    }

    private func run(_ record: ContainerRecord, _ attempt: Int32, _ image: Image, _ pod: Pod) {
        let spec = record.spec
        // While an image came, the pod may have begun to end.
        guard !state.withLock({ $0.lifecycle.isEnding }) else {
            return startFailed(spec.name, EngineError("ContainerCreating", ""))
        }
        do {
            let run = try sandbox.start(
                spec, attempt: attempt, image: image, pod: pod, content: context.content.content(of: pod),
                target: record.target
            ) { _ in self.submitNormal("Created", "Created container: \(spec.name)", spec.name) }
            submit(.started(container: spec.name, run))
            submitNormal("Started", "Started container \(spec.name)", spec.name)
        } catch {
            startFailed(spec.name, error)
        }
    }

    private func startFailed(_ name: String, _ error: any Error) {
        let reason = (error as? EngineError)?.reason ?? "CreateContainerError"
        let message = "\(error)"
        executor.submit {
            if !message.isEmpty { self.report(isWarning: true, "Failed", "Error: \(message)", name) }
            guard reason == "StartError" else {
                return self.handle(.startFailed(container: name, reason: reason, message: message))
            }
            let now = self.context.runtime.now()
            self.handle(
                .exited(
                    container: name,
                    Termination(
                        id: "start-\(now.nanoseconds)", exitCode: 128, reason: "StartError", message: message,
                        startedAt: now, finishedAt: now)))
        }
    }

    private func submitNormal(_ reason: String, _ message: String, _ container: String) {
        executor.submit { self.report(isWarning: false, reason, message, container) }
    }

    private func signal(_ name: String, _ id: String, _ signal: PodAction.Signal) {
        do {
            try sandbox.signal(id, signal)
        } catch {
            context.log.warning("a container cannot be signalled", [("container.id", id), ("error", "\(error)")])
            submitReport("FailedKillPod", "error killing container \(name): \(error)")
            executor.submit(after: .milliseconds(200)) {
                guard self.state.withLock({ !$0.isStopped && $0.lifecycle.record(name)?.run?.id == id }) else { return }
                self.block { self.signal(name, id, signal) }
            }
        }
    }

    // MARK: - the object

    private func deleteObject() {
        let pod = pod
        var options = DeleteOptions()
        options.gracePeriodSeconds = 0
        options.preconditions = Preconditions { $0.uid = pod.metadata.uid }
        let request = APIRequest(
            .delete,
            ResourceName(
                version: "v1", plural: "pods", namespace: pod.metadata.namespace, name: pod.metadata.name),
            object: options.object)
        context.client.send(request, on: executor) { result in
            guard case .failure(let error) = result else { return }
            if error.isNotFound || error.isConflict {
                // Gone already, or another pod has the name: nothing of this one is left.
                self.handle(.podGone)
            } else {
                self.executor.submit(after: .seconds(1)) {
                    if !self.state.withLock({ $0.isStopped || $0.isOver }) { self.deleteObject() }
                }
            }
        }
    }

    /// The API shows a static pod by this mirror from now on.
    func mirrorSeen(_ mirror: Pod) {
        executor.submit {
            let isNew = self.state.withLock { state in
                guard state.mirror != mirror.metadata.uid else { return false }
                state.mirror = mirror.metadata.uid
                state.written = mirror.status
                return true
            }
            if isNew { self.writeStatus() }
        }
    }

    /// Brings the API's status of the pod to what is; one request at a time, and only what differs.
    func writeStatus() {
        let now = moment()
        let addresses = context.configuration.nodeAddresses
        let work: (status: PodStatus, patch: [UInt8], pod: Pod, mirror: String?)? = state.withLock { state in
            guard !state.isWriting, !state.isOver, !state.isStopped else { return nil }
            let isStatic = StaticManifest.isStatic(state.lifecycle.pod)
            guard let uid = isStatic ? state.mirror : state.lifecycle.pod.metadata.uid else { return nil }
            let status = state.lifecycle.status(hostAddresses: addresses, at: now)
            guard
                let patch = StatusPatch.document(from: state.written.object, to: status.object, uid: uid)
            else { return nil }
            state.isWriting = true
            return (status, patch, state.lifecycle.pod, state.mirror)
        }
        guard let work else { return }
        var request = APIRequest(
            .patch,
            ResourceName(
                version: "v1", plural: "pods", namespace: work.pod.metadata.namespace, name: work.pod.metadata.name,
                subresource: "status"))
        request.patch = (.merge, work.patch)
        context.client.send(request, on: executor) { result in
            var again: Duration?
            self.state.withLock { state in
                state.isWriting = false
                switch result {
                case .success: if state.mirror == work.mirror { state.written = work.status }
                case .failure(let error):
                    if error.isNotFound || error.isConflict {
                        state.written = work.status
                    } else {
                        again = .seconds(1)
                    }
                }
            }
            if case .failure(let error) = result, again != nil {
                self.context.log.warning(
                    "a pod's status cannot be written", [("pod.uid", self.uid), ("error", error.message)])
            }
            if let again {
                self.executor.submit(after: again) { self.writeStatus() }
            } else {
                self.writeStatus()
            }
        }
    }
}
