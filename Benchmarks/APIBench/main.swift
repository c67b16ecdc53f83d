// `martinet bench` without the rest of martinet: quick to build while the API server is made faster.

import Glibc
import MartinetAPIServer
import MartinetBench

signal(SIGPIPE, SIG_IGN)
exit(
    await Bench.run(
        Array(CommandLine.arguments.dropFirst()), command: ["APIBench"], serve: BenchedAPIServer.run))
