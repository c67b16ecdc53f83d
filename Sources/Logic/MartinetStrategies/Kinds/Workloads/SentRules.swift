import MartinetSchema

// What subresources are sent in place of the object itself.

/// How many replicas there are to be.
struct ScaleRules: KindRules {
    func validate(_ new: Part) { new.spec.replicas.nonNegative() }
}

/// That a pod is to go, if its budgets allow.
struct EvictionRules: KindRules {
    var isNamed: Bool { false }

    func validateCreate(_ new: Part) {
        // Upstream looks at the options alone, and names their fields so.
        let options = new.deleteOptions
        let policy = options.propagationPolicy.at(new.place.member("propagationPolicy"))
        if policy.isSet, options.orphanDependents.isSet {
            policy.invalid("may not be set together with orphanDependents")
        } else if policy.isSet {
            policy.oneOf("Background", "Foreground", "Orphan")
        }
        for run in options.dryRun.items where run.text != "All" {
            run.at(new.place.member("dryRun")).unsupported(["All"])
        }
    }
}
