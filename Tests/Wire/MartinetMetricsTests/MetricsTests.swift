import MartinetMetrics
import Testing

@Suite("Metrics")
struct MetricsTests {
    @Test("values of labels are escaped, numbers are written as Prometheus reads them")
    func text() {
        var text = MetricText()
        text.family("a_total", .counter, "One\\line\nof help \"quoted\"")
        text.sample("a_total", [("x", "a\"b\\c\nd"), ("y", "")], 3)
        text.sample("b", [], 0.25)
        text.sample("b", [], Double.infinity)
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == #"""
                # HELP a_total One\\line\nof help "quoted"
                # TYPE a_total counter
                a_total{x="a\"b\\c\nd",y=""} 3
                b 0.25
                b +Inf

                """#)
    }

    @Test("the buckets of a histogram are cumulative, and a value on a bound is below it")
    func histogram() {
        let histogram = Histogram(bounds: [0.1, 1])
        for value in [0.05, 0.1, 0.5, 7, .nan] { histogram.observe(value) }
        var text = MetricText()
        text.histogram("h", [("v", "x")], histogram.snapshot)
        #expect(
            String(decoding: text.bytes, as: UTF8.self) == """
                h_bucket{v="x",le="0.1"} 2
                h_bucket{v="x",le="1"} 3
                h_bucket{v="x",le="+Inf"} 4
                h_sum{v="x"} 7.65
                h_count{v="x"} 4

                """)
    }

    @Test("who chooses the labels cannot make more than so many series")
    func bounded() {
        let family = MetricFamily(labels: 1, seriesMax: 3) { Counter() }
        for name in 0..<100 { family.of("\(name)").add() }
        #expect(family.all.map(\.values) == [["0"], ["1"], ["2"], ["other"]])
        #expect(family.all.last?.instrument.value == 97)
    }
}
