import MartinetSchema

/// Where in an object a value lies. Its text is made only when something is to be said about it.
struct Place {
    fileprivate let places: Places?
    fileprivate let index: Int32

    static var root: Place { Place(places: nil, index: 0) }

    func member(_ name: String) -> Place { step(.member(name)) }
    func index(_ index: Int) -> Place { step(.index(index)) }
    func key(_ key: String) -> Place { step(.key(key)) }

    private func step(_ step: Places.Step) -> Place {
        let places = places ?? Places()
        return Place(places: places, index: places.add(step, to: index))
    }

    /// Such as `spec.containers[0].resources.limits[cpu]`.
    var text: String { places?.text(index) ?? "" }
}

/// The places that were looked at in one object: each by its number, with the number of the one that it lies in.
final class Places {
    enum Step {
        case root
        case field(Field)
        case member(String)
        case index(Int)
        case key(String)
    }

    private var steps: [(parent: Int32, step: Step)] = [(0, .root)]

    init() { steps.reserveCapacity(256) }

    func add(_ step: Step, to parent: Int32) -> Int32 {
        steps.append((parent, step))
        return Int32(truncatingIfNeeded: steps.count - 1)
    }

    subscript(index: Int32) -> Place { Place(places: self, index: index) }

    /// The number that a place has here.
    func number(of place: Place) -> Int32 {
        guard let others = place.places, others !== self else { return place.index }
        return others.path(place.index).reduce(0) { add($1, to: $0) }
    }

    private func path(_ index: Int32) -> [Step] {
        var path: [Step] = []
        var index = index
        while index != 0 {
            path.append(steps[Int(index)].step)
            index = steps[Int(index)].parent
        }
        return path.reversed()
    }

    func text(_ index: Int32) -> String {
        var text = ""
        for step in path(index) {
            switch step {
            case .root: break
            case .field(let field): text += text.isEmpty ? field.name : ".\(field.name)"
            case .member(let name): text += text.isEmpty ? name : ".\(name)"
            case .index(let index): text += "[\(index)]"
            case .key(let key): text += "[\(key)]"
            }
        }
        return text
    }
}
