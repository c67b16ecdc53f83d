package import MartinetCEL

extension CELEnvironment {
    /// What one evaluation of one expression may cost, and all expressions of one request together.
    package static let kubernetesCallCostMax: UInt64 = 1_000_000
    package static let kubernetesRequestCostMax: Int64 = 10_000_000

    /// The environment of every expression that Kubernetes v1.36 takes: its libraries in the versions that it enables.
    /// Source: apiserver's cel/environment/base.go.
    package static let kubernetes: CELEnvironment = {
        var environment = CELEnvironment.standard
        environment.requiresHomogeneousLiterals = true
        environment.presenceTestHasCost = false
        environment.costs = CELKubernetesCosts()
        environment.addOptionalTypes()
        environment.addTwoVariableMacros()
        environment.addStrings(version: 2)
        environment.addSets()
        environment.addLists()
        environment.addURLs()
        environment.addFinding()
        environment.addKubernetesLists()
        environment.addQuantities()
        environment.addNetwork()
        environment.addFormats()
        environment.addAuthorization()
        environment.addSemanticVersions()
        return environment
    }()

    /// The same for expressions that change objects: with `jsonpatch.escapeKey`.
    package static let kubernetesPatches: CELEnvironment = {
        var environment = CELEnvironment.kubernetes
        environment.addPatchKeys()
        return environment
    }()
}
