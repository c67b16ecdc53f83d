import Glibc
import MartinetBase

/// Other programs and temporary folders.
enum Tool {
    static func path(of program: String) -> String? {
        ["/usr/bin/\(program)", "/usr/local/bin/\(program)"].first { access($0, X_OK) == 0 }
    }

    static func run(_ path: String, _ arguments: [String]) -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for descriptor in 0...2 as ClosedRange<Int32> {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_RDWR, 0)
        }
        var argv: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for argument in argv { free(argument) } }
        var pid: pid_t = 0
        guard posix_spawn(&pid, path, &actions, nil, &argv, environ) == 0 else { return -1 }
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status >> 8 & 0xFF
    }

    static func folder() throws -> String {
        var template = Array("/tmp/martinet-certificates-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw SystemError.last("mkdtemp", "/tmp") }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    static func remove(_ folder: String) {
        for name in ["ca.crt", "ca.key", "a.crt", "b.crt", "p", "k", "csr"] { unlink("\(folder)/\(name)") }
        rmdir(folder)
    }
}
