// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct ResultTable: View {
    package static let type = Schema.builtin.type(named: "meta/v1.Table")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ListMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var columnDefinitions: ViewList<TableColumnDefinition> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var rows: ViewList<TableRow> { get { object[list: 2] } _modify { yield &object[list: 2] } }
}

package struct TableColumnDefinition: View {
    package static let type = Schema.builtin.type(named: "meta/v1.TableColumnDefinition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var type: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var format: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var description: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var priority: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
}

package struct TableRow: View {
    package static let type = Schema.builtin.type(named: "meta/v1.TableRow")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var cells: [Value] { get { object[values: 0] } set { object[values: 0] = newValue } }
    package var conditions: ViewList<TableRowCondition> { get { object[list: 1] } _modify { yield &object[list: 1] } }
    package var objectField: RawJSON? { get { object[raw: 2] } set { object[raw: 2] = newValue } }
}

package struct TableRowCondition: View {
    package static let type = Schema.builtin.type(named: "meta/v1.TableRowCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var reason: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var message: String { get { object[string: 3] } set { object[string: 3] = newValue } }
}
