import CMartinetContainers
import Glibc
package import MartinetBase

/// An open file descriptor that is closed when nobody refers to it any more.
///
/// `Sendable` because the number never changes and closing happens once, in `deinit`.
package final class Descriptor: Sendable {
    package let number: Int32
    package init(owning number: Int32) { self.number = number }
    deinit { close(number) }

    package static func open(
        _ path: String, _ flags: Int32, mode: UInt32 = 0
    ) throws(SystemError) -> Descriptor {
        let fd = Glibc.open(path, flags | O_CLOEXEC, mode)
        guard fd >= 0 else { throw SystemError.last("open", path) }
        return Descriptor(owning: fd)
    }

    package static func pipe() throws(SystemError) -> (read: Descriptor, write: Descriptor) {
        var ends: (Int32, Int32) = (-1, -1)
        try check("pipe2", "", martinet_pipe(&ends.0, &ends.1))
        return (Descriptor(owning: ends.0), Descriptor(owning: ends.1))
    }

    package static func sealedFile(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(SystemError) -> Descriptor {
        Descriptor(
            owning: try check("memfd_create", name, martinet_sealed_file(name, bytes.baseAddress, bytes.count)))
    }

    package static func sealedFile(_ name: String, _ bytes: [UInt8]) throws(SystemError) -> Descriptor {
        Descriptor(owning: try check("memfd_create", name, martinet_sealed_file(name, bytes, bytes.count)))
    }

    /// Everything until the end; at most `limit` bytes.
    package func readAll(limit: Int = 1 << 20, named name: String = "") throws(SystemError) -> [UInt8] {
        var out: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while out.count < limit {
            let got = read(number, &buffer, buffer.count)
            if got < 0 {
                let code = errno
                if code == EINTR { continue }
                throw SystemError(call: "read", operand: name, errno: code)
            }
            if got == 0 { break }
            out.append(contentsOf: buffer[0..<got])
        }
        return out
    }

    package func writeAll(_ bytes: [UInt8], named name: String = "") throws(SystemError) {
        var done = 0
        while done < bytes.count {
            let put = bytes.withUnsafeBytes { raw in
                raw.baseAddress.map { write(number, $0 + done, bytes.count - done) } ?? 0
            }
            if put < 0 {
                let code = errno
                if code == EINTR { continue }
                throw SystemError(call: "write", operand: name, errno: code)
            }
            done += put
        }
    }
}

/// A shim's result: throws where it is a negative errno.
@discardableResult
func check(_ call: String, _ operand: String, _ result: Int32) throws(SystemError) -> Int32 {
    guard result >= 0 else { throw SystemError(call: call, operand: operand, errno: -result) }
    return result
}
