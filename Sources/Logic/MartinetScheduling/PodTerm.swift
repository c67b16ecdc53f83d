import MartinetAPI
import MartinetClient
import MartinetSchema

/// Which pods an affinity term or a spread constraint counts: of some namespaces, selected by labels.
package struct PodTerm: Hashable, Sendable {
    /// Nil for all namespaces.
    let namespaces: [String]?
    let selector: LabelSelector

    func matches(namespace: String, labels: StringMap) -> Bool {
        (namespaces?.contains(namespace) ?? true) && selector.matches(labels)
    }

    init(namespaces: [String]?, selector: LabelSelector) {
        self.namespaces = namespaces
        self.selector = selector
    }

    /// - Parameter known: the labels of every namespace.
    init(_ term: PodAffinityTerm, of pod: Pod, known: [(name: String, labels: StringMap)]) {
        var selector = term.labelSelector ?? PodTerm.nothing
        for key in term.matchLabelKeys {
            guard let value = pod.metadata.labels[key] else { continue }
            selector.matchExpressions.append(PodTerm.requirement(key, "In", value))
        }
        for key in term.mismatchLabelKeys {
            guard let value = pod.metadata.labels[key] else { continue }
            selector.matchExpressions.append(PodTerm.requirement(key, "NotIn", value))
        }
        self.selector = selector
        guard let namespaceSelector = term.namespaceSelector else {
            namespaces = term.namespaces.isEmpty ? [pod.metadata.namespace] : term.namespaces.sorted()
            return
        }
        if namespaceSelector.isEmpty {
            namespaces = nil
        } else {
            let selected = known.filter { namespaceSelector.matches($0.labels) }.map(\.name)
            namespaces = Set(selected + term.namespaces).sorted()
        }
    }

    init(_ constraint: TopologySpreadConstraint, of pod: Pod) {
        var selector = constraint.labelSelector ?? PodTerm.nothing
        for key in constraint.matchLabelKeys {
            guard let value = pod.metadata.labels[key] else { continue }
            selector.matchExpressions.append(PodTerm.requirement(key, "In", value))
        }
        self.selector = selector
        namespaces = [pod.metadata.namespace]
    }

    private static func requirement(_ key: String, _ verb: String, _ value: String) -> LabelSelectorRequirement {
        LabelSelectorRequirement {
            $0.key = key
            $0.`operator` = verb
            $0.values = [value]
        }
    }

    /// An absent selector matches nothing, other than an empty one.
    static var nothing: LabelSelector {
        LabelSelector {
            $0.matchExpressions = [
                LabelSelectorRequirement {
                    $0.key = "nothing"
                    $0.`operator` = "In"
                }
            ]
        }
    }
}
