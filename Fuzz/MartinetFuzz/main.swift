// Feeds one parser with bytes that libFuzzer makes up, guided by what they reach: `MartinetFuzz PARSER [libFuzzer's flags]`.
// Built and run by `make fuzz`; nothing of it is in the binary.

import CMartinetFuzz
import Glibc

let chosen = CommandLine.arguments.dropFirst().first
guard let chosen, Parsers.all[chosen] != nil else {
    print(Parsers.all.keys.sorted().joined(separator: "\n"))
    exit(chosen == nil ? 0 : 2)
}

// libFuzzer takes the arguments behind the parser's name.
var count = CommandLine.argc - 1
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
arguments?[0] = CommandLine.unsafeArgv[0]
setenv("MARTINET_FUZZ", chosen, 1)
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { bytes, count in
        Target.parse(Array(UnsafeBufferPointer(start: bytes, count: count)))
        return 0
    })
