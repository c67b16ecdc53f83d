import CMartinetStage
import MartinetOCI

/// A specification's seccomp profile as a classic BPF program (seccomp(2), `struct seccomp_data`).
///
/// Only this machine's own architecture is filtered by rules; a call through another one (32-bit programs) fails with
/// ENOSYS, whatever the profile's list of architectures says: nothing passes unfiltered.
struct SeccompFilter {
    private struct Instruction {
        var code: UInt16
        var jt: UInt8 = 0
        var jf: UInt8 = 0
        var k: UInt32
    }

    private var program: [Instruction] = []

    private static let load: UInt16 = 0x20  // LD | W | ABS
    private static let equal: UInt16 = 0x15  // JMP | JEQ | K
    private static let greaterEqual: UInt16 = 0x35
    private static let greater: UInt16 = 0x25
    private static let and: UInt16 = 0x54  // ALU | AND | K
    private static let ret: UInt16 = 0x06
    private static let jump: UInt16 = 0x05

    init(_ profile: OCISeccomp) throws(OCIError) {
        guard (profile.listenerPath ?? "").isEmpty else {
            throw OCIError(code: .unsupported, message: "linux.seccomp.listenerPath is not supported")
        }
        let fallback = try SeccompFilter.action(profile.defaultAction, profile.defaultErrnoRet)
        program = [
            Instruction(code: Self.load, k: 4),
            Instruction(code: Self.equal, jt: 1, k: martinet_audit_arch()),
            Instruction(code: Self.ret, k: 0x0005_0000 | 38),
            Instruction(code: Self.load, k: 0),
        ]
        #if arch(x86_64)
            // x32 has the same architecture value and other numbers, from this bit on.
            program.append(Instruction(code: Self.greaterEqual, jt: 0, jf: 1, k: 0x4000_0000))
            program.append(Instruction(code: Self.ret, k: 0x0005_0000 | 38))
        #endif
        for rule in profile.syscalls ?? [] {
            let action = try SeccompFilter.action(rule.action, rule.errnoRet)
            // A rule that says what happens anyway would only cost instructions; libseccomp leaves it out, too.
            guard action != fallback else { continue }
            for name in rule.names {
                // Profiles name calls of newer kernels and other machines: no number, no call, nothing to filter.
                let number = martinet_syscall_number(name)
                guard number >= 0 else { continue }
                try add(UInt32(number), rule.args ?? [], action)
            }
        }
        program.append(Instruction(code: Self.ret, k: fallback))
        guard program.count <= 4096 else {
            throw OCIError(
                code: .unsupported, message: "linux.seccomp: \(program.count) instructions, the kernel takes 4096")
        }
    }

    private mutating func add(_ number: UInt32, _ arguments: [OCISeccomp.Argument], _ action: UInt32) throws(OCIError) {
        guard !arguments.isEmpty else {
            program.append(Instruction(code: Self.equal, jt: 0, jf: 1, k: number))
            program.append(Instruction(code: Self.ret, k: action))
            return
        }
        var body: [Instruction] = []
        /// Where a comparison that does not hold leads: the end of this rule, known only later; marked by 255.
        let miss: UInt8 = 255
        for argument in arguments {
            guard argument.index < 6 else {
                throw OCIError(code: .invalid, message: "linux.seccomp: a call has no argument \(argument.index)")
            }
            let (low, high) = (16 + argument.index * 8, 20 + argument.index * 8)
            let value = argument.value
            let (valueLow, valueHigh) = (UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32))
            func compare(_ code: UInt16) -> [Instruction] {
                // high > value: holds; high < value: misses; equal: the low half decides.
                [
                    Instruction(code: Self.load, k: high),
                    Instruction(code: Self.greater, jt: 3, k: valueHigh),
                    Instruction(code: Self.equal, jt: 0, jf: miss, k: valueHigh),
                    Instruction(code: Self.load, k: low),
                    Instruction(code: code, jt: 0, jf: miss, k: valueLow),
                ]
            }
            func compareBelow(_ code: UInt16) -> [Instruction] {
                // The opposite of >= and >: what would hold there misses here.
                [
                    Instruction(code: Self.load, k: high),
                    Instruction(code: Self.greater, jt: miss, k: valueHigh),
                    Instruction(code: Self.equal, jt: 0, jf: 2, k: valueHigh),
                    Instruction(code: Self.load, k: low),
                    Instruction(code: code, jt: miss, k: valueLow),
                ]
            }
            switch argument.op {
            case "SCMP_CMP_EQ":
                body += [
                    Instruction(code: Self.load, k: high), Instruction(code: Self.equal, jf: miss, k: valueHigh),
                    Instruction(code: Self.load, k: low), Instruction(code: Self.equal, jf: miss, k: valueLow),
                ]
            case "SCMP_CMP_NE":
                body += [
                    Instruction(code: Self.load, k: high), Instruction(code: Self.equal, jf: 2, k: valueHigh),
                    Instruction(code: Self.load, k: low), Instruction(code: Self.equal, jt: miss, k: valueLow),
                ]
            case "SCMP_CMP_MASKED_EQ":
                // value is the mask, valueTwo what must remain.
                let two = argument.valueTwo ?? 0
                body += [
                    Instruction(code: Self.load, k: high), Instruction(code: Self.and, k: valueHigh),
                    Instruction(code: Self.equal, jf: miss, k: UInt32(truncatingIfNeeded: two >> 32)),
                    Instruction(code: Self.load, k: low), Instruction(code: Self.and, k: valueLow),
                    Instruction(code: Self.equal, jf: miss, k: UInt32(truncatingIfNeeded: two)),
                ]
            case "SCMP_CMP_GE": body += compare(Self.greaterEqual)
            case "SCMP_CMP_GT": body += compare(Self.greater)
            case "SCMP_CMP_LT": body += compareBelow(Self.greaterEqual)
            case "SCMP_CMP_LE": body += compareBelow(Self.greater)
            default:
                throw OCIError(code: .invalid, message: "linux.seccomp: the operator \(argument.op) is not known")
            }
        }
        guard body.count < 200 else {
            throw OCIError(code: .unsupported, message: "linux.seccomp: a rule with too many arguments")
        }
        body.append(Instruction(code: Self.ret, k: action))
        for index in body.indices {
            // From behind this instruction to behind the rule, where the call's number is loaded again.
            let distance = UInt8(body.count - index - 1)
            if body[index].jt == miss { body[index].jt = distance }
            if body[index].jf == miss { body[index].jf = distance }
        }
        program.append(Instruction(code: Self.equal, jt: 0, jf: UInt8(body.count + 1), k: number))
        program += body
        program.append(Instruction(code: Self.load, k: 0))
    }

    /// `struct sock_filter[]`.
    func bytes() -> [UInt8] {
        var out: [UInt8] = []
        out.reserveCapacity(program.count * 8)
        for instruction in program {
            withUnsafeBytes(of: instruction.code) { out.append(contentsOf: $0) }
            out.append(instruction.jt)
            out.append(instruction.jf)
            withUnsafeBytes(of: instruction.k) { out.append(contentsOf: $0) }
        }
        return out
    }

    private static func action(_ name: String, _ errno: UInt32?) throws(OCIError) -> UInt32 {
        switch name {
        case "SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD": return 0
        case "SCMP_ACT_KILL_PROCESS": return 0x8000_0000
        case "SCMP_ACT_TRAP": return 0x0003_0000
        case "SCMP_ACT_ERRNO": return 0x0005_0000 | ((errno ?? 1) & 0xFFFF)
        case "SCMP_ACT_TRACE": return 0x7FF0_0000 | ((errno ?? 1) & 0xFFFF)
        case "SCMP_ACT_LOG": return 0x7FFC_0000
        case "SCMP_ACT_ALLOW": return 0x7FFF_0000
        default: throw OCIError(code: .unsupported, message: "linux.seccomp: the action \(name) is not supported")
        }
    }

    static func flags(_ profile: OCISeccomp) throws(OCIError) -> UInt64 {
        var flags: UInt64 = 0
        for name in profile.flags ?? [] {
            switch name {
            case "SECCOMP_FILTER_FLAG_TSYNC": break  // the stage has one thread
            case "SECCOMP_FILTER_FLAG_LOG": flags |= 2
            case "SECCOMP_FILTER_FLAG_SPEC_ALLOW": flags |= 4
            default: throw OCIError(code: .unsupported, message: "linux.seccomp: the flag \(name) is not supported")
            }
        }
        return flags
    }
}
