import CMartinetContainers
import Glibc
import MartinetBase
import MartinetStagePlan
import MartinetOCI

/// Which devices a container may use: what every container may, then the specification's rules, later ones first.
struct DeviceRules {
    struct Line {
        let allow: Bool
        /// `c`, `b` or `a` for both.
        let type: Character
        let major: Int64?
        let minor: Int64?
        let access: String

        /// As version 1's `devices.allow` wants it.
        var text: String {
            if type == "a" { return "a" }
            return "\(type) \(major.map(String.init) ?? "*"):\(minor.map(String.init) ?? "*") \(access)"
        }
    }

    let lines: [Line]

    init(_ rules: [OCIDeviceRule]) {
        var lines: [Line] = []
        for rule in rules {
            let type = rule.type?.first ?? "a"
            let any: (Int64?) -> Int64? = { $0.flatMap { $0 < 0 ? nil : $0 } }
            let access = (rule.access ?? "").isEmpty ? "rwm" : (rule.access ?? "").filter { "rwm".contains($0) }
            if type == "a", rule.major != nil || rule.access.map({ $0.count < 3 }) == true {
                // "All types" with a number or a part of the access: version 1 has no word for it, so one of each.
                for type in ["c", "b"] as [Character] {
                    lines.append(
                        Line(
                            allow: rule.allow, type: type, major: any(rule.major), minor: any(rule.minor),
                            access: access))
                }
            } else {
                lines.append(
                    Line(
                        allow: rule.allow, type: type == "u" ? "c" : type, major: any(rule.major),
                        minor: any(rule.minor), access: access))
            }
        }
        // Behind the rules, as other runtimes have it: the default devices, terminals, and making any node.
        let closed = rules.contains { !$0.allow }
        if closed {
            for (major, minor, access) in DeviceRules.always {
                lines.append(Line(allow: true, type: "c", major: major, minor: minor, access: access))
            }
            lines.append(Line(allow: true, type: "b", major: nil, minor: nil, access: "m"))
        }
        self.lines = lines
    }

    private static let always: [(Int64?, Int64?, String)] = [
        (nil, nil, "m"), (1, 3, "rwm"), (1, 5, "rwm"), (1, 7, "rwm"), (1, 8, "rwm"), (1, 9, "rwm"), (5, 0, "rwm"),
        (5, 2, "rwm"), (136, nil, "rwm"),
    ]

    /// The same as instructions of BPF_PROG_TYPE_CGROUP_DEVICE; the last matching line decides, else it is allowed.
    var program: [UInt64] {
        func instruction(_ code: UInt8, dst: UInt8 = 0, src: UInt8 = 0, off: Int16 = 0, imm: Int32 = 0) -> UInt64 {
            UInt64(code) | UInt64(dst | src << 4) << 8 | UInt64(UInt16(bitPattern: off)) << 16
                | UInt64(UInt32(bitPattern: imm)) << 32
        }
        // r2: type (1 block, 2 char), r3: access (1 mknod, 2 read, 4 write), r4: major, r5: minor.
        var out = [
            instruction(0x61, dst: 2, src: 1), instruction(0x54, dst: 2, imm: 0xFFFF),
            instruction(0x61, dst: 3, src: 1), instruction(0x74, dst: 3, imm: 16),
            instruction(0x61, dst: 4, src: 1, off: 4), instruction(0x61, dst: 5, src: 1, off: 8),
        ]
        for line in lines.reversed() {
            var body: [UInt64] = []
            var exits: [Int] = []
            func missUnlessEqual(_ register: UInt8, _ value: Int64) {
                exits.append(body.count)
                body.append(instruction(0x55, dst: register, imm: Int32(truncatingIfNeeded: value)))
            }
            if line.type != "a" { missUnlessEqual(2, line.type == "b" ? 1 : 2) }
            if line.access.count < 3 {
                var mask: Int32 = 0
                for letter in line.access { mask |= letter == "m" ? 1 : letter == "r" ? 2 : 4 }
                body.append(instruction(0xBC, dst: 1, src: 3))
                body.append(instruction(0x54, dst: 1, imm: line.allow ? ~mask : mask))
                // Allowing needs every wanted bit in the line; denying needs one.
                exits.append(body.count)
                body.append(instruction(line.allow ? 0x55 : 0x15, dst: 1, imm: 0))
            }
            if let major = line.major { missUnlessEqual(4, major) }
            if let minor = line.minor { missUnlessEqual(5, minor) }
            body.append(instruction(0xB7, dst: 0, imm: line.allow ? 1 : 0))
            body.append(instruction(0x95))
            for index in exits { body[index] |= UInt64(UInt16(body.count - index - 1)) << 16 }
            out += body
            // It matches everything: what is behind can never be reached, and the kernel refuses such programs.
            if exits.isEmpty { return out }
        }
        return out + [instruction(0xB7, dst: 0, imm: 1), instruction(0x95)]
    }
}

extension Cgroup {
    func attachDeviceProgram(_ rules: DeviceRules) throws {
        guard !rules.lines.isEmpty, let unified = layout.unified else { return }
        let folder = try Descriptor.open(unified + path, O_RDONLY | O_DIRECTORY)
        let program = rules.program
        try check("bpf", path, martinet_attach_device_program(folder.number, program, UInt32(program.count)))
    }
}
