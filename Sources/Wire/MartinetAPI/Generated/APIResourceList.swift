// Made by `make generate` from API/. Do not edit.

package import MartinetSchema

package struct APIResourceList: View {
    package static let type = Schema.builtin.type(named: "meta/v1.APIResourceList")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var groupVersion: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var resources: ViewList<APIResource> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct APIResource: View {
    package static let type = Schema.builtin.type(named: "meta/v1.APIResource")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var singularName: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var namespaced: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var group: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var version: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var kind: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var verbs: [String] { get { object[strings: 6] } set { object[strings: 6] = newValue } }
    package var shortNames: [String] { get { object[strings: 7] } set { object[strings: 7] = newValue } }
    package var categories: [String] { get { object[strings: 8] } set { object[strings: 8] = newValue } }
    package var storageVersionHash: String { get { object[string: 9] } set { object[string: 9] = newValue } }
}
