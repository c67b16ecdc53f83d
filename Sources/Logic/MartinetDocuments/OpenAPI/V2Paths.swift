import MartinetSchema

/// Operations in the words of OpenAPI 2.0.
enum V2Paths {
    static func item(_ path: OpenAPIPath, _ writer: inout SchemaWriter) -> JSONTree {
        let shared = path.shared
        var members: [JSONTree.Member] = []
        for operation in path.operations {
            members.append(.init(operation.method, self.operation(operation, path.tag, shared, &writer)))
        }
        if !shared.isEmpty { members.append(.init("parameters", .list(shared.map(parameter)))) }
        return .object(members)
    }

    private static func parameter(_ parameter: OpenAPIParameter) -> JSONTree {
        .object([
            "uniqueItems": .bool(true), "type": .string(parameter.type), "name": .string(parameter.name),
            "in": .string(parameter.isInPath ? "path" : "query"), "required": parameter.isInPath ? .bool(true) : nil,
        ])
    }

    private static func operation(
        _ operation: OpenAPIOperation, _ tag: String, _ shared: [OpenAPIParameter], _ writer: inout SchemaWriter
    ) -> JSONTree {
        var parameters = operation.parameters.filter { !shared.contains($0) }.sorted(by: OpenAPIParameter.precedes)
            .map(parameter)
        var consumes = operation.bodyTypes ?? operation.consumes
        if let body = operation.body {
            let (schema, required): (JSONTree, Bool)
            switch body {
            case .type(let type, let isRequired): (schema, required) = (writer.reference(to: type), isRequired)
            case .patch(let types):
                (schema, required) = (writer.referenceToPatch(), true)
                consumes = types
            }
            parameters.insert(
                .object([
                    "name": .string("body"), "in": .string("body"), "required": required ? .bool(true) : nil,
                    "schema": schema,
                ]), at: 0)
        }
        let schema: JSONTree =
            switch operation.content {
            case .type(let type): writer.reference(to: type)
            case .text: .object(["type": .string("string")])
            }
        var responses = operation.codes.map { code in
            JSONTree.Member(String(code), .object(["description": .string("OK"), "schema": schema]))
        }
        responses.append(.init("401", .object(["description": .string("Unauthorized")])))
        return .object([
            "consumes": consumes.map(JSONTree.strings), "produces": .strings(operation.produces),
            "schemes": .strings(["https"]),
            "tags": .strings([tag]), "operationId": .string(operation.id),
            "parameters": parameters.isEmpty ? nil : .list(parameters), "responses": .object(responses),
            "x-kubernetes-action": operation.action.map(JSONTree.string),
            "x-kubernetes-group-version-kind": operation.kind.map(V3Paths.identity),
        ])
    }
}
