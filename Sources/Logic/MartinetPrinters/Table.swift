/// What the API server answers when it is asked for a Table: columns, and a row for each object.
package struct Table: Sendable {
    package struct Column: Sendable, Equatable {
        package var name: String
        package var type: String
        package var format: String
        /// 0 is always shown, anything else with `-o wide` only.
        package var priority: Int

        package init(name: String, type: String = "string", format: String = "", priority: Int = 0) {
            self.name = name
            self.type = type
            self.format = format
            self.priority = priority
        }
    }

    package struct Row: Sendable {
        /// Nil is an empty cell.
        package var cells: [String?]
        package var namespace: String
        package var labels: [String: String]

        package init(cells: [String?], namespace: String = "", labels: [String: String] = [:]) {
            self.cells = cells
            self.namespace = namespace
            self.labels = labels
        }
    }

    package var columns: [Column]
    package var rows: [Row]

    package init(columns: [Column], rows: [Row]) {
        self.columns = columns
        self.rows = rows
    }
}
