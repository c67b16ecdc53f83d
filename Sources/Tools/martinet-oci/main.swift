import Glibc
import MartinetBase
import MartinetContainers

exit(OCIRuntimeCommand.run(Array(CommandLine.arguments.dropFirst()), runtime: ProductionRuntime()))
