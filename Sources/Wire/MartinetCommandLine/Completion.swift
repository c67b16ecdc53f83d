/// What could stand next on a command line, from the table.
package enum Completion {
    package struct Candidate: Sendable, Equatable {
        package let text: String
        package let description: String
    }

    package struct Answer: Sendable, Equatable {
        package var candidates: [Candidate]
        /// What only the caller can list: files, or names of objects in the cluster.
        package var wants: ValueKind
    }

    /// - Parameter words: the line after the program's name; the last is being typed and may be empty.
    package static func answer(_ root: Command, _ words: [String]) -> Answer {
        let typed = words.last ?? ""
        let (path, rest) = CommandLineParser(root).find(Array(words.dropLast()))
        if rest.contains("--") { return Answer(candidates: [], wants: path.command.completion) }
        let flags = path.allFlags
        if typed.hasPrefix("--"), let equals = typed.firstIndex(of: "=") {
            let name = typed[..<equals].dropFirst(2)
            guard let flag = flags.first(where: { $0.name == name }) else {
                return Answer(candidates: [], wants: .nothing)
            }
            return values(flag, prefix: String(typed[...equals]), typed: String(typed[typed.index(after: equals)...]))
        }
        if let last = words.dropLast().last, let flag = awaiting(last, flags) {
            return values(flag, prefix: "", typed: typed)
        }
        if typed.hasPrefix("-") { return Answer(candidates: flagNames(flags, typed), wants: .nothing) }
        var answer = Answer(candidates: [], wants: path.command.completion)
        if case .oneOf(let choices) = path.command.completion {
            answer.candidates += choices.filter { $0.hasPrefix(typed) }.map { Candidate(text: $0, description: "") }
        }
        let commands = path.command.commands.filter { !$0.isHidden && $0.name.hasPrefix(typed) }
        answer.candidates += commands.map { Candidate(text: $0.name, description: $0.short) }
        return answer
    }

    /// The flag whose value comes next.
    private static func awaiting(_ word: String, _ flags: [Flag]) -> Flag? {
        guard word.hasPrefix("-"), !word.contains("="), word.count > 1 else { return nil }
        let flag: Flag?
        if word.hasPrefix("--") {
            flag = flags.first { $0.name == word.dropFirst(2) }
        } else {
            flag = flags.first { $0.shorthand == word.last }
            // The letters before it must not take a value themselves.
            for letter in word.dropFirst().dropLast()
            where flags.first(where: { $0.shorthand == letter })?.valueWhenBare == nil { return nil }
        }
        return flag?.valueWhenBare == nil ? flag : nil
    }

    private static func values(_ flag: Flag, prefix: String, typed: String) -> Answer {
        var choices = flag.choices
        if case .oneOf(let more) = flag.completion { choices += more }
        if flag.kind == .bool { choices = ["true", "false"] }
        return Answer(
            candidates: choices.filter { $0.hasPrefix(typed) }.map { Candidate(text: prefix + $0, description: "") },
            wants: flag.completion)
    }

    private static func flagNames(_ flags: [Flag], _ typed: String) -> [Candidate] {
        flags.filter { !$0.isHidden && "--\($0.name)".hasPrefix(typed) }.sorted { $0.name < $1.name }.map {
            Candidate(text: "--\($0.name)\($0.valueWhenBare == nil ? "=" : "")", description: $0.usage)
        }
    }

    package enum Shell: String, Sendable, CaseIterable { case bash, zsh, fish }

    /// A script that asks `program __complete WORDS…`, which prints a candidate a line, its description after a tab.
    /// Nil where the program's name is no plain word, which no shell should be given.
    package static func script(_ shell: Shell, program: String) -> String? {
        let plain = program.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
        guard plain, !program.isEmpty, !program.hasPrefix("-") else { return nil }
        let function = "__\(program.map { $0 == "-" ? "_" : String($0) }.joined())_complete"
        switch shell {
        case .bash:
            return """
                \(function)() {
                    local line words=("${COMP_WORDS[@]:1:COMP_CWORD}")
                    COMPREPLY=()
                    while IFS= read -r line; do
                        COMPREPLY+=("${line%%$'\\t'*}")
                    done < <("${COMP_WORDS[0]}" __complete "${words[@]}" 2>/dev/null)
                    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
                }
                complete -o default -F \(function) \(program)

                """
        case .zsh:
            return """
                #compdef \(program)
                \(function)() {
                    local line; local -a candidates
                    while IFS= read -r line; do
                        candidates+=("${${line%%$'\\t'*}//:/\\\\:}:${line#*$'\\t'}")
                    done < <("${words[1]}" __complete "${(@)words[2,CURRENT]}" 2>/dev/null)
                    if (( ${#candidates} )); then _describe '\(program)' candidates; else _files; fi
                }
                compdef \(function) \(program)

                """
        case .fish:
            return """
                function \(function)
                    set -l words (commandline -opc) (commandline -ct)
                    $words[1] __complete $words[2..-1] 2>/dev/null
                end
                complete -c \(program) -a '(\(function))'

                """
        }
    }
}
