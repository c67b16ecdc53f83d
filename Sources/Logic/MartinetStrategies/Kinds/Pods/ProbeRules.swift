import MartinetSchema

extension ContainerRules {
    /// What is asked of a container while it runs, and what it is told.
    func probes(_ container: Part) {
        let grace = spec.terminationGracePeriodSeconds
        for name in ["postStart", "preStop"] where container.lifecycle[name].isSet {
            HandlerRules.lifecycle(container.lifecycle[name], grace: grace)
        }
        let (liveness, readiness, startup) = (
            container.livenessProbe, container.readinessProbe, container.startupProbe
        )
        for probe in [liveness, readiness, startup] where probe.isSet { self.probe(probe) }
        for probe in [liveness, startup] where probe.isSet && probe.successThreshold.int != 1 {
            probe.successThreshold.invalid("must be 1")
        }
        if readiness.isSet, readiness.terminationGracePeriodSeconds.isSet {
            readiness.terminationGracePeriodSeconds.invalid("must not be set for a readinessProbe")
        }
    }

    private func probe(_ probe: Part) {
        HandlerRules.probe(probe)
        for name in ["initialDelaySeconds", "timeoutSeconds", "periodSeconds", "successThreshold", "failureThreshold"] {
            probe[name].nonNegative()
        }
        probe.terminationGracePeriodSeconds.ifSetPositive()
    }
}

/// What is done to ask a container, or to tell it something: exactly one thing.
enum HandlerRules {
    static func probe(_ probe: Part) { one(of: ["exec", "httpGet", "tcpSocket", "grpc"], in: probe, grace: nil) }

    static func lifecycle(_ handler: Part, grace: Part) {
        one(of: ["exec", "httpGet", "tcpSocket", "sleep"], in: handler, grace: grace)
    }

    private static func one(of names: [String], in handler: Part, grace: Part?) {
        let set = handler.setFields
        let present = names.filter { set.contains($0) && handler[$0].isSet }
        guard let first = present.first else {
            return handler.required("must have one of \(names.joined(separator: ", "))")
        }
        for name in present.dropFirst() { handler[name].forbidden("may not be set beside \(first)") }
        let action = handler[first]
        switch first {
        case "exec": if action.command.count == 0 { action.command.required() }
        case "httpGet":
            action.path.mustBeSet()
            action.port.portNumberOrName()
            action.scheme.oneOf("HTTP", "HTTPS")
            for header in action.httpHeaders.items {
                header.name.at(action.httpHeaders.place).form(.httpHeaderName)
            }
        case "tcpSocket", "grpc": action.port.portNumberOrName()
        default:
            let seconds = action.seconds.int
            if let grace, grace.isSet, seconds < 0 || seconds > grace.int {
                action.invalid("must be between 0 and terminationGracePeriodSeconds, \(grace.int)")
            }
        }
    }
}

extension Part {
    func portNumberOrName() {
        if case .string = value { form(.portName) } else { mustBePort() }
    }
}
