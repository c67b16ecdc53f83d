import MartinetTransport

/// Joins two WebSockets. What one does not take, the other does not read.
enum Splice {
    static func join(_ a: any WebSocketConnection, _ b: any WebSocketConnection) {
        flow(a, b)
        flow(b, a)
    }

    private static func flow(_ from: any WebSocketConnection, _ to: any WebSocketConnection) {
        to.onWritable { from.setReading(true) }
        from.start(
            onMessage: { message in
                to.send(message)
                guard !to.isWritable else { return }
                from.setReading(false)
                if to.isWritable { from.setReading(true) }
            },
            onClose: { code, reason in
                // What nobody may send as a code becomes one that says the same (RFC 6455 §7.4.1).
                to.setReading(true)
                to.close(code: code == 1005 ? 1000 : code == 1006 ? 1011 : code, reason: reason)
            })
    }
}
