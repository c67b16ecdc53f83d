import MartinetBase
import Testing

@Suite struct TimestampTests {
    @Test(arguments: [
        ("1970-01-01T00:00:00Z", 0), ("2008-01-01T01:01:01Z", 1_199_149_261), ("2024-02-29T23:59:59Z", 1_709_251_199),
        ("1969-12-31T23:59:59Z", -1), ("2000-03-01T00:00:00Z", 951_868_800),
        ("9999-12-31T23:59:59Z", 253_402_300_799),
    ])
    func readsAndWritesWholeSeconds(text: String, seconds: Int64) throws {
        let time = try #require(Timestamp(rfc3339: text))
        #expect(time.seconds == seconds)
        #expect(time.rfc3339 == text)
    }

    @Test func readsZonesAndFractions() throws {
        let time = try #require(Timestamp(rfc3339: "2026-01-02T03:04:05.1234567+02:00"))
        #expect(time.rfc3339Micro == "2026-01-02T01:04:05.123456Z")
    }

    @Test(arguments: [
        "", "2026-01-02", "2026-13-02T03:04:05Z", "2026-02-29T00:00:00Z", "2026-01-02T03:04:05",
        "2026-01-02T03:04:05.Z",
    ])
    func refusesWhatIsNoRFC3339(text: String) {
        #expect(Timestamp(rfc3339: text) == nil)
    }
}
