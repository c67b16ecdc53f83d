package import MartinetSchema

/// Objects of a custom kind that its conversion webhook turns into another version: a ConversionReview.
///
/// Source: apiextensions/v1 and v1beta1, whose fields are the same.
package struct ConversionQuestion: Sendable {
    private let objects: [Object]
    private let kind: Kind
    private let isList: Bool
    /// How the objects are called in errors: `example.com/v1, Kind=Widget`.
    package let subject: String

    /// - Parameters:
    ///   - objects: none of them in the version that is wanted.
    ///   - from: the version of the request, as errors name it.
    ///   - kind: the version that is wanted.
    package init(_ objects: [Object], named from: Kind, to kind: Kind, isList: Bool) {
        self.objects = objects
        self.kind = kind
        self.isList = isList
        subject = "\(from.apiVersion), Kind=\(from.name)\(isList ? "List" : "")"
    }

    /// The first version of ConversionReview that there is, of those that a webhook knows.
    package static func version(_ known: [String]) -> String? { known.first { ["v1", "v1beta1"].contains($0) } }

    package func review(uid: String, version: String) -> [UInt8] {
        let objects = objects.map {
            Value.raw(RawJSON(text: String(decoding: JSONEncoder.encode($0), as: UTF8.self)))
        }
        let request = Value.entries([
            ("uid", .string(uid)), ("desiredAPIVersion", .string(kind.apiVersion)), ("objects", .list(objects)),
        ])
        return JSONEncoder.encode(
            Value.entries([
                ("kind", .string("ConversionReview")), ("apiVersion", .string("apiextensions.k8s.io/\(version)")),
                ("request", request),
            ]))
    }

    /// The converted objects, in the order of those that were sent. Of the metadata only labels and annotations are the
    /// webhook's; what its version does not declare is pruned, and its defaults are set.
    package func read(_ bytes: [UInt8], uid: String, version: String) throws(InvalidAnswer) -> [Object] {
        let values = try converted(bytes, uid: uid, version: version)
        guard values.count == objects.count else {
            throw InvalidAnswer(
                "conversion webhook for \(subject) returned \(values.count) objects, expected \(objects.count)")
        }
        var result: [Object] = []
        result.reserveCapacity(values.count)
        for (index, value) in values.enumerated() { result.append(try object(value, index)) }
        return result
    }

    /// What cannot be asked, or was not answered.
    package func failure(_ why: String) -> String { "conversion webhook for \(subject) failed: \(why)" }

    private func converted(_ bytes: [UInt8], uid: String, version: String) throws(InvalidAnswer) -> [Value] {
        let review: Value
        do throws(InvalidAnswer) {
            review = try Review.read(bytes)
            if version == "v1" {
                try Review.check(review, apiVersion: "apiextensions.k8s.io/v1", kind: "ConversionReview")
            }
        } catch {
            throw InvalidAnswer(failure(error.description))
        }
        guard let response = review["response"], response != .null else {
            throw InvalidAnswer(failure("no response provided"))
        }
        let own = response["uid"]?.text ?? ""
        if version == "v1", own != uid {
            throw InvalidAnswer(
                failure("expected response.uid=\(uid.debugDescription), got \(own.debugDescription)"))
        }
        let status = response["result"]?["status"]?.text ?? ""
        guard status == "Success" else {
            let message = response["result"]?["message"]?.text ?? ""
            throw InvalidAnswer(
                failure(message.isEmpty ? "response.result.status was '\(status)', not 'Success'" : message))
        }
        guard case .list(let values)? = response["convertedObjects"] else { return [] }
        return values
    }

    private func object(_ value: Value, _ index: Int) throws(InvalidAnswer) -> Object {
        func invalid(_ why: String, _ single: String = "object at index 0") -> InvalidAnswer {
            let what = isList ? "converted object at index \(index)" : single
            return InvalidAnswer("conversion webhook for \(subject) returned invalid \(what): \(why)")
        }
        guard case .map(var map) = value else { throw invalid("it is no JSON object") }
        let version = value["apiVersion"]?.text ?? ""
        guard version == kind.apiVersion else {
            throw invalid("invalid groupVersion (expected \(kind.apiVersion), received \(version))")
        }
        let name = value["kind"]?.text ?? ""
        guard name == kind.name else { throw invalid("invalid kind (expected \(kind.name), received \(name))") }
        guard let original = try? JSONDecoder.decodeAny(JSONEncoder.encode(objects[index])).value["metadata"] else {
            throw invalid("the object that was sent has no metadata")
        }
        do throws(InvalidAnswer) {
            map["metadata"] = try ConversionQuestion.metadata(original, map["metadata"])
        } catch {
            throw invalid(error.description, error.isUnreadable ? "metadata" : "object")
        }
        do throws(DecodeError) {
            var object = try JSONDecoder.decode(JSONEncoder.encode(Value.map(map)), as: kind.type).object
            Defaults.apply(to: &object)
            return object
        } catch {
            throw invalid(error.description)
        }
    }

    /// The metadata that the object had, with the labels and annotations that the webhook gave it.
    private static func metadata(_ original: Value, _ answered: Value?) throws(InvalidAnswer) -> Value {
        func wrong(_ why: String) -> InvalidAnswer { InvalidAnswer(why, isUnreadable: true) }
        guard let answered else { throw wrong("missing metadata in converted object") }
        guard case .map(let new) = answered else { throw wrong("invalid metadata in converted object") }
        guard case .map(var kept) = original else { return original }
        for (field, shown) in [("name", "name"), ("namespace", "namespace"), ("uid", "UID")] {
            let (before, after) = (original[field]?.text ?? "", answered[field]?.text ?? "")
            guard before == after else {
                throw InvalidAnswer("must have the same \(shown): \(before) != \(after)")
            }
        }
        for field in ["labels", "annotations"] {
            switch new[field] {
            case nil, .null?: kept[field] = nil
            case .map(let entries)?:
                for entry in entries.entries {
                    guard case .string = entry.value else {
                        throw wrong("metadata.\(field)[\(entry.key)] must be a string in converted object")
                    }
                }
                kept[field] = .map(entries)
            default: throw wrong("invalid metadata.\(field) in converted object")
            }
        }
        return .map(kept)
    }
}
