import MartinetAPI
import MartinetSchema

extension ContainerRules {
    func probes(_ container: Container, _ path: String, _ checker: inout Checker) {
        for (name, probe) in [
            ("livenessProbe", container.livenessProbe), ("readinessProbe", container.readinessProbe),
            ("startupProbe", container.startupProbe),
        ] {
            guard let probe else { continue }
            let place = "\(path).\(name)"
            var handlers: [String] = []
            if probe.exec != nil { handlers.append("exec") }
            if probe.httpGet != nil { handlers.append("httpGet") }
            if probe.tcpSocket != nil { handlers.append("tcpSocket") }
            if probe.grpc != nil { handlers.append("grpc") }
            count(handlers, place, &checker)
            if let command = probe.exec?.command, command.isEmpty { checker.required(place + ".exec.command") }
            if let action = probe.httpGet { http(action, place + ".httpGet", &checker) }
            if let action = probe.tcpSocket { port(action.port, place + ".tcpSocket.port", &checker) }
            if let action = probe.grpc { checker.invalid(place + ".grpc.port", Names.portNumber(Int64(action.port))) }
            for (value, name) in [
                (probe.initialDelaySeconds, "initialDelaySeconds"), (probe.timeoutSeconds, "timeoutSeconds"),
                (probe.periodSeconds, "periodSeconds"), (probe.successThreshold, "successThreshold"),
                (probe.failureThreshold, "failureThreshold"),
            ] { checker.nonNegative(Int64(value), "\(place).\(name)") }
            if let grace = probe.terminationGracePeriodSeconds {
                if grace <= 0 { checker.invalid(place + ".terminationGracePeriodSeconds", "must be greater than 0") }
                if name == "readinessProbe" {
                    checker.invalid(place + ".terminationGracePeriodSeconds", "must not be set for readiness")
                }
            }
            if name != "readinessProbe", probe.successThreshold != 1 {
                checker.invalid(place + ".successThreshold", "must be 1")
            }
        }
        guard let lifecycle = container.lifecycle else { return }
        for (name, handler) in [("postStart", lifecycle.postStart), ("preStop", lifecycle.preStop)] {
            guard let handler else { continue }
            let place = "\(path).lifecycle.\(name)"
            var handlers: [String] = []
            if handler.exec != nil { handlers.append("exec") }
            if handler.httpGet != nil { handlers.append("httpGet") }
            if handler.tcpSocket != nil { handlers.append("tcpSocket") }
            if handler.sleep != nil { handlers.append("sleep") }
            count(handlers, place, &checker)
            if let command = handler.exec?.command, command.isEmpty { checker.required(place + ".exec.command") }
            if let action = handler.httpGet { http(action, place + ".httpGet", &checker) }
            if let action = handler.tcpSocket { port(action.port, place + ".tcpSocket.port", &checker) }
            if let sleep = handler.sleep {
                let most = spec.terminationGracePeriodSeconds ?? 30
                if sleep.seconds < 0 || sleep.seconds > most {
                    checker.invalid(place + ".sleep", "must be between 0 and the grace period")
                }
            }
        }
    }

    private func count(_ handlers: [String], _ path: String, _ checker: inout Checker) {
        if handlers.isEmpty { checker.required(path, "must specify a handler type") }
        for name in handlers.dropFirst() {
            checker.drop { $0.field.hasPrefix("\(path).\(name).") }
            checker.forbidden("\(path).\(name)", "may not specify more than 1 handler type")
        }
    }

    private func http(_ action: HTTPGetAction, _ path: String, _ checker: inout Checker) {
        if action.path.isEmpty { checker.required(path + ".path") }
        port(action.port, path + ".port", &checker)
        for header in action.httpHeaders {
            let isForm =
                !header.name.isEmpty
                && header.name.utf8.allSatisfy {
                    ($0 >= 48 && $0 <= 57) || ($0 >= 65 && $0 <= 90) || ($0 >= 97 && $0 <= 122) || $0 == 45
                }
            if !isForm {
                checker.drop { $0.field.hasPrefix(path + ".httpHeaders[") && $0.origin == "declared" }
                checker.invalid(path + ".httpHeaders", "is no header's name")
            }
        }
    }

    private func port(_ port: IntOrString?, _ path: String, _ checker: inout Checker) {
        switch port {
        case .string(let name): checker.invalid(path, Names.portName(name))
        case .int(let number): checker.invalid(path, Names.portNumber(Int64(number)))
        case nil: checker.invalid(path, Names.portNumber(0))
        }
    }
}
