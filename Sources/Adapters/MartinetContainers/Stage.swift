import CMartinetContainers
import CMartinetStage
import CMartinetStageImage
import Glibc
package import MartinetBase
package import MartinetStagePlan

/// The static C program that performs plans, held as a sealed memory file: a container that reaches `/proc/self/exe`
/// cannot change it (CVE-2019-5736).
package struct Stage: Sendable {
    let image: Descriptor

    package init() throws(SystemError) {
        var count = 0
        let bytes = martinet_stage_image(&count)
        image = try Descriptor.sealedFile("martinet-stage", UnsafeRawBufferPointer(start: bytes, count: count))
    }

    /// Where a plan's program reads and writes, and what starts it.
    package struct Streams: Sendable {
        /// Descriptors 0, 1, 2 and those preserved after them; nil is /dev/null.
        package var descriptors: [Descriptor?]
        /// A listening socket that GATE accepts on.
        package var gate: Descriptor?
        /// What hooks are waited on.
        package var console: Descriptor?
        package init(descriptors: [Descriptor?] = [nil, nil, nil], gate: Descriptor? = nil, console: Descriptor? = nil)
        {
            self.descriptors = descriptors
            self.gate = gate
            self.console = console
        }
    }

    /// A plan under way.
    package struct Run: Sendable {
        package let starter: Int32
        let results: Descriptor
        let plan: StagePlan

        /// How far a plan has come.
        package enum Progress: Sendable {
            /// At its gate; the process id of the program to be.
            case created(pid: Int32)
            /// The program was executed: the kernel closed the pipe.
            case running(pid: Int32)
            /// The plan had no program and is done.
            case done
        }

        /// Blocks until the plan is at its gate, executed, done or failed.
        ///
        /// Throws `SystemError` with the failed step's call and operand.
        package func wait() throws(SystemError) -> Progress {
            defer { reap() }
            var pid: Int32 = 0
            var created = false
            while let result = try StageResult.read(results, plan: plan) {
                switch result {
                case .pid(let number): pid = number
                case .gate: created = true
                case .done: return .done
                case .hooks: break
                }
                // The child may be at its gate before the starter has told its number.
                if created, pid > 0 { return .created(pid: pid) }
            }
            guard pid > 0 else { throw SystemError(call: "stage", operand: "ended without a word", errno: EPIPE) }
            return .running(pid: pid)
        }

        private func reap() {
            var code: Int32 = 0
            var signal: Int32 = 0
            _ = martinet_wait(starter, &code, &signal)
        }
    }

    /// Starts a plan; the program will be a child of this process.
    package func run(_ plan: StagePlan, _ streams: Streams = Streams()) throws -> Run {
        let file = try Descriptor.sealedFile("plan", try plan.bytes())
        let (read, write) = try Descriptor.pipe()
        let base = streams.descriptors.count
        var descriptors = streams.descriptors.map { $0?.number ?? -1 } + [file.number, write.number]
        var arguments = ["martinet-stage", "run", String(base), String(base + 1)]
        if let gate = streams.gate {
            arguments += [String(descriptors.count), "1"]
            descriptors.append(gate.number)
        } else {
            arguments += ["-1", "0"]
        }
        if let console = streams.console {
            arguments.append(String(descriptors.count))
            descriptors.append(console.number)
        } else {
            arguments.append("-1")
        }
        let starter = try spawn(arguments, descriptors, newSession: false)
        withExtendedLifetime((file, write, streams)) {}
        return Run(starter: starter, results: read, plan: plan)
    }

    func spawn(_ arguments: [String], _ descriptors: [Int32], newSession: Bool) throws(SystemError) -> Int32 {
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
        argv.append(nil)
        defer { for pointer in argv { free(pointer) } }
        var envp: [UnsafeMutablePointer<CChar>?] = [nil]
        return try check(
            "posix_spawn", arguments.joined(separator: " "),
            martinet_spawn(image.number, argv, &envp, descriptors, Int32(descriptors.count), newSession ? 1 : 0))
    }
}

/// One answer of the stage (`struct martinet_result`).
enum StageResult {
    case pid(Int32)
    case gate
    case hooks
    case done

    /// The next answer; nil at the pipe's end. Throws where it tells a failure.
    static func read(_ from: Descriptor, plan: StagePlan) throws(SystemError) -> StageResult? {
        var result = martinet_result()
        var got = 0
        while got < MemoryLayout<martinet_result>.size {
            let count = withUnsafeMutableBytes(of: &result) { raw in
                raw.baseAddress.map { Glibc.read(from.number, $0 + got, raw.count - got) } ?? 0
            }
            if count < 0 {
                let code = errno
                if code == EINTR { continue }
                // A gate's answer travels over a socket: a killed process resets it.
                if code == ECONNRESET { return nil }
                throw SystemError(call: "read", operand: "stage", errno: code)
            }
            if count == 0 { return nil }
            got += count
        }
        switch Int(result.kind) {
        case Int(MARTINET_RESULT_PID): return .pid(result.pid)
        case Int(MARTINET_RESULT_GATE): return .gate
        case Int(MARTINET_RESULT_HOOKS): return .hooks
        case Int(MARTINET_RESULT_DONE): return .done
        default: throw StageResult.failure(step: result.step, errno: result.error, plan: plan)
        }
    }

    /// A failed step as the call and operand that its label names.
    static func failure(step: UInt32, errno: Int32, plan: StagePlan?) -> SystemError {
        let label = plan?.label(ofStep: step) ?? "stage(step \(step))"
        guard let open = label.firstIndex(of: "("), label.hasSuffix(")") else {
            return SystemError(call: label, operand: "", errno: errno)
        }
        return SystemError(
            call: String(label[..<open]), operand: String(label[label.index(after: open)...].dropLast()), errno: errno)
    }
}
