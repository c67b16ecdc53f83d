import CMartinetContainers
import Glibc
package import MartinetBase
package import MartinetContainers

extension MartinetContainers.Descriptor {
    /// Two connected unix sockets.
    package static func socketPair() throws(SystemError) -> (
        MartinetContainers.Descriptor, MartinetContainers.Descriptor
    ) {
        var ends: (Int32, Int32) = (-1, -1)
        let result = martinet_socketpair(&ends.0, &ends.1)
        guard result >= 0 else { throw SystemError(call: "socketpair", operand: "", errno: -result) }
        return (MartinetContainers.Descriptor(owning: ends.0), MartinetContainers.Descriptor(owning: ends.1))
    }

    /// The descriptor that arrives over a socket, such as a terminal's master.
    package static func receive(from socket: MartinetContainers.Descriptor) throws(SystemError)
        -> MartinetContainers.Descriptor
    {
        var byte: UInt8 = 0
        var number: Int32 = -1
        var count: Int32 = 0
        let got = martinet_receive(socket.number, &byte, 1, &number, 1, &count)
        guard got >= 0 else { throw SystemError(call: "recvmsg", operand: "console", errno: Int32(clamping: -got)) }
        guard count == 1 else { throw SystemError(call: "recvmsg", operand: "console", errno: EPROTO) }
        return MartinetContainers.Descriptor(owning: number)
    }
}
