// Made by `make generate` from API/. Do not edit.

package import MartinetBase
package import MartinetSchema

package struct CustomResourceDefinition: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var metadata: ObjectMeta { get { object[view: 0] } _modify { yield &object[view: 0] } }
    package var spec: CustomResourceDefinitionSpec { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var status: CustomResourceDefinitionStatus { get { object[view: 2] } _modify { yield &object[view: 2] } }
}

package struct CustomResourceDefinitionSpec: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinitionSpec")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var group: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var names: CustomResourceDefinitionNames { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var scope: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var versions: ViewList<CustomResourceDefinitionVersion> { get { object[list: 3] } _modify { yield &object[list: 3] } }
    package var conversion: CustomResourceConversion? { get { object[optionalView: 4] } _modify { yield &object[optionalView: 4] } }
    package var preserveUnknownFields: Bool { get { object[bool: 5] } set { object[bool: 5] = newValue } }
}

package struct CustomResourceDefinitionStatus: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinitionStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var conditions: ViewList<CustomResourceDefinitionCondition> { get { object[list: 0] } _modify { yield &object[list: 0] } }
    package var acceptedNames: CustomResourceDefinitionNames { get { object[view: 1] } _modify { yield &object[view: 1] } }
    package var storedVersions: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
    package var observedGeneration: Int64 { get { object[int: 3] } set { object[int: 3] = newValue } }
}

package struct CustomResourceDefinitionNames: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinitionNames")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var plural: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var singular: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var shortNames: [String] { get { object[strings: 2] } set { object[strings: 2] = newValue } }
    package var kind: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var listKind: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var categories: [String] { get { object[strings: 5] } set { object[strings: 5] = newValue } }
}

package struct CustomResourceDefinitionVersion: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinitionVersion")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var served: Bool { get { object[bool: 1] } set { object[bool: 1] = newValue } }
    package var storage: Bool { get { object[bool: 2] } set { object[bool: 2] = newValue } }
    package var deprecated: Bool { get { object[bool: 3] } set { object[bool: 3] = newValue } }
    package var deprecationWarning: String? { get { object[optionalString: 4] } set { object[optionalString: 4] = newValue } }
    package var schema: CustomResourceValidation? { get { object[optionalView: 5] } _modify { yield &object[optionalView: 5] } }
    package var subresources: CustomResourceSubresources? { get { object[optionalView: 6] } _modify { yield &object[optionalView: 6] } }
    package var additionalPrinterColumns: ViewList<CustomResourceColumnDefinition> { get { object[list: 7] } _modify { yield &object[list: 7] } }
    package var selectableFields: ViewList<SelectableField> { get { object[list: 8] } _modify { yield &object[list: 8] } }
}

package struct CustomResourceConversion: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceConversion")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var strategy: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var webhook: WebhookConversion? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct CustomResourceDefinitionCondition: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceDefinitionCondition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var type: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var status: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var lastTransitionTime: Timestamp? { get { object[time: 2] } set { object[time: 2] = newValue } }
    package var reason: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var message: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var observedGeneration: Int64 { get { object[int: 5] } set { object[int: 5] = newValue } }
}

package struct CustomResourceValidation: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceValidation")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var openAPIV3Schema: JSONSchemaProps? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
}

package struct CustomResourceSubresources: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceSubresources")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var status: CustomResourceSubresourceStatus? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var scale: CustomResourceSubresourceScale? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct CustomResourceColumnDefinition: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceColumnDefinition")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var name: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var type: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var format: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var description: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var priority: Int32 { get { object[int32: 4] } set { object[int32: 4] = newValue } }
    package var jsonPath: String { get { object[string: 5] } set { object[string: 5] = newValue } }
}

package struct SelectableField: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.SelectableField")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var jsonPath: String { get { object[string: 0] } set { object[string: 0] = newValue } }
}

package struct WebhookConversion: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.WebhookConversion")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var clientConfig: WebhookClientConfig? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var conversionReviewVersions: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
}

package struct JSONSchemaProps: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.JSONSchemaProps")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var id: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var dollarSchema: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var dollarRef: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var description: String { get { object[string: 3] } set { object[string: 3] = newValue } }
    package var type: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var format: String { get { object[string: 5] } set { object[string: 5] = newValue } }
    package var title: String { get { object[string: 6] } set { object[string: 6] = newValue } }
    package var `default`: RawJSON? { get { object[raw: 7] } set { object[raw: 7] = newValue } }
    package var maximum: Double? { get { object[optionalDouble: 8] } set { object[optionalDouble: 8] = newValue } }
    package var exclusiveMaximum: Bool { get { object[bool: 9] } set { object[bool: 9] = newValue } }
    package var minimum: Double? { get { object[optionalDouble: 10] } set { object[optionalDouble: 10] = newValue } }
    package var exclusiveMinimum: Bool { get { object[bool: 11] } set { object[bool: 11] = newValue } }
    package var maxLength: Int64? { get { object[optionalInt: 12] } set { object[optionalInt: 12] = newValue } }
    package var minLength: Int64? { get { object[optionalInt: 13] } set { object[optionalInt: 13] = newValue } }
    package var pattern: String { get { object[string: 14] } set { object[string: 14] = newValue } }
    package var maxItems: Int64? { get { object[optionalInt: 15] } set { object[optionalInt: 15] = newValue } }
    package var minItems: Int64? { get { object[optionalInt: 16] } set { object[optionalInt: 16] = newValue } }
    package var uniqueItems: Bool { get { object[bool: 17] } set { object[bool: 17] = newValue } }
    package var multipleOf: Double? { get { object[optionalDouble: 18] } set { object[optionalDouble: 18] = newValue } }
    package var `enum`: [Value] { get { object[values: 19] } set { object[values: 19] = newValue } }
    package var maxProperties: Int64? { get { object[optionalInt: 20] } set { object[optionalInt: 20] = newValue } }
    package var minProperties: Int64? { get { object[optionalInt: 21] } set { object[optionalInt: 21] = newValue } }
    package var required: [String] { get { object[strings: 22] } set { object[strings: 22] = newValue } }
    package var items: JSONSchemaPropsOrArray? { get { object[optionalView: 23] } _modify { yield &object[optionalView: 23] } }
    package var allOf: ViewList<JSONSchemaProps> { get { object[list: 24] } _modify { yield &object[list: 24] } }
    package var oneOf: ViewList<JSONSchemaProps> { get { object[list: 25] } _modify { yield &object[list: 25] } }
    package var anyOf: ViewList<JSONSchemaProps> { get { object[list: 26] } _modify { yield &object[list: 26] } }
    package var not: JSONSchemaProps? { get { object[optionalView: 27] } _modify { yield &object[optionalView: 27] } }
    package var properties: [String: JSONSchemaProps] { get { object[viewMap: 28] } set { object[viewMap: 28] = newValue } }
    package var additionalProperties: JSONSchemaPropsOrBool? { get { object[optionalView: 29] } _modify { yield &object[optionalView: 29] } }
    package var patternProperties: [String: JSONSchemaProps] { get { object[viewMap: 30] } set { object[viewMap: 30] = newValue } }
    package var dependencies: [String: JSONSchemaPropsOrStringArray] { get { object[viewMap: 31] } set { object[viewMap: 31] = newValue } }
    package var additionalItems: JSONSchemaPropsOrBool? { get { object[optionalView: 32] } _modify { yield &object[optionalView: 32] } }
    package var definitions: [String: JSONSchemaProps] { get { object[viewMap: 33] } set { object[viewMap: 33] = newValue } }
    package var externalDocs: ExternalDocumentation? { get { object[optionalView: 34] } _modify { yield &object[optionalView: 34] } }
    package var example: RawJSON? { get { object[raw: 35] } set { object[raw: 35] = newValue } }
    package var nullable: Bool { get { object[bool: 36] } set { object[bool: 36] = newValue } }
    package var x_kubernetes_preserve_unknown_fields: Bool? { get { object[optionalBool: 37] } set { object[optionalBool: 37] = newValue } }
    package var x_kubernetes_embedded_resource: Bool { get { object[bool: 38] } set { object[bool: 38] = newValue } }
    package var x_kubernetes_int_or_string: Bool { get { object[bool: 39] } set { object[bool: 39] = newValue } }
    package var x_kubernetes_list_map_keys: [String] { get { object[strings: 40] } set { object[strings: 40] = newValue } }
    package var x_kubernetes_list_type: String? { get { object[optionalString: 41] } set { object[optionalString: 41] = newValue } }
    package var x_kubernetes_map_type: String? { get { object[optionalString: 42] } set { object[optionalString: 42] = newValue } }
    package var x_kubernetes_validations: ViewList<ValidationRule> { get { object[list: 43] } _modify { yield &object[list: 43] } }
}

package struct CustomResourceSubresourceStatus: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceSubresourceStatus")!
    package var object: Object
    package init(object: Object) { self.object = object }
}

package struct CustomResourceSubresourceScale: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.CustomResourceSubresourceScale")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var specReplicasPath: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var statusReplicasPath: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var labelSelectorPath: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
}

package struct WebhookClientConfig: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.WebhookClientConfig")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var url: String? { get { object[optionalString: 0] } set { object[optionalString: 0] = newValue } }
    package var service: ServiceReference? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
    package var caBundle: [UInt8] { get { object[bytes: 2] } set { object[bytes: 2] = newValue } }
}

package struct JSONSchemaPropsOrArray: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.JSONSchemaPropsOrArray")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var schema: JSONSchemaProps? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var jSONSchemas: ViewList<JSONSchemaProps> { get { object[list: 1] } _modify { yield &object[list: 1] } }
}

package struct JSONSchemaPropsOrBool: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.JSONSchemaPropsOrBool")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var allows: Bool { get { object[bool: 0] } set { object[bool: 0] = newValue } }
    package var schema: JSONSchemaProps? { get { object[optionalView: 1] } _modify { yield &object[optionalView: 1] } }
}

package struct JSONSchemaPropsOrStringArray: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.JSONSchemaPropsOrStringArray")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var schema: JSONSchemaProps? { get { object[optionalView: 0] } _modify { yield &object[optionalView: 0] } }
    package var property: [String] { get { object[strings: 1] } set { object[strings: 1] = newValue } }
}

package struct ExternalDocumentation: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.ExternalDocumentation")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var description: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var url: String { get { object[string: 1] } set { object[string: 1] = newValue } }
}

package struct ValidationRule: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.ValidationRule")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var rule: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var message: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var messageExpression: String { get { object[string: 2] } set { object[string: 2] = newValue } }
    package var reason: String? { get { object[optionalString: 3] } set { object[optionalString: 3] = newValue } }
    package var fieldPath: String { get { object[string: 4] } set { object[string: 4] = newValue } }
    package var optionalOldSelf: Bool? { get { object[optionalBool: 5] } set { object[optionalBool: 5] = newValue } }
}

package struct ServiceReference: View {
    package static let type = Schema.builtin.type(named: "apiextensions.k8s.io/v1.ServiceReference")!
    package var object: Object
    package init(object: Object) { self.object = object }
    package var namespace: String { get { object[string: 0] } set { object[string: 0] = newValue } }
    package var name: String { get { object[string: 1] } set { object[string: 1] = newValue } }
    package var path: String? { get { object[optionalString: 2] } set { object[optionalString: 2] = newValue } }
    package var port: Int32? { get { object[optionalInt32: 3] } set { object[optionalInt32: 3] = newValue } }
}
