/// A word of a Dockerfile as it was written: quotes, escapes and variables still in it.
package struct Word: Hashable, Sendable {
    package var raw: String
    package var place: SourcePlace
    package init(raw: String, place: SourcePlace) {
        self.raw = raw
        self.place = place
    }
}

package struct Pair: Hashable, Sendable {
    package var key: Word
    package var value: Word
}

/// A command: a list of arguments (`["a", "b"]`), or a line for the shell.
package enum Command: Hashable, Sendable {
    case exec([String])
    case shell(String)
}

/// COPY and ADD.
package struct Transfer: Hashable, Sendable {
    /// Whether archives in the context are unpacked: ADD.
    package var unpacks: Bool
    package var sources: [Word]
    package var destination: Word
    package var heredocs: [Heredoc]
    /// An earlier stage's name or number, or an image.
    package var from: Word?
    package var owner: Word?
    package var mode: Word?
}

package struct HealthCheck: Hashable, Sendable {
    package var command: Command
    /// Durations as written, `30s`.
    package var interval, timeout, startPeriod: String?
    package var retries: Int?
}

package enum Operation: Hashable, Sendable {
    case run(Command, heredocs: [Heredoc])
    case transfer(Transfer)
    case command(Command)
    case entrypoint(Command)
    case environment([Pair])
    case labels([Pair])
    /// ARG: a name, and what it is unless the builder is told otherwise.
    case argument([(Word, Word?)])
    case workingDirectory(Word)
    case user(Word)
    case expose([Word])
    case volumes([Word])
    case maintainer(String)
    case stopSignal(Word)
    /// Nil takes an inherited check away.
    case healthCheck(HealthCheck?)
    case shell([String])
    /// An instruction for images built on this one.
    case onBuild(String)

    package static func == (a: Operation, b: Operation) -> Bool { "\(a)" == "\(b)" }
    package func hash(into hasher: inout Hasher) { hasher.combine("\(self)") }
}

/// One instruction after FROM.
package struct Instruction: Hashable, Sendable {
    package var operation: Operation
    package var place: SourcePlace
    /// The instruction as it was written, continued lines joined: what an image's history shows.
    package var text: String
}

/// From one FROM to the next.
package struct Stage: Sendable {
    package var base: Word
    package var platform: Word?
    package var name: String?
    package var place: SourcePlace
    package var instructions: [Instruction]
}

/// A Dockerfile, parsed and not yet expanded.
package struct Dockerfile: Sendable {
    /// `\`, or a backtick where the file says so.
    package var escape: UInt8
    /// ARG before the first FROM: for FROM lines only.
    package var arguments: [(Word, Word?)]
    package var stages: [Stage]
    /// What is allowed and probably not meant.
    package var warnings: [DockerfileError]

    /// A file without a stage, to be replaced.
    package static var empty: Dockerfile {
        Dockerfile(escape: UInt8(ascii: "\\"), arguments: [], stages: [], warnings: [])
    }
}
