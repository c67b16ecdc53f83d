import Glibc
import MartinetBase

/// Runs a program to its end.
enum Shell {
    struct Outcome {
        let code: Int32
        /// Standard output and error, as one text.
        let output: String
    }

    @discardableResult
    static func run(_ words: [String]) throws -> Outcome {
        var template = Array("/tmp/martinet-output-XXXXXX".utf8CString)
        let sink = mkstemp(&template)
        guard sink >= 0 else { throw SystemError.last("mkstemp", "/tmp") }
        unlink(template)
        defer { close(sink) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, sink, 1)
        posix_spawn_file_actions_adddup2(&actions, sink, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var child: pid_t = 0
        let failure = posix_spawn(&child, words[0], &actions, nil, &arguments, environ)
        guard failure == 0 else { throw SystemError(call: "posix_spawn", operand: words[0], errno: failure) }
        var status: Int32 = 0
        while waitpid(child, &status, 0) < 0, errno == EINTR {}
        var output: [UInt8] = []
        var piece = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = pread(sink, &piece, piece.count, off_t(output.count))
            if count <= 0 { break }
            output += piece.prefix(count)
        }
        let code = status & 0x7f == 0 ? status >> 8 & 0xff : -(status & 0x7f)
        return Outcome(code: code, output: String(decoding: output, as: UTF8.self))
    }

    static func write(_ text: String, to path: String) throws {
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SystemError.last("open", path) }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw SystemError.last("write", path) }
    }
}
