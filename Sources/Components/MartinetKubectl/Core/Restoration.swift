import MartinetToolPorts
import MartinetYAML

/// Makes what was there once again, and gives it its owners' new uids.
struct Restoration {
    private let context: CommandContext
    private var printer: ObjectPrinter?
    /// What is there now of what was there then, by the uid that it had.
    private var owners: [String: YAMLNode] = [:]
    private var made: [OwnedTree.Item] = []
    private var alive: [String: Bool] = [:]

    init(_ context: CommandContext, _ printer: ObjectPrinter?) {
        self.context = context
        self.printer = printer
    }

    private static let conflictsMax = 5

    mutating func run(_ tree: OwnedTree) async throws {
        for (item, reason) in tree.left { context.say("\(item.shown) is not made again: \(reason)") }
        for item in tree.items { try await make(item) }
        guard context.dryRun == .none else { return }
        for item in made where !item.owners.isEmpty {
            do { try await own(item) } catch let error as StatusError { failed(item, error) }
        }
    }

    private func failed(_ item: OwnedTree.Item, _ error: StatusError) {
        var error = error
        error.doing = "error when restoring \"\(item.shown)\""
        context.say(error.description)
        context.failures += 1
    }

    // MARK: Making

    private mutating func make(_ item: OwnedTree.Item) async throws {
        let object = RestoredObject.clean(item.object)
        do {
            if context.dryRun == .client {
                if try await there(item) != nil { return leave(item) }
                return try context.report(object, "restored", &printer)
            }
            let answer = try await create(item, object)
            owners[item.uid] = answer
            made.append(item)
            try context.report(answer, "restored", &printer)
        } catch let error as StatusError where error.reason == "AlreadyExists" {
            leave(item)
            owners[item.uid] = try await there(item)
        } catch let error as StatusError {
            failed(item, error)
        }
    }

    private func create(_ item: OwnedTree.Item, _ object: YAMLNode) async throws -> YAMLNode {
        do {
            return try await context.create(item.resource, item.namespace, object, manager: UndoCommand.manager)
        } catch let error as StatusError where error.reason == "Invalid" && item.resource.kind == "Service" {
            guard let other = RestoredObject.withoutAddresses(object) else { throw error }
            let answer = try await context.create(
                item.resource, item.namespace, other, manager: UndoCommand.manager)
            context.say("Warning: \(item.shown) has new addresses and ports: \(error.message)")
            return answer
        }
    }

    private func leave(_ item: OwnedTree.Item) {
        context.say("\(item.shown) is there already, and is left as it is")
    }

    private func there(_ item: OwnedTree.Item) async throws -> YAMLNode? {
        try await context.existing(item.resource, item.namespace, item.object.metaName)
    }

    // MARK: Owning

    /// Adds the references that nobody has added meanwhile.
    private mutating func own(_ item: OwnedTree.Item) async throws {
        var wanted: [YAMLNode] = []
        for reference in item.owners {
            if let owner = owners[reference.text("uid")] {
                wanted.append(reference.setting(["uid"], YAMLNode(.string(owner.text("metadata", "uid")))))
            } else if try await isAlive(reference, item.namespace) {
                wanted.append(reference)
            }
        }
        for attempt in 1...Self.conflictsMax {
            // Gone again is its controller's decision.
            guard let now = try await there(item) else { return }
            var references = now.items("metadata", "ownerReferences")
            let before = references.count
            for reference in wanted where !references.contains(where: { $0.text("uid") == reference.text("uid") }) {
                let controls = references.contains { $0.at("controller")?.bool == true }
                // There is one controller at most.
                if controls, reference.at("controller")?.bool == true { continue }
                references.append(reference)
            }
            guard references.count > before else { return }
            let patch: YAMLNode = .map([
                "metadata": .map([
                    "ownerReferences": YAMLNode(.list(references)),
                    "resourceVersion": YAMLNode(.string(now.text("metadata", "resourceVersion"))),
                ])
            ])
            do {
                _ = try await context.patch(
                    item.resource, item.namespace, item.object.metaName, patch, .merge, manager: UndoCommand.manager)
                return
            } catch let error as StatusError where error.isConflict && attempt < Self.conflictsMax {
                continue
            }
        }
    }

    /// Whether an owner that was not brought back is there all the same. A reference to one that is gone would have the
    /// object collected.
    private mutating func isAlive(_ reference: YAMLNode, _ namespace: String?) async throws -> Bool {
        let uid = reference.text("uid")
        if let known = alive[uid] { return known }
        let resource = try await context.discovery.resource(
            apiVersion: reference.text("apiVersion"), kind: reference.text("kind"))
        var lives = false
        if let resource {
            let found = try await context.existing(
                resource, resource.isNamespaced ? namespace : nil, reference.text("name"))
            lives = found?.text("metadata", "uid") == uid
        }
        alive[uid] = lives
        return lives
    }
}
