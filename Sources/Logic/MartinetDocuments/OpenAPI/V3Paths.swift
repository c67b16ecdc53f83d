import MartinetSchema

/// Operations in the words of OpenAPI 3.0.
enum V3Paths {
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
            "name": .string(parameter.name), "in": .string(parameter.isInPath ? "path" : "query"),
            "required": parameter.isInPath ? .bool(true) : nil,
            "schema": .object(["type": .string(parameter.type), "uniqueItems": .bool(true)]),
        ])
    }

    private static func operation(
        _ operation: OpenAPIOperation, _ tag: String, _ shared: [OpenAPIParameter], _ writer: inout SchemaWriter
    ) -> JSONTree {
        let own = operation.parameters.filter { !shared.contains($0) }.sorted(by: OpenAPIParameter.precedes)
        let schema: JSONTree =
            switch operation.content {
            case .type(let type): writer.reference(to: type)
            case .text: .object(["type": .string("string")])
            }
        let answer = JSONTree.object(["content": content(operation.produces, schema)])
        var responses = operation.codes.map { JSONTree.Member(String($0), answer.adding("description", "OK")) }
        responses.append(.init("401", .object(["description": .string("Unauthorized")])))
        return .object([
            "tags": .strings([tag]), "operationId": .string(operation.id),
            "parameters": own.isEmpty ? nil : .list(own.map(parameter)),
            "requestBody": operation.body.map { body($0, operation.bodyTypes ?? ["*/*"], &writer) },
            "responses": .object(responses),
            "x-kubernetes-action": operation.action.map(JSONTree.string),
            "x-kubernetes-group-version-kind": operation.kind.map(identity),
        ])
    }

    static func identity(_ kind: (group: String, version: String, name: String)) -> JSONTree {
        .object(["group": .string(kind.group), "version": .string(kind.version), "kind": .string(kind.name)])
    }

    private static func content(_ types: [String], _ schema: JSONTree) -> JSONTree {
        .object(types.sorted { $0.precedes($1) }.map { .init($0, .object(["schema": schema])) })
    }

    private static func body(
        _ body: OpenAPIOperation.Body, _ types: [String], _ writer: inout SchemaWriter
    ) -> JSONTree {
        switch body {
        case .type(let type, let required):
            .object(["content": content(types, writer.reference(to: type)), "required": required ? .bool(true) : nil])
        case .patch(let types):
            .object(["content": content(types, writer.referenceToPatch()), "required": .bool(true)])
        }
    }
}

extension JSONTree {
    /// With one more member in front.
    func adding(_ key: String, _ text: String) -> JSONTree {
        guard case .object(let members) = self else { return self }
        return .object([Member(key, .string(text))] + members)
    }
}
