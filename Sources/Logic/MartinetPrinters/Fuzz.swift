import MartinetYAML

/// The template parser's and evaluator's entry point for a fuzzer.
package func fuzzJSONPath(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self)
    let tree: YAMLNode = .map([
        "items": [.map(["name": "a", "n": 1, "list": [1, 2, 3]]), .map(["name": "b", "n": 2, "list": []])], "x": "y",
    ])
    if let path = try? JSONPath(text) { _ = try? path.text(tree) }
    if let template = try? GoTemplate(text) { _ = try? template.text(tree) }
    if var columns = try? CustomColumns(text) { _ = try? columns.text(tree) }
}
