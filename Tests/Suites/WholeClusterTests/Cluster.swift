import Glibc
import MartinetBase
import MartinetTesting

/// One cluster on one machine, by the programs that people type.
final class Cluster {
    static let name = "whole"

    let machine: Machine
    let program: String
    private let images: String

    init() throws {
        machine = try Machine()
        guard let built = Products.path("martinet") else {
            throw SettingsProblem("martinet is not built beside the tests")
        }
        // Without its symbols it is the image of the first workload in half the time.
        program = machine.folder + "/martinet"
        guard try machine.run(["/usr/bin/strip", "-o", program, built]).code == 0 else {
            throw SettingsProblem("strip \(built)")
        }
        images = machine.folder + "/images"
        mkdir(images, 0o755)
        symlink(Products.repository + "/Images/busybox", images + "/busybox")
        let list = open(images + "/images.txt", O_WRONLY | O_CREAT, 0o644)
        let line = Array("busybox busybox:latest\n".utf8)
        write(list, line, line.count)
        close(list)
    }

    var state: String { machine.folder + "/state" }
    private var flags: [String] { ["--name=\(Cluster.name)", "--state=\(state)", "--run=\(machine.folder)/run"] }

    func up(_ more: [String] = []) throws -> Machine.Outcome {
        try machine.run([program, "up"] + flags + ["--images=\(images)", "--packages=/"] + more)
    }

    @discardableResult
    func down(_ more: [String] = []) throws -> Machine.Outcome { try machine.run([program, "down"] + flags + more) }

    func kubectl(_ arguments: String..., input: String = "") throws -> Machine.Outcome {
        try machine.run([program, "kubectl"] + arguments, input: input)
    }

    /// What kubectl says, for the message of a failed expectation.
    func told(_ arguments: String...) -> String {
        (try? machine.run([program, "kubectl"] + arguments).output) ?? "kubectl cannot be started"
    }

    /// Ends the cluster and takes everything away, whatever state a failed test left it in.
    func remove() {
        _ = try? down(["--purge"])
        machine.remove()
    }

    func process(_ name: String) -> pid_t? {
        pid_t(text("\(machine.folder)/run/\(name).pid").filter(\.isNumber)).flatMap { kill($0, 0) == 0 ? $0 : nil }
    }

    /// The monitors of the cluster's pods.
    func monitors() -> [pid_t] {
        machine.processes().filter { $0.words.hasPrefix("martinet-monitor") }.map(\.pid)
    }

    /// Looks until it is so, or the time is over.
    func eventually(_ seconds: Int = 30, _ condition: () throws -> Bool) rethrows -> Bool {
        let runtime = ProductionRuntime()
        let deadline = runtime.monotonic() + .seconds(seconds)
        while runtime.monotonic() < deadline {
            if try condition() { return true }
            var pause = timespec(tv_sec: 0, tv_nsec: 50_000_000)
            nanosleep(&pause, nil)
        }
        return try condition()
    }
}

struct SettingsProblem: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
