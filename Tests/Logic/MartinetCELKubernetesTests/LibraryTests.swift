import MartinetCEL
import MartinetCELKubernetes
import Testing

@Suite("Kubernetes' libraries")
struct LibraryTests {
    func evaluate(_ text: String) throws -> CELValue {
        let environment = CELEnvironment.kubernetes
        return try environment.program(try environment.compile(text)).evaluate([]).value
    }

    @Test(
        "hold",
        arguments: [
            "ip('192.168.0.1').family() == 4", "isIP('::1')", "!isIP('::ffff:1.2.3.4')", "!isIP('1.2.3')",
            "ip.isCanonical('2001:db8::68')", "!ip.isCanonical('2001:DB8::68')", "ip('127.0.0.1').isLoopback()",
            "cidr('192.168.0.0/24').containsIP('192.168.0.1')", "cidr('192.168.0.0/24').containsIP(ip('192.168.0.1'))",
            "!cidr('192.168.0.0/24').containsIP('192.168.1.1')",
            "cidr('192.168.0.0/24').containsCIDR('192.168.0.0/25')",
            "string(cidr('10.1.2.3/8').masked()) == '10.0.0.0/8'",
            "cidr('10.1.2.3/8').ip() == ip('10.1.2.3')", "cidr('::/0').prefixLength() == 0",
            "url('https://user@example.com:80/a%20b?x=1&x=2&y=a+b').getHostname() == 'example.com'",
            "url('https://example.com:80/path').getPort() == '80'",
            "url('https://example.com/a b').getEscapedPath() == '/a%20b'",
            "url('https://e.com/?k=a&k=b').getQuery()['k'] == ['a', 'b']", "!isURL('../relative')",
            "isURL('/absolute')",
            "quantity('1Mi').isGreaterThan(quantity('1M'))", "quantity('50k').add(20) == quantity('50020')",
            "quantity('1.5').asApproximateFloat() == 1.5", "!quantity('1.5').isInteger()", "isQuantity('1.3Gi')",
            "!isQuantity('1.3GiB')", "sign(quantity('-1')) == -1", "quantity('50Mi').asInteger() == 52428800",
            "semver('1.2.3').isLessThan(semver('1.10.0'))", "semver('1.0.0-alpha').compareTo(semver('1.0.0')) == -1",
            "!isSemver('v1.0')", "isSemver('v1.0', true)", "semver('v01.01', true).minor() == 1",
            "!format.dns1123Label().validate('a-b').hasValue()", "format.dns1123Label().validate('A').hasValue()",
            "format.named('uuid').hasValue()", "!format.named('nonsense').hasValue()",
            "!format.dns1123LabelPrefix().validate('abc-').hasValue()",
            "[1, 2, 3].isSorted() && ![2, 1].isSorted()", "[1, 2, 3].sum() == 6", "[1, 3, 2].max() == 3",
            "['b', 'a'].min() == 'a'", "[1, 2, 1].lastIndexOf(1) == 2", "'abcabc'.indexOf('c') == 2",
            "'abc 123'.find('[0-9]+') == '123'", "'123 abc 456'.findAll('[0-9]+') == ['123', '456']",
            "'123 abc 456'.findAll('[0-9]+', 1) == ['123']", "sets.contains([1, 2], [2])",
            "[3, 1, 2].sort() == [1, 2, 3]", "{'a': 1}.transformMap(k, v, v + 1) == {'a': 2}",
            "{'a': {'b': 1}}[?'a'][?'c'].orValue(3) == 3", "'a,b'.split(',') == ['a', 'b']",
        ])
    func hold(text: String) throws {
        guard case .bool(true) = try evaluate(text) else {
            Issue.record("\(text) is \(try evaluate(text))")
            return
        }
    }

    @Test(
        "what Kubernetes does not enable is not there",
        arguments: ["math.abs(1) == 1", "base64.encode(b'a') == 'YQ=='", "'ab'.reverse() == 'ba'", "[1, 'a'] == []"])
    func notEnabled(text: String) { #expect(throws: CELIssues.self) { try evaluate(text) } }
}
