/// Scripts that speak bytes of their own to the server.
enum RawRequests {
    static let prelude = #"""
        import json, os, socket, ssl, struct, sys, time
        port = int(sys.argv[1])
        def connect(protocols=["http/1.1"], timeout=20, **more):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
            context.set_alpn_protocols(protocols)
            for name, value in more.items():
                if name == "cert": context.load_cert_chain(*value)
                elif name == "version":
                    context.minimum_version = context.maximum_version = value
                    context.set_ciphers("ALL:@SECLEVEL=0")
            return context.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout))
        def send(s, data):
            try:
                s.sendall(data)
                return True
            except OSError: return False
        def answer(s):
            # The first answer's status line, or "closed".
            data = b""
            try:
                while b"\r\n\r\n" not in data:
                    more = s.recv(65536)
                    if not more: break
                    data += more
            except OSError as error: data += b"" if data else b""
            return data.split(b"\r\n")[0].decode() if data.startswith(b"HTTP/1.1 ") else "closed"

        """#

    /// Each line of the output: what was sent, and the status line that came back, or `closed`.
    static let http1Script =
        prelude + #"""
            get = b"GET /version HTTP/1.1\r\nhost: a\r\n"
            post = b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %s\r\ncontent-type: application/json\r\n" % sys.argv[2].encode()
            cases = {
              "bad chunk size": post + b"transfer-encoding: chunked\r\n\r\nZZ\r\n{}\r\n0\r\n\r\n",
              "huge chunk size": post + b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
              "chunk beyond the limit": post + b"transfer-encoding: chunked\r\n\r\n7fffffff\r\n" + b" " * (4 << 20),
              "two lengths": post + b"content-length: 2\r\ncontent-length: 3\r\n\r\n{} ",
              "length and chunks": post + b"content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
              "negative length": post + b"content-length: -1\r\n\r\n",
              "length over 64 bits": post + b"content-length: 99999999999999999999999\r\n\r\n",
              "length over the limit": post + b"content-length: 4000000\r\n\r\n",
              "no host": b"GET /version HTTP/1.1\r\n\r\n",
              "two hosts": get + b"host: b\r\n\r\n",
              "no version": b"GET /version\r\n\r\n",
              "version 9": b"GET /version HTTP/9.9\r\nhost: a\r\n\r\n",
              "garbage": b"\x00\xff\x01" * 1000 + b"\r\n\r\n",
              "a header without a name": get + b": x\r\n\r\n",
              "a header with NUL": get + b"x: a\x00b\r\n\r\n",
              "a header folded": get + b"x: a\r\n  b\r\n\r\n",
              "a path of raw bytes": b"GET /\xff\xfe HTTP/1.1\r\nhost: a\r\n\r\n",
              "connect": b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n",
              "too many headers": get + b"".join(b"x%d: y\r\n" % i for i in range(5000)) + b"\r\n",
            }
            for name, data in cases.items():
                s = connect()
                send(s, data)
                print(name + ": " + answer(s))
            s = connect()
            send(s, get)
            sent = 0
            while sent < 100 << 20 and send(s, b"x: " + b"y" * 65000 + b"\r\n"): sent += 65005
            print("a header of 100 MB: " + answer(s))
            s = connect()
            send(s, b"GET /" + b"a" * (4 << 20) + b" HTTP/1.1\r\n")
            print("a path of 4 MB: " + answer(s))
            """#

    /// A head, then a body, a byte at a time: when is it enough?
    static let slowScript =
        prelude + #"""
            def drip(s, data):
                began = time.time()
                for i in range(len(data)):
                    if not send(s, data[i:i + 1]): break
                    time.sleep(0.05)
                    s.settimeout(0.001)
                    try:
                        got = s.recv(65536)
                        return (got.split(b"\r\n")[0].decode() if got else "closed"), time.time() - began
                    except (TimeoutError, ssl.SSLWantReadError, socket.timeout): pass
                    except OSError: return "closed", time.time() - began
                    s.settimeout(20)
                return "never", time.time() - began
            s = connect()
            print("header: %s after %.1f s" % drip(s, b"GET /version HTTP/1.1\r\nhost: a\r\nx: " + b"y" * 600))
            s = connect()
            send(s, b"POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n")
            print("body: %s after %.1f s" % drip(s, b"{" * 600))
            raw = socket.create_connection(("127.0.0.1", port), 20)
            began = time.time()
            try:
                raw.sendall(b"\x16\x03\x01")
                while raw.recv(1): pass
            except OSError: pass
            print("handshake: closed after %.1f s" % (time.time() - began))
            """#

    /// Opens many connections that say nothing, and holds them for a second.
    static let idleScript =
        prelude + #"""
            import resource
            hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
            wanted = min(int(sys.argv[2]), hard - 100)
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
            sockets = []
            for i in range(wanted):
                s = socket.socket()
                s.setblocking(False)
                s.connect_ex(("127.0.0.1", port))
                sockets.append(s)
            time.sleep(1)
            for s in sockets: s.close()
            print(wanted)
            """#

    static let http2 =
        prelude + #"""
            def frame(kind, flags, stream, payload=b""):
                return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream) + payload
            def text(x):
                n = len(x)
                if n < 127: return bytes([n]) + x
                out, n = b"\x7f", n - 127
                while n >= 128:
                    out, n = out + bytes([n % 128 + 128]), n // 128
                return out + bytes([n]) + x
            def literal(name, value): return b"\x00" + text(name) + text(value)
            def head(path):
                return b"\x82\x87\x41\x01a" + literal(b":path", path) + literal(b"authorization", b"Bearer " + sys.argv[2].encode())
            hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + frame(4, 1, 0)
            watch = head(b"/api/v1/namespaces/default/configmaps?watch=1")

            """#

    static let rapidResetScript =
        http2 + #"""
            s = connect(["h2"])
            for i in range(1, 40001, 2):
                if not send(s, (hello if i == 1 else b"") + frame(1, 5, i, watch) + frame(3, 0, i, b"\0\0\0\x08")): break
            try:
                while s.recv(65536): pass
                print("closed")
            except socket.timeout: print("open")
            except OSError: print("closed")
            """#

    /// As many watches on one connection as there are; counts those that are answered.
    static let manyWatchesScript =
        http2 + #"""
            s = connect(["h2"], timeout=3)
            out = hello
            for i in range(1, 2 * int(sys.argv[3]), 2): out += frame(1, 5, i, watch)
            send(s, out)
            data, answered, refused = b"", 0, 0
            try:
                while True:
                    more = s.recv(65536)
                    if not more: break
                    data += more
                    while len(data) >= 9:
                        n = int.from_bytes(data[:3], "big")
                        if len(data) < 9 + n: break
                        if data[3] == 1: answered += 1
                        if data[3] == 3: refused += 1
                        data = data[9 + n:]
            except OSError: pass
            print(answered, refused)
            """#

    /// The status line of a stream, which is then left.
    static let watchScript =
        prelude + #"""
            s = connect()
            send(s, b"GET %s HTTP/1.1\r\nhost: a\r\nauthorization: Bearer %s\r\n\r\n" % (sys.argv[3].encode(), sys.argv[2].encode()))
            print(answer(s))
            """#

    /// A certificate and its key are shown; what does the server make of it?
    static let certificateScript =
        prelude + #"""
            try:
                s = connect(cert=(sys.argv[2], sys.argv[3]))
                send(s, b"GET /api/v1/namespaces HTTP/1.1\r\nhost: a\r\n\r\n")
                print(answer(s))
            except ssl.SSLError as error: print("closed", error.reason)
            """#

    static let versionsScript =
        prelude + #"""
            import warnings
            warnings.simplefilter("ignore")
            for name in ["TLSv1", "TLSv1_1", "TLSv1_2", "TLSv1_3"]:
                try: print(name, connect(version=getattr(ssl.TLSVersion, name)).version())
                except (ssl.SSLError, OSError) as error: print(name, "refused", getattr(error, "reason", error))
            """#
}
