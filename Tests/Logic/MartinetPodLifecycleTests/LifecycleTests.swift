import MartinetAPI
import MartinetBase
import MartinetPodLifecycle
import MartinetSchema
import Testing

/// A pod's life under the test's own clock.
struct Stage {
    var lifecycle: PodLifecycle
    var time: Duration = .seconds(1000)
    static let start = Timestamp(seconds: 1_790_000_000)

    init(_ spec: String, status: PodStatus = PodStatus()) throws {
        let json =
            "{\"metadata\":{\"name\":\"p\",\"namespace\":\"ns\",\"uid\":\"u\",\"generation\":3},\"spec\":\(spec)}"
        var pod = Pod(object: try JSONDecoder.decode(Array(json.utf8), as: Pod.type).object)
        pod.status = status
        lifecycle = PodLifecycle(pod: pod, at: Moment(monotonic: .seconds(1000), wall: Stage.start))
    }

    var now: Moment { Moment(monotonic: time, wall: Stage.start.advanced(by: time - .seconds(1000))) }

    mutating func see(_ event: PodEvent) -> [PodAction] {
        lifecycle.observed(event, at: now).filter { if case .report = $0 { false } else { true } }
    }

    mutating func reports(_ event: PodEvent) -> [String] {
        lifecycle.observed(event, at: now).compactMap {
            if case .report(_, let reason, _, _) = $0 { reason } else { nil }
        }
    }

    /// Goes to the next deadline.
    mutating func sleep() throws -> [PodAction] {
        time = max(time, try #require(lifecycle.nextDeadline))
        return see(.tick)
    }

    mutating func run(_ name: String, id: String) -> [PodAction] {
        see(.started(container: name, ContainerRun(id: id, image: "i", imageID: "sha256:1", startedAt: now.wall)))
    }

    mutating func exit(_ name: String, id: String, _ code: Int32) -> [PodAction] {
        see(.exited(container: name, Termination(id: id, exitCode: code, finishedAt: now.wall)))
    }

    mutating func status() -> PodStatus { lifecycle.status(hostAddresses: ["192.0.2.1"], at: now) }

    mutating func ready() -> [PodAction] {
        _ = see(.tick)
        return see(.sandboxReady(addresses: ["10.0.0.9"]))
    }

    mutating func delete(grace: Int64) -> [PodAction] {
        var pod = lifecycle.pod
        pod.metadata.deletionTimestamp = now.wall.advanced(by: .seconds(grace))
        pod.metadata.deletionGracePeriodSeconds = grace
        return see(.podChanged(pod))
    }
}

@Suite struct LifecycleTests {
    static let plain = "{\"containers\":[{\"name\":\"a\",\"image\":\"i\"}]}"

    @Test func aPodIsRunningWhenItsProgramIs() throws {
        var stage = try Stage(Self.plain)
        #expect(stage.see(.tick) == [.makeSandbox])
        #expect(stage.see(.tick).isEmpty, "what is under way is not asked for again")
        #expect(stage.see(.sandboxReady(addresses: ["10.0.0.9"])) == [.start(container: "a", attempt: 0)])
        var status = stage.status()
        #expect(status.phase == "Pending" && status.podIP == "10.0.0.9")
        #expect(status.containerStatuses.first?.state.waiting?.reason == "ContainerCreating")
        #expect(stage.run("a", id: "1").isEmpty)
        status = stage.status()
        #expect(status.phase == "Running" && status.observedGeneration == 3 && status.qosClass == "BestEffort")
        #expect(status.conditions.allSatisfy { $0.status == "True" } && status.conditions.count == 5)
        #expect(status.containerStatuses.first?.containerID == "martinet://1")
        #expect(stage.lifecycle.nextDeadline == nil, "nothing is looked at without a reason")
    }

    @Test func anEndThatIsToldBeforeItsStartIsAnEnd() throws {
        var stage = try Stage("{\"restartPolicy\":\"OnFailure\",\"containers\":[{\"name\":\"a\"}]}")
        _ = stage.ready()
        #expect(stage.exit("a", id: "1", 1) == [.start(container: "a", attempt: 1)])
        #expect(stage.run("a", id: "1").isEmpty)
        #expect(stage.exit("a", id: "1", 1).isEmpty, "told twice, it happened once")
        #expect(stage.status().phase == "Running")
        _ = stage.run("a", id: "2")
        #expect(stage.status().containerStatuses.first?.containerID == "martinet://2")
        #expect(stage.exit("a", id: "2", 0) == [.removeSandbox])
        #expect(stage.status().containerStatuses.first?.lastState.terminated?.containerID == "martinet://1")
    }

    @Test func anEvictedPodIsFailedOnceNothingOfItRuns() throws {
        var stage = try Stage(Self.plain)
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        #expect(stage.see(.evicted(message: "low", isForNode: true)) == [.signal(container: "a", id: "1", .stop)])
        #expect(try stage.sleep() == [.signal(container: "a", id: "1", .kill)], "a second later")
        #expect(stage.status().phase == "Running" && stage.status().reason.isEmpty && stage.lifecycle.holdsResources)
        #expect(stage.exit("a", id: "1", 137) == [.removeSandbox])
        let status = stage.status()
        #expect(status.phase == "Failed" && status.reason == "Evicted" && status.message == "low")
        #expect(!stage.lifecycle.holdsResources)
        let target = status.conditions.first { $0.type == "DisruptionTarget" }
        #expect(target?.status == "True" && target?.reason == "TerminationByKubelet")
        // Whoever looks after it next does not begin again.
        var next = try Stage(Self.plain, status: status)
        #expect(next.see(.tick) == [.removeSandbox])
        #expect(next.status().phase == "Failed" && next.status().reason == "Evicted")
        #expect(next.status().conditions.contains { $0.type == "DisruptionTarget" })
    }

    @Test func anEphemeralContainerRunsOnceAndCountsForNothing() throws {
        var stage = try Stage(
            "{\"restartPolicy\":\"Never\",\"initContainers\":[{\"name\":\"i\"}],\"containers\":[{\"name\":\"a\"}]}")
        _ = stage.ready()
        var pod = stage.lifecycle.pod
        pod.spec.ephemeralContainers = [
            EphemeralContainer {
                $0.name = "look"
                $0.image = "tools"
                $0.stdin = true
                $0.command = ["sh"]
                $0.targetContainerName = "a"
            }
        ]
        #expect(stage.see(.podChanged(pod)) == [.start(container: "look", attempt: 0)], "whatever is still to start")
        #expect(stage.see(.podChanged(pod)).isEmpty)
        let record = stage.lifecycle.record("look")
        #expect(record?.target == "a" && record?.spec.image == "tools" && record?.spec.stdin == true)
        _ = stage.run("look", id: "9")
        #expect(stage.run("i", id: "1").isEmpty)
        #expect(stage.exit("i", id: "1", 0) == [.start(container: "a", attempt: 0)])
        _ = stage.run("a", id: "2")
        var status = stage.status()
        #expect(status.ephemeralContainerStatuses.first?.state.running != nil)
        #expect(status.conditions.first { $0.type == "Ready" }?.status == "True")
        #expect(stage.exit("look", id: "9", 1).isEmpty, "it is never started again")
        status = stage.status()
        #expect(status.phase == "Running" && status.ephemeralContainerStatuses.first?.state.terminated?.exitCode == 1)
        #expect(stage.exit("a", id: "2", 0) == [.removeSandbox])
        #expect(stage.status().phase == "Succeeded")
    }

    @Test func aChangedImageReplacesWhatRuns() throws {
        var stage = try Stage("{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"a\",\"image\":\"old\"}]}")
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        var pod = stage.lifecycle.pod
        pod.spec.containers[0].image = "new"
        #expect(stage.see(.podChanged(pod)) == [.signal(container: "a", id: "1", .stop)])
        #expect(stage.see(.podChanged(pod)).isEmpty)
        #expect(stage.exit("a", id: "1", 143) == [.start(container: "a", attempt: 1)])
        _ = stage.run("a", id: "2")
        #expect(stage.exit("a", id: "2", 0) == [.removeSandbox])
    }

    @Test func backOffDoublesToFiveMinutesAndIsForgotten() throws {
        var stage = try Stage(Self.plain)
        _ = stage.ready()
        var waits: [Int64] = []
        for attempt in 0..<9 {
            _ = stage.run("a", id: "\(attempt)")
            let next = stage.exit("a", id: "\(attempt)", 1)
            if next.isEmpty {
                #expect(stage.status().containerStatuses.first?.state.waiting?.reason == "CrashLoopBackOff")
                let before = stage.time
                #expect(try stage.sleep() == [.start(container: "a", attempt: Int32(attempt + 1))])
                waits.append((stage.time - before).components.seconds)
            } else {
                #expect(next == [.start(container: "a", attempt: 1)], "the first end is followed by a start at once")
            }
        }
        #expect(waits == [10, 20, 40, 80, 160, 300, 300, 300])
        _ = stage.run("a", id: "long")
        stage.time += .seconds(601)
        #expect(stage.exit("a", id: "long", 1) == [.start(container: "a", attempt: 10)])
        #expect(stage.status().containerStatuses.first?.lastState.terminated?.exitCode == 1)
    }

    @Test(arguments: [
        ("Never", Int32(0), "Succeeded"), ("Never", 2, "Failed"), ("OnFailure", 0, "Succeeded"),
        ("OnFailure", 2, "Running"), ("Always", 0, "Running"),
    ])
    func policiesDecideOnTheEnd(policy: String, code: Int32, phase: String) throws {
        var stage = try Stage("{\"restartPolicy\":\"\(policy)\",\"containers\":[{\"name\":\"a\"}]}")
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        let actions = stage.exit("a", id: "1", code)
        #expect(stage.status().phase == phase)
        #expect(actions == (phase == "Running" ? [.start(container: "a", attempt: 1)] : [.removeSandbox]))
    }

    @Test func initContainersComeInOrderAndFailThePod() throws {
        let spec =
            "{\"restartPolicy\":\"Never\",\"initContainers\":[{\"name\":\"i\"},{\"name\":\"s\",\"restartPolicy\":\"Always\"}],\"containers\":[{\"name\":\"a\"}]}"
        var stage = try Stage(spec)
        #expect(stage.ready() == [.start(container: "i", attempt: 0)])
        #expect(stage.status().conditions.first { $0.type == "Initialized" }?.status == "False")
        #expect(stage.status().containerStatuses.first?.state.waiting?.reason == "PodInitializing")
        _ = stage.run("i", id: "1")
        #expect(stage.exit("i", id: "1", 0) == [.start(container: "s", attempt: 0)])
        #expect(stage.run("s", id: "2") == [.start(container: "a", attempt: 0)])
        _ = stage.run("a", id: "3")
        // The sidecar is started again while the pod lives, and ended when it is over.
        #expect(stage.exit("s", id: "2", 0) == [.start(container: "s", attempt: 1)])
        _ = stage.run("s", id: "4")
        #expect(stage.exit("a", id: "3", 0) == [.signal(container: "s", id: "4", .stop)])
        #expect(stage.exit("s", id: "4", 0) == [.removeSandbox])
        #expect(stage.status().phase == "Succeeded")
        var failing = try Stage(spec)
        _ = failing.ready()
        _ = failing.run("i", id: "1")
        #expect(failing.exit("i", id: "1", 1) == [.removeSandbox])
        #expect(failing.status().phase == "Failed")
    }

    @Test func probesCountToTheirThresholds() throws {
        let probe = "{\"periodSeconds\":2,\"failureThreshold\":2,\"successThreshold\":1,\"initialDelaySeconds\":5}"
        var stage = try Stage(
            "{\"containers\":[{\"name\":\"a\",\"startupProbe\":{\"periodSeconds\":1,\"failureThreshold\":3},\"readinessProbe\":\(probe),\"livenessProbe\":\(probe)}]}"
        )
        _ = stage.ready()
        #expect(stage.run("a", id: "1") == [.probe(container: "a", id: "1", .startup)])
        #expect(stage.status().containerStatuses.first?.started == false)
        _ = stage.see(.probed(container: "a", id: "1", .startup, failure: nil))
        #expect(stage.status().containerStatuses.first?.started == true)
        #expect(stage.status().containerStatuses.first?.ready == false)
        #expect(
            try stage.sleep() == [
                .probe(container: "a", id: "1", .readiness), .probe(container: "a", id: "1", .liveness),
            ])
        #expect(stage.time == .seconds(1005))
        _ = stage.see(.probed(container: "a", id: "1", .readiness, failure: nil))
        #expect(stage.status().conditions.first { $0.type == "Ready" }?.status == "True")
        #expect(stage.reports(.probed(container: "a", id: "1", .liveness, failure: "no")) == ["Unhealthy"])
        _ = try stage.sleep()
        #expect(stage.time == .seconds(1007))
        let reports = stage.reports(.probed(container: "a", id: "1", .liveness, failure: "no"))
        #expect(reports == ["Unhealthy", "Killing"])
        #expect(stage.see(.probed(container: "a", id: "1", .readiness, failure: nil)).isEmpty)
        #expect(stage.status().containerStatuses.first?.ready == false)
        #expect(stage.exit("a", id: "1", 137) == [.start(container: "a", attempt: 1)])
    }

    @Test func aDeletionRunsHookSignalAndKill() throws {
        var stage = try Stage(
            "{\"containers\":[{\"name\":\"a\",\"lifecycle\":{\"preStop\":{\"sleep\":{\"seconds\":1}}}},{\"name\":\"b\"}]}"
        )
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        _ = stage.run("b", id: "2")
        #expect(
            Set(stage.delete(grace: 10)) == [
                .runHook(container: "a", id: "1", .preStop), .signal(container: "b", id: "2", .stop),
            ])
        #expect(stage.exit("b", id: "2", 0).isEmpty)
        #expect(
            stage.see(.hookFinished(container: "a", id: "1", .preStop, failure: nil)) == [
                .signal(container: "a", id: "1", .stop)
            ])
        #expect(try stage.sleep() == [.signal(container: "a", id: "1", .kill)])
        #expect(stage.time == .seconds(1010))
        #expect(stage.exit("a", id: "1", 137) == [.removeSandbox])
        #expect(stage.see(.sandboxRemoved) == [.deleteObject])
        #expect(stage.see(.tick).isEmpty)
        #expect(!stage.lifecycle.isOver)
        _ = stage.see(.podGone)
        #expect(stage.lifecycle.isOver)
    }

    @Test func aDeletionIsHastenedNeverDelayed() throws {
        var stage = try Stage(Self.plain)
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        #expect(stage.delete(grace: 30) == [.signal(container: "a", id: "1", .stop)])
        #expect(stage.delete(grace: 60).isEmpty)
        #expect(stage.lifecycle.nextDeadline == .seconds(1030))
        #expect(stage.delete(grace: 0) == [.signal(container: "a", id: "1", .kill)])
    }

    @Test func aPodThatNeverStartedGoesAtOnce() throws {
        var stage = try Stage(Self.plain)
        #expect(stage.delete(grace: 30) == [.deleteObject])
        var failing = try Stage(Self.plain)
        _ = failing.see(.tick)
        _ = failing.see(.sandboxFailed(message: "no"))
        #expect(try failing.sleep() == [.makeSandbox])
        #expect(failing.delete(grace: 30).isEmpty, "what is under way is waited for")
        #expect(failing.see(.sandboxFailed(message: "no")) == [.removeSandbox])
        #expect(failing.see(.sandboxRemoved) == [.deleteObject])
    }

    @Test func pullsBackOffAndConfigurationIsWaitedFor() throws {
        var stage = try Stage(Self.plain)
        _ = stage.ready()
        var reasons: [String] = []
        var waits: [Int64] = []
        for _ in 0..<3 {
            _ = stage.see(.startFailed(container: "a", reason: "ErrImagePull", message: "no"))
            reasons.append(stage.status().containerStatuses.first?.state.waiting?.reason ?? "")
            let before = stage.time
            #expect(try stage.sleep() == [.start(container: "a", attempt: 0)])
            waits.append((stage.time - before).components.seconds)
        }
        #expect(reasons == ["ErrImagePull", "ImagePullBackOff", "ImagePullBackOff"] && waits == [10, 20, 40])
        _ = stage.see(.startFailed(container: "a", reason: "CreateContainerConfigError", message: "no map"))
        #expect(stage.see(.tick).isEmpty)
        #expect(stage.see(.contentChanged) == [.start(container: "a", attempt: 0)])
    }

    @Test func aRestartedNodeGoesOnFromTheStatus() throws {
        var first = try Stage(Self.plain)
        _ = first.ready()
        _ = first.run("a", id: "1")
        _ = first.exit("a", id: "1", 1)
        _ = first.run("a", id: "2")
        let status = first.status()
        var second = try Stage(Self.plain, status: status)
        second.lifecycle.recoverSandbox(addresses: ["10.0.0.9"])
        let run = ContainerRun(id: "2", image: "i", imageID: "sha256:1", startedAt: Stage.start)
        second.lifecycle.recoverRunning("a", run, attempt: 1, at: second.now)
        #expect(second.see(.tick).isEmpty)
        #expect(second.status() == status, "nothing has to be written")
        // A finished pod stays finished, whatever the node has forgotten.
        var done = try Stage("{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"a\"}]}")
        _ = done.ready()
        _ = done.run("a", id: "1")
        _ = done.exit("a", id: "1", 0)
        var later = try Stage(
            "{\"restartPolicy\":\"Never\",\"containers\":[{\"name\":\"a\"}]}", status: done.status())
        #expect(later.see(.tick) == [.removeSandbox])
        #expect(later.status().phase == "Succeeded" && later.status().podIP == "10.0.0.9")
    }

    @Test func aDeadlineAndARefusalFailThePod() throws {
        var stage = try Stage("{\"activeDeadlineSeconds\":5,\"containers\":[{\"name\":\"a\"}]}")
        _ = stage.ready()
        _ = stage.run("a", id: "1")
        #expect(stage.lifecycle.activeDeadline == Stage.start.advanced(by: .seconds(5)))
        stage.time += .seconds(5)
        #expect(stage.see(.tick) == [.signal(container: "a", id: "1", .stop)])
        #expect(stage.status().phase == "Running", "it has failed when nothing of it runs")
        #expect(stage.exit("a", id: "1", 143) == [.removeSandbox])
        #expect(stage.status().phase == "Failed" && stage.status().reason == "DeadlineExceeded")
        var refused = try Stage(Self.plain)
        #expect(refused.see(.refused(reason: "UnsupportedField", message: "spec.x")).isEmpty)
        #expect(refused.status().phase == "Failed" && refused.status().message == "spec.x")
    }

    @Test func sidecarsOutliveWhatTheyServe() throws {
        var stage = try Stage(
            "{\"initContainers\":[{\"name\":\"s1\",\"restartPolicy\":\"Always\"},{\"name\":\"s2\",\"restartPolicy\":\"Always\"}],\"containers\":[{\"name\":\"a\"}]}"
        )
        _ = stage.ready()
        _ = stage.run("s1", id: "1")
        _ = stage.run("s2", id: "2")
        _ = stage.run("a", id: "3")
        #expect(stage.delete(grace: 30) == [.signal(container: "a", id: "3", .stop)])
        #expect(stage.exit("a", id: "3", 0) == [.signal(container: "s2", id: "2", .stop)])
        #expect(stage.exit("s2", id: "2", 0) == [.signal(container: "s1", id: "1", .stop)])
        #expect(stage.exit("s1", id: "1", 0) == [.removeSandbox])
    }

    /// Random events in any order never trap, and never start what is already alive.
    @Test(arguments: 1...40) func anyOrderOfEventsIsTaken(seed: Int) throws {
        var random = SplitMix64(state: UInt64(seed))
        var stage = try Stage(
            "{\"restartPolicy\":\"OnFailure\",\"initContainers\":[{\"name\":\"i\"},{\"name\":\"s\",\"restartPolicy\":\"Always\"}],\"containers\":[{\"name\":\"a\",\"livenessProbe\":{\"periodSeconds\":1}},{\"name\":\"b\"}]}"
        )
        var alive: [String: Int] = [:]
        for step in 0..<300 {
            let name = ["i", "s", "a", "b"][Int(random.next() % 4)]
            let id = stage.lifecycle.record(name)?.run?.id ?? "x"
            let code = Int32(random.next() % 3)
            let events: [PodEvent] = [
                .tick, .contentChanged, .sandboxReady(addresses: ["10.0.0.1"]), .sandboxFailed(message: ""),
                .exited(container: name, Termination(id: id, exitCode: code)),
                .probed(container: name, id: id, .liveness, failure: code == 0 ? nil : "no"),
                .hookFinished(container: name, id: id, .preStop, failure: nil),
                .startFailed(container: name, reason: "ErrImagePull", message: ""),
            ]
            var event = events[Int(random.next() % UInt64(events.count))]
            if let starting = alive.keys.sorted().first, random.next() % 2 == 0 {
                event = .started(
                    container: starting, ContainerRun(id: "\(step)", image: "", imageID: "", startedAt: stage.now.wall))
                alive[starting] = nil
            }
            if case .startFailed(let failed, _, _) = event { alive[failed] = nil }
            if case .exited(let ended, _) = event { alive[ended] = nil }
            stage.time += .milliseconds(Int64(random.next() % 5000))
            for action in stage.see(event) {
                if case .start(let name, _) = action {
                    #expect(alive[name] == nil, "seed \(seed), step \(step): \(name) is started twice")
                    alive[name] = step
                }
            }
            _ = stage.status()
        }
    }
}
