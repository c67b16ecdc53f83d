extension Dockerfile {
    /// Reads a Dockerfile. Total: any bytes give a Dockerfile or a `DockerfileError`.
    /// Source: Dockerfile reference.
    package init(_ text: [UInt8], file: String = "Dockerfile") throws(DockerfileError) {
        var lines = try LineReader(text, file: file)
        escape = lines.escape
        arguments = []
        stages = []
        warnings = []
        while let line = try lines.nextLine() {
            var parser = InstructionParser(line: line, escape: escape)
            let name = parser.name
            if name == "FROM" {
                let stage = try parser.stage()
                if let name = stage.name, stages.contains(where: { $0.name == name }) {
                    throw DockerfileError(stage.place, "stage \(name) is there already")
                }
                stages.append(stage)
                continue
            }
            let instruction = try parser.instruction()
            warnings += parser.warnings
            guard !stages.isEmpty else {
                guard case .argument(let list) = instruction.operation else {
                    throw DockerfileError(instruction.place, "expected FROM first, only ARG may stand before it")
                }
                arguments += list
                continue
            }
            stages[stages.count - 1].instructions.append(instruction)
        }
        guard !stages.isEmpty else {
            throw DockerfileError(
                SourcePlace(file: file, line: 1, column: 1), "expected FROM, the file has no instruction")
        }
    }

    /// One instruction by itself: what ONBUILD keeps.
    package static func instruction(_ text: String, file: String) throws(DockerfileError) -> Instruction {
        var lines = try LineReader(Array(text.utf8), file: file)
        guard let line = try lines.nextLine() else {
            throw DockerfileError(SourcePlace(file: file, line: 1, column: 1), "expected an instruction")
        }
        var parser = InstructionParser(line: line, escape: lines.escape)
        return try parser.instruction()
    }
}

/// Any bytes as a Dockerfile, its words expanded: what a fuzzer calls. Must not trap.
@discardableResult
package func fuzzDockerfile(_ bytes: [UInt8]) -> Bool {
    do {
        let file = try Dockerfile(bytes)
        let expander = Expander(variables: ["a": "b", "PATH": "/bin"], escape: file.escape)
        for stage in file.stages {
            _ = try expander.expand(stage.base)
            for instruction in stage.instructions {
                switch instruction.operation {
                case .environment(let pairs), .labels(let pairs):
                    for pair in pairs { _ = try expander.expand(pair.value) }
                case .workingDirectory(let word), .user(let word): _ = try expander.expand(word)
                case .expose(let words): for word in words { _ = try expander.words(word) }
                default: continue
                }
            }
        }
        return true
    } catch {
        return false
    }
}
