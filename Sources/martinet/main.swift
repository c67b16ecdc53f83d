// The composition root: chooses the program by the name it was called under, or by the first word.

import Glibc
import MartinetBase

signal(SIGPIPE, SIG_IGN)
exit(await Program.run(CommandLine.arguments))
