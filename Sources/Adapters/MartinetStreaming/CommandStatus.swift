/// What became of a command, as the error channel tells it.
struct CommandStatus: Sendable, Hashable {
    let exit: ProcessExit

    var isSuccess: Bool { exit == .code(0) }

    /// A `metav1.Status`, for protocols from v4 on.
    var json: [UInt8] {
        switch exit {
        case .code(0): return Array(#"{"metadata":{},"status":"Success"}"#.utf8)
        case .code(let code):
            let cause = #"{"reason":"ExitCode","message":"\#(code)"}"#
            return Array(
                (#"{"metadata":{},"status":"Failure","message":\#(CommandStatus.quoted(text)),"#
                    + #""reason":"NonZeroExitCode","details":{"causes":[\#(cause)]}}"#).utf8)
        case .failed:
            return Array(
                (#"{"metadata":{},"status":"Failure","message":\#(CommandStatus.quoted(text)),"#
                    + #""reason":"InternalError","code":500}"#).utf8)
        }
    }

    /// Plain words, for protocols before v4; empty for success.
    var text: String {
        switch exit {
        case .code(0): ""
        case .code(let code): "command terminated with non-zero exit code: exit status \(code)"
        case .failed(let message): "Internal error occurred: error executing command in container: \(message)"
        }
    }

    static func quoted(_ text: String) -> String {
        var out = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            default:
                if scalar.value < 32 {
                    let hex = String(scalar.value, radix: 16)
                    out += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
                } else {
                    out.unicodeScalars.append(scalar)
                }
            }
        }
        return out + "\""
    }
}
