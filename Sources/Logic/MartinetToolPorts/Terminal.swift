/// Where a tool reads and writes: the standard streams, and the terminal behind them where there is one.
package protocol Terminal: Sendable {
    /// Standard output.
    func write(_ bytes: [UInt8])
    /// Standard error.
    func writeError(_ bytes: [UInt8])
    /// What comes next on standard input; nil at its end. One reader at a time; cancelling the task ends the wait.
    func readInput() async throws -> [UInt8]?
    var isInputTerminal: Bool { get }
    var isOutputTerminal: Bool { get }
    /// Nil where standard output is no terminal.
    var size: TerminalSize? { get }
    /// Returns whenever the size has changed, and with the new one.
    func nextSize() async -> TerminalSize?
    /// Raw: every key goes to the program as it is typed. False puts back what was there before.
    func setRaw(_ raw: Bool)
}

package struct TerminalSize: Sendable, Hashable {
    package let columns: Int
    package let rows: Int
    package init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
    }
}

extension Terminal {
    package func write(_ text: String) { write(Array(text.utf8)) }
    package func writeError(_ text: String) { writeError(Array(text.utf8)) }
}
