import Testing

@testable import MartinetReverseProxy

struct LinkTests {
    private let rewriter = LinkRewriter(
        scheme: "", host: "", prefix: "/api/v1/namespaces/a/pods/p/proxy", source: "10.0.0.5:80",
        requested: "127.0.0.1:8001")

    @Test(arguments: [
        ("/x/y?z=1#f", "/api/v1/namespaces/a/pods/p/proxy/x/y?z=1#f"),
        ("http://10.0.0.5:80/x", "/api/v1/namespaces/a/pods/p/proxy/x"),
        ("http://127.0.0.1:8001/x", "http://127.0.0.1:8001/api/v1/namespaces/a/pods/p/proxy/x"),
        ("/api/v1/namespaces/a/pods/p/proxy/x", nil), ("x/y", nil), ("http://example.org/x", nil), ("#f", nil),
        ("mailto:a@example.org", nil), ("data:text/plain,/x", nil), ("", nil),
    ])
    func aLinkLeadsWhereTheClientSeesItsTarget(_ link: String, _ expected: String?) {
        #expect(rewriter.rewrite(link) == expected)
    }

    private static let page = #"""
        <!doctype html><html><head><!-- <a href="/no"> --><script src=/s.js>if (1 </a href="/no"/.test(x)) {}</script>
        <A HREF='/a?b&amp;c' class=x>1 < 2</A><img alt="a > b" src="/i.png"/><a data-href="/no" href = "/yes">y</a>
        <a href="rel">r</a></html>
        """#
    private static let rewritten = #"""
        <!doctype html><html><head><!-- <a href="/no"> --><script src="P/s.js">if (1 </a href="/no"/.test(x)) {}</script>
        <A HREF="P/a?b&amp;c" class=x>1 < 2</A><img alt="a > b" src="P/i.png"/><a data-href="/no" href = "P/yes">y</a>
        <a href="rel">r</a></html>
        """#

    @Test func aPageIsRewrittenInItsTagsAloneHoweverItComes() {
        let expected = Self.rewritten.replacing("P/", with: "/api/v1/namespaces/a/pods/p/proxy/")
        let bytes = Array(Self.page.utf8)
        for size in [1, 2, 3, 7, 64, bytes.count] {
            var links = HTMLLinks(rewriter)
            var out: [UInt8] = []
            var rest = bytes[...]
            while !rest.isEmpty {
                out += links.feed(Array(rest.prefix(size)))
                rest = rest.dropFirst(size)
            }
            out += links.finish()
            #expect(String(decoding: out, as: UTF8.self) == expected)
        }
    }

    @Test func whatIsNoTagPassesThrough() {
        for text in ["<", "<a", "<a href=\"/x", "a<<b>", "</a", "<!--", "<a href=>", "<a href", "<script", "<a/////>"] {
            var links = HTMLLinks(rewriter)
            var out = links.feed(Array(text.utf8))
            out += links.finish()
            #expect(String(decoding: out, as: UTF8.self) == text)
        }
        var links = HTMLLinks(rewriter)
        let long = Array("<a ".utf8) + Array(repeating: 120, count: 200_000)
        #expect(links.feed(long) + links.finish() == long)
    }
}
