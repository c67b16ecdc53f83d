/// One client's end of exec or attach, whatever protocol it came by. Callbacks are on its event loop.
protocol CommandWire: AnyObject, Sendable {
    /// Starts delivery.
    func start(_ onInput: @escaping @Sendable (CommandInput) -> Void)
    func write(_ output: ContainerOutput, _ bytes: [UInt8])
    /// Tells what became of the command, after the output, and ends the connection in good order.
    func finish(_ status: CommandStatus)
    var isWritable: Bool { get }
    func onWritable(_ callback: @escaping @Sendable () -> Void)
    /// Stops and resumes delivery of input.
    func setReading(_ reading: Bool)
    /// Lets the other end show that it is there.
    func ping()
}

enum CommandInput: Sendable, Hashable {
    case bytes([UInt8])
    case inputClosed
    case resize(width: Int, height: Int)
    /// Called once, last.
    case gone
}
