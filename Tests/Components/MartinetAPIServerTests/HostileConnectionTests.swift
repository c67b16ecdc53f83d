import MartinetAPIServer
import MartinetTransport
import Testing

/// Connections that do what no client does. The server refuses or closes, and goes on.
@Suite("hostile connections", .enabled(if: TestServer.hasPython, "python3 is not here")) struct HostileConnectionTests {
    @Test("a request that is no HTTP, or leaves its length in doubt, has 4xx or a closed connection")
    func http1() async throws {
        try await TestServer.with { server in
            let seen = try await server.python(RawRequests.http1Script, [TestServer.token])
            let lines = seen.split(separator: "\n")
            #expect(lines.count == 21, "\(seen)")
            for line in lines {
                let isRefused = line.contains(": HTTP/1.1 4") || line.hasSuffix(": closed")
                // A folded header may be read as one line (RFC 9112, section 5.2), a number of HTTP be named.
                let isAllowed = line.hasPrefix("a header folded: HTTP/1.1 200") || line.contains(": HTTP/1.1 505")
                #expect(isRefused || isAllowed, "\(line)")
            }
            #expect(seen.contains("chunk beyond the limit: HTTP/1.1 413"), "\(seen)")
            #expect(seen.contains("length over the limit: HTTP/1.1 413"), "\(seen)")
            #expect(seen.contains("too many headers: HTTP/1.1 431"), "\(seen)")
        }
    }

    @Test("a handshake, a header and a body that come a byte at a time are ended in time")
    func slow() async throws {
        var limits = ServerLimits()
        limits.headerTimeout = .seconds(2)
        limits.bodyTimeout = .seconds(2)
        try await TestServer.with(limits: limits) { server in
            let seen = try await server.python(RawRequests.slowScript)
            #expect(seen.contains("header: closed after") || seen.contains("header: HTTP/1.1 408"), "\(seen)")
            #expect(seen.contains("body: HTTP/1.1 408"), "\(seen)")
            #expect(seen.contains("handshake: closed after") && !seen.contains("never"), "\(seen)")
        }
    }

    @Test("10 000 connections that say nothing take no more than their bound")
    func idle() async throws {
        var limits = ServerLimits()
        limits.connections = 300
        limits.headerTimeout = .seconds(5)
        try await TestServer.with(limits: limits) { server in
            async let opened = server.python(RawRequests.idleScript, ["10000"])
            var most = 0
            for _ in 0..<300 {
                most = max(most, server.server.http.connectionCount)
                await TestServer.moment()
            }
            let count = try await opened
            // Those that one wake-up of the listener accepts together may pass the bound.
            #expect((Int(count.filter(\.isNumber)) ?? 0) >= 500, "\(count)")
            #expect(most > 100 && most <= 304, "at most \(most) connections were open")
        }
    }

    @Test("streams that are opened and reset at once end the connection")
    func rapidReset() async throws {
        try await TestServer.with { server in
            let seen = try await server.python(RawRequests.rapidResetScript, [TestServer.token])
            #expect(seen == "closed\n")
        }
    }

    @Test("no more watches than streams are granted on a connection")
    func watches() async throws {
        try await TestServer.with { server in
            let seen = try await server.python(RawRequests.manyWatchesScript, [TestServer.token, "2000"])
            let answered = Int(seen.prefix { $0.isNumber }) ?? -1
            #expect((0...250).contains(answered), "\(seen)")
        }
    }
}
