import MartinetBase
import MartinetCommandLine
import MartinetPrinters
import MartinetToolPorts
import MartinetYAML

/// `kubectl get`.
struct GetCommand {
    let context: CommandContext
    private var flags: CommandFlags { CommandFlags(context) }

    init(_ context: CommandContext) { self.context = context }

    func run() async throws {
        let raw = context.flags.string("raw")
        if !raw.isEmpty { return try await self.raw(raw) }
        let targets: [Target]
        if context.hasFiles {
            targets = try await context.fileTargets()
        } else {
            guard !context.arguments.isEmpty else {
                throw KubectlError(
                    "You must specify the type of resource to get. Use \"kubectl api-resources\" for a complete list of "
                        + "supported resources.\n\nerror: Required resource not specified.\nUse \"kubectl explain "
                        + "<resource>\" for a detailed description of that resource (e.g. kubectl explain pods).\nSee "
                        + "'kubectl get -h' for help and examples", prefixed: false)
            }
            targets = try await context.targets(of: context.arguments)
        }
        if context.allNamespaces, let named = targets.first(where: { $0.name != nil && $0.resource.isNamespaced }) {
            _ = named
            throw KubectlError("a resource cannot be retrieved by name across all namespaces")
        }
        let watches = context.flags.bool("watch") || context.flags.bool("watch-only")
        let past = try await past(targets, watches: watches)
        if let printer = try ObjectPrinter(context) {
            try await objects(targets, printer, watches: watches, past)
        } else if watches {
            try await watchTable(targets)
        } else {
            try await tables(targets, past)
        }
    }

    private func past(_ targets: [Target], watches: Bool) async throws -> Past? {
        guard let past = try Past(context.flags) else { return nil }
        guard !watches, subresource == nil else {
            throw KubectlError("--at and --at-revision read objects as they were: without --watch and --subresource")
        }
        if let first = targets.first { try await context.requirePast(first.resource, first.namespace, first.name) }
        return past
    }

    private func raw(_ path: String) async throws {
        let parts = path.split(separator: "?", maxSplits: 1).map(String.init)
        let query = parts.count > 1 ? parts[1].split(separator: "&").map(String.init) : []
        let response = try await context.send(
            SessionRequest(
                "GET", parts.first ?? "/",
                query: query.map { pair in
                    let sides = pair.split(separator: "=", maxSplits: 1).map(String.init)
                    return (name: sides.first ?? "", value: sides.count > 1 ? sides[1] : "")
                }))
        while let piece = try await response.body.next() { context.terminal.write(piece) }
    }

    // MARK: Objects

    private func objects(_ targets: [Target], _ first: ObjectPrinter, watches: Bool, _ past: Past?) async throws {
        var printer = first
        var items: [YAMLNode] = []
        var notes: [String] = []
        defer { for note in notes { context.say(note) } }
        var isSingle = targets.count == 1 && targets[0].name != nil
        for target in targets {
            do {
                guard let name = target.name else {
                    items += try await context.list(
                        target.resource, target.namespace, labels: context.selector, fields: context.fieldSelector,
                        past: past)
                    continue
                }
                items.append(
                    try await context.get(
                        target.resource, target.namespace, name, subresource: subresource, past: past))
            } catch let error as StatusError where error.isNotFound && target.name != nil {
                missing(error, &notes)
                isSingle = false
            }
        }
        if targets.count == 1, targets[0].name != nil, items.isEmpty { return }
        if context.flags.isSet("sort-by") { items = try sorted(items) }
        if !context.flags.bool("watch-only") {
            if isSingle || (watches && items.count == 1), let item = items.first {
                context.out(try printer.text(item))
            } else if watches {
                for item in items { context.out(try printer.text(item)) }
            } else if printer.isName {
                for item in items { context.out(try printer.text(item)) }
            } else {
                context.out(
                    try printer.text(
                        .map([
                            "apiVersion": "v1", "items": YAMLNode(.list(items)), "kind": "List",
                            "metadata": .map(["resourceVersion": ""]),
                        ])))
            }
        }
        guard watches, let target = targets.first else { return }
        try onlyOne(targets)
        let version = try await listVersion(target)
        var stream = try await context.watch(
            target.resource, target.namespace, name: target.name, labels: context.selector,
            fields: context.fieldSelector, from: version)
        while let event = try await stream.next() {
            if event.type == "BOOKMARK" { continue }
            if context.flags.bool("output-watch-events") {
                context.out(try printer.text(.map(["object": event.object, "type": YAMLNode(.string(event.type))])))
            } else {
                context.out(try printer.text(event.object))
            }
        }
    }

    private var subresource: String? {
        let name = context.flags.string("subresource")
        return name.isEmpty ? nil : name
    }

    private func onlyOne(_ targets: [Target]) throws {
        guard targets.count == 1 else {
            throw KubectlError("you may only specify a single resource type to watch")
        }
    }

    private func listVersion(_ target: Target) async throws -> String {
        var query = [(name: "limit", value: "1")]
        if let name = target.name { query.append((name: "fieldSelector", value: "metadata.name=\(name)")) }
        let list = try await context.json(
            SessionRequest("GET", target.resource.path(namespace: target.namespace), query: query))
        return list.text("metadata", "resourceVersion")
    }

    /// Notes that something is not there, and goes on with the rest; it is told at the end.
    private func missing(_ error: StatusError, _ notes: inout [String]) {
        if context.flags.bool("ignore-not-found") { return }
        notes.append(error.description)
        context.failures += 1
    }

    private func sorted(_ items: [YAMLNode]) throws -> [YAMLNode] {
        let path = try JSONPath(relaxed: context.flags.string("sort-by"))
        let keyed = try items.map { (try path.results($0).first?.first, $0) }
        return keyed.enumerated().sorted { a, b in
            switch SortKey.compare(a.element.0, b.element.0) {
            case 0: a.offset < b.offset
            case let order: order < 0
            }
        }.map(\.element.1)
    }

    // MARK: Tables

    private func tables(_ targets: [Target], _ past: Past?) async throws {
        // Objects of one kind share one table, also when they are named one by one.
        var order: [ResourceInfo] = []
        var rows: [ResourceInfo: [YAMLNode]] = [:]
        var columns: [ResourceInfo: YAMLNode] = [:]
        var notes: [String] = []
        defer { for note in notes { context.say(note) } }
        for target in targets {
            do {
                let answer = try await table(target, past)
                if !order.contains(target.resource) { order.append(target.resource) }
                if columns[target.resource] == nil { columns[target.resource] = answer }
                rows[target.resource, default: []] += answer.items("rows")
            } catch let error as StatusError where error.isNotFound && (target.name != nil || isCategory) {
                // What discovery names and the server does not serve is no reason to show nothing.
                if target.name != nil { missing(error, &notes) }
            }
        }
        var printedAny = false
        for resource in order {
            var found = rows[resource] ?? []
            guard !found.isEmpty, var answer = columns[resource] else { continue }
            if context.flags.isSet("sort-by") { found = try sortedRows(found) }
            answer["rows"] = YAMLNode(.list(found))
            if printedAny { context.out("\n") }
            printedAny = true
            let showsKind = context.flags.bool("show-kind") || order.count > 1 || isCategory
            var printer = TablePrinter(
                flags.tableOptions(kind: showsKind ? resource.shownName : nil, resource: resource))
            context.out(printer.text(TableDecoder.table(answer)))
        }
        if !printedAny, context.failures == 0, !context.flags.bool("ignore-not-found") {
            let isNamespaced = targets.contains { $0.resource.isNamespaced } && !context.allNamespaces
            context.say(
                isNamespaced ? "No resources found in \(context.namespace) namespace." : "No resources found")
        }
    }

    private var isCategory: Bool { context.arguments.first?.split(separator: ",").contains("all") ?? false }

    private func sortedRows(_ rows: [YAMLNode]) throws -> [YAMLNode] {
        let path = try JSONPath(relaxed: context.flags.string("sort-by"))
        let keyed = try rows.map { (try path.results($0["object"] ?? YAMLNode(.null)).first?.first, $0) }
        return keyed.enumerated().sorted { a, b in
            switch SortKey.compare(a.element.0, b.element.0) {
            case 0: a.offset < b.offset
            case let order: order < 0
            }
        }.map(\.element.1)
    }

    /// The Table of a target, all its chunks joined; made here where the server sends plain objects.
    private func table(_ target: Target, _ past: Past? = nil) async throws -> YAMLNode {
        var joined: YAMLNode?
        var token = ""
        repeat {
            var query = past?.query ?? []
            if context.flags.isSet("sort-by") { query.append((name: "includeObject", value: "Object")) }
            if target.name == nil {
                query.append((name: "limit", value: String(max(context.flags.int("chunk-size"), 0))))
                if !context.selector.isEmpty { query.append((name: "labelSelector", value: context.selector)) }
                if !context.fieldSelector.isEmpty {
                    query.append((name: "fieldSelector", value: context.fieldSelector))
                }
                if !token.isEmpty { query.append((name: "continue", value: token)) }
            }
            let path = target.resource.path(
                namespace: target.namespace, name: target.name, subresource: target.name == nil ? nil : subresource)
            var page = try await context.json(
                SessionRequest("GET", path, query: query, headers: [(name: "Accept", value: TableDecoder.accept)]))
            if !TableDecoder.isTable(page) { page = plain(page, target) }
            token = page.text("metadata", "continue")
            if let before = joined {
                page["columnDefinitions"] = before["columnDefinitions"]
                page["rows"] = YAMLNode(.list(before.items("rows") + page.items("rows")))
            }
            joined = page
        } while !token.isEmpty
        return joined ?? YAMLNode(.map([]))
    }

    private func plain(_ answer: YAMLNode, _ target: Target) -> YAMLNode {
        let items = target.name == nil ? CommandContext.items(answer, target.resource) : [answer]
        let now = context.runtime.now()
        let rows = items.map { item in
            YAMLNode.map([
                "cells": .texts([item.metaName, TableDecoder.age(item.text("metadata", "creationTimestamp"), now)]),
                "object": item,
            ])
        }
        return .map([
            "kind": "Table", "metadata": answer["metadata"] ?? YAMLNode(.map([])),
            "columnDefinitions": [
                .map(["name": "Name", "type": "string", "format": "name"]), .map(["name": "Age", "type": "string"]),
            ],
            "rows": YAMLNode(.list(rows)),
        ])
    }

    private func watchTable(_ targets: [Target]) async throws {
        try onlyOne(targets)
        let target = targets[0]
        var printer = TablePrinter(
            flags.tableOptions(
                kind: context.flags.bool("show-kind") ? target.resource.shownName : nil, resource: target.resource))
        let showsEvents = context.flags.bool("output-watch-events")
        var listTarget = target
        if let name = target.name {
            // A watch begins at the version of a list, so the one object is listed too.
            listTarget = Target(target.resource, namespace: target.namespace, name: name)
        }
        let first = try await table(listTarget)
        if !context.flags.bool("watch-only") {
            context.out(printer.text(TableDecoder.table(first), event: showsEvents ? "ADDED" : nil))
        }
        let version = target.name == nil ? first.text("metadata", "resourceVersion") : try await listVersion(target)
        var stream = try await context.watch(
            target.resource, target.namespace, name: target.name, labels: context.selector,
            fields: context.fieldSelector, from: version, accept: TableDecoder.accept)
        while let event = try await stream.next() {
            if event.type == "BOOKMARK" { continue }
            let table =
                TableDecoder.isTable(event.object)
                ? TableDecoder.table(event.object)
                : TableDecoder.plain([event.object], now: context.runtime.now())
            context.out(printer.text(table, event: showsEvents ? event.type : nil))
        }
    }
}

/// How the flags of a command shape its tables.
struct CommandFlags {
    let context: CommandContext
    init(_ context: CommandContext) { self.context = context }

    func tableOptions(kind: String?, resource: ResourceInfo) -> TablePrinter.Options {
        var options = TablePrinter.Options()
        options.wide = context.flags.string("output") == "wide"
        options.headers = !context.flags.bool("no-headers")
        options.namespace = context.allNamespaces && resource.isNamespaced
        options.showLabels = context.flags.bool("show-labels")
        options.labelColumns = context.flags.strings("label-columns")
        options.kind = kind
        return options
    }
}

/// The order of `--sort-by`: numbers and quantities by value, text by its letters, what is missing first.
enum SortKey {
    static func compare(_ a: YAMLNode?, _ b: YAMLNode?) -> Int {
        switch (a?.scalarText, b?.scalarText) {
        case (nil, nil): return 0
        case (nil, _): return -1
        case (_, nil): return 1
        case (let x?, let y?):
            if let p = number(x), let q = number(y) { return p < q ? -1 : p > q ? 1 : 0 }
            return x == y ? 0 : x.utf8.lexicographicallyPrecedes(y.utf8) ? -1 : 1
        }
    }

    private static func number(_ text: String) -> Double? { Quantities.value(text) }
}
