import MartinetBase
import MartinetPrinters
import Testing

struct TableTests {
    @Test(arguments: [
        (-5, "<invalid>"), (-1, "0s"), (0, "0s"), (119, "119s"), (120, "2m"), (150, "2m30s"), (600, "10m"),
        (10_740, "179m"),
        (10_800, "3h"), (12_060, "3h21m"), (28_800, "8h"), (172_799, "47h"), (172_800, "2d"), (363_600, "4d5h"),
        (691_200, "8d"),
        (63_072_000, "2y"), (63_158_400, "2y1d"), (315_360_000, "10y"),
    ])
    func agesHaveTwoOrThreeFigures(seconds: Int, text: String) {
        #expect(HumanDuration.text(.seconds(seconds)) == text)
    }

    let table = Table(
        columns: [
            .init(name: "Name", format: "name"), .init(name: "Ready"), .init(name: "Status"),
            .init(name: "IP", priority: 1),
        ],
        rows: [
            .init(
                cells: ["web-7d4b9c", "1/1", "Running", "10.0.0.1"], namespace: "default",
                labels: ["app": "web", "x/tier": "front"]),
            .init(cells: ["db", "0/1", "a\nb", "\u{1B}[31m"], namespace: "kube-system"),
        ])

    func text(_ change: (inout TablePrinter.Options) -> Void) -> String {
        var options = TablePrinter.Options()
        change(&options)
        var printer = TablePrinter(options)
        return printer.text(table)
    }

    @Test func columnsAreAligned() {
        #expect(
            text { _ in } == "NAME         READY   STATUS\nweb-7d4b9c   1/1     Running\ndb           0/1     a...\n")
        #expect(text { $0.headers = false } == "web-7d4b9c   1/1   Running\ndb           0/1   a...\n")
        #expect(
            text { $0.wide = true }
                == "NAME         READY   STATUS    IP\nweb-7d4b9c   1/1     Running   10.0.0.1\ndb           0/1     a...      ^[[31m\n"
        )
    }

    @Test func namespacesKindsAndLabelsAreAdded() {
        #expect(
            text {
                $0.namespace = true
                $0.kind = "pod"
                $0.labelColumns = ["x/tier"]
                $0.showLabels = true
            } == """
                NAMESPACE     NAME             READY   STATUS    TIER    LABELS
                default       pod/web-7d4b9c   1/1     Running   front   app=web,x/tier=front
                kube-system   pod/db           0/1     a...              <none>

                """)
    }

    @Test func aTabInACellBeginsAnother() {
        var printer = TablePrinter()
        var rows = table
        rows.rows.append(.init(cells: ["é", "0/1", "a\tb"]))
        #expect(
            printer.text(rows)
                == "NAME         READY   STATUS\nweb-7d4b9c   1/1     Running\ndb           0/1     a...\n"
                + "é            0/1     a     b\n")
    }

    @Test func aWatchKeepsItsWidthsAndItsHeadings() {
        var printer = TablePrinter()
        var rows = table
        rows.rows.removeLast()
        #expect(printer.text(rows).hasPrefix("NAME         READY"))
        rows.rows[0].cells = ["a", "1/1", "Running", nil]
        rows.columns = []
        #expect(printer.text(rows) == "a            1/1     Running\n")
        #expect(printer.text(Table(columns: table.columns, rows: [])) == "")
    }
}
