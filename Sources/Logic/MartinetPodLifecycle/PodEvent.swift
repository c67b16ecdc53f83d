package import MartinetAPI
package import MartinetBase

/// A point in time on both clocks, as the driver reads them: the machine itself has none.
package struct Moment: Sendable {
    /// For delays and deadlines.
    package let monotonic: Duration
    /// For time stamps in objects.
    package let wall: Timestamp
    package init(monotonic: Duration, wall: Timestamp) {
        self.monotonic = monotonic
        self.wall = wall
    }
}

/// One run of a container's program.
package struct ContainerRun: Hashable, Sendable {
    package var id: String
    /// As the image is called, and what it is by content.
    package var image: String
    package var imageID: String
    package var startedAt: Timestamp
    package init(id: String, image: String, imageID: String, startedAt: Timestamp) {
        self.id = id
        self.image = image
        self.imageID = imageID
        self.startedAt = startedAt
    }
}

/// How a run ended.
package struct Termination: Hashable, Sendable {
    package var id: String
    package var exitCode: Int32
    package var signal: Int32
    /// `Completed`, `Error`, `OOMKilled`, `StartError`, `ContainerStatusUnknown`.
    package var reason: String
    package var message: String
    package var startedAt: Timestamp?
    package var finishedAt: Timestamp?

    package init(
        id: String, exitCode: Int32, signal: Int32 = 0, reason: String = "", message: String = "",
        startedAt: Timestamp? = nil, finishedAt: Timestamp? = nil
    ) {
        self.id = id
        self.exitCode = exitCode
        self.signal = signal
        self.reason = reason.isEmpty ? (exitCode == 0 ? "Completed" : "Error") : reason
        self.message = message
        self.startedAt = startedAt
        self.finishedAt = finishedAt
    }
}

package enum ProbeKind: String, Hashable, Sendable, CaseIterable {
    case startup = "Startup"
    case readiness = "Readiness"
    case liveness = "Liveness"
}

package enum HookKind: String, Hashable, Sendable {
    case postStart = "PostStart"
    case preStop = "PreStop"
}

/// What has been seen of a pod.
package enum PodEvent: Sendable {
    /// The object is new or has changed, its deletion's mark included.
    case podChanged(Pod)
    /// The object is gone from the API.
    case podGone
    /// The node cannot honour what the pod asks: it fails with this reason.
    case refused(reason: String, message: String)
    /// The pod uses more than it may or, `isForNode`, the node needs what it uses: it fails.
    case evicted(message: String, isForNode: Bool)
    case sandboxReady(addresses: [String])
    case sandboxFailed(message: String)
    case sandboxRemoved
    /// The container's program has been executed.
    case started(container: String, ContainerRun)
    /// There is no process, for a reason of Kubernetes' vocabulary such as `ErrImagePull`.
    case startFailed(container: String, reason: String, message: String)
    /// A run ended, or its program could not be executed.
    case exited(container: String, Termination)
    /// `failure` nil: it succeeded.
    case probed(container: String, id: String, ProbeKind, failure: String?)
    case hookFinished(container: String, id: String, HookKind, failure: String?)
    /// Something that containers are configured from has changed.
    case contentChanged
    /// A deadline has come.
    case tick
}

/// What to do about it.
package enum PodAction: Hashable, Sendable {
    package enum Signal: Hashable, Sendable {
        /// The image's, or the specification's, stop signal.
        case stop
        case kill
    }

    case makeSandbox
    case removeSandbox
    /// `attempt` counts from 0.
    case start(container: String, attempt: Int32)
    case signal(container: String, id: String, Signal)
    case probe(container: String, id: String, ProbeKind)
    case runHook(container: String, id: String, HookKind)
    /// An Event about the pod, or about one of its containers.
    case report(isWarning: Bool, reason: String, message: String, container: String?)
    /// Nothing of the pod is left on the node: its object may go.
    case deleteObject
}
