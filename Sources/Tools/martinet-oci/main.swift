import Glibc
import MartinetBase
import MartinetContainers

// `martinet oci` alone, and `measure`, which is this tool's own.
let words = Array(CommandLine.arguments.dropFirst())
if words.count == 2, words[0] == "measure" {
    try Measure.run(bundle: words[1])
    exit(0)
}
exit(OCIRuntimeCommand.run(words, runtime: ProductionRuntime()))
