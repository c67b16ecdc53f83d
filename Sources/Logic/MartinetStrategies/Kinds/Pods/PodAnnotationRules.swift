import MartinetSchema

/// Annotations of pods that have a meaning of their own.
enum PodAnnotationRules {
    static let mirror = "kubernetes.io/config.mirror"
    private static let tolerations = "scheduler.alpha.kubernetes.io/tolerations"
    private static let deletionCost = "controller.kubernetes.io/pod-deletion-cost"
    private static let podSeccomp = "seccomp.security.alpha.kubernetes.io/pod"
    private static let containerSeccomp = "container.seccomp.security.alpha.kubernetes.io/"
    static let appArmor = "container.apparmor.security.beta.kubernetes.io/"

    static func validate(_ annotations: Part, _ spec: Part, _ options: PodOptions) {
        if annotations.has(key: mirror), spec.nodeName.isEmpty {
            annotations.keyed(mirror).invalid("needs spec.nodeName")
        }
        if let text = annotations.text(key: tolerations), !text.isEmpty,
            (try? RawJSON(checking: Array(text.utf8)))?.text.hasPrefix("[") != true
        {
            annotations.invalid("must have a JSON list under \(tolerations)")
        }
        if !options.allowsInvalidDeletionCost, hasInvalidDeletionCost(annotations) {
            annotations.keyed(deletionCost).invalid("must be a 32-bit integer")
        }
        let names = Set(PodContainers.all(of: spec).map({ $0.name.text }))
        for (key, value) in annotations.pairs {
            if key == podSeccomp || key.hasPrefix(containerSeccomp) {
                seccomp(value.text, at: annotations.named(key))
            }
            guard key.hasPrefix(appArmor) else { continue }
            if !names.contains(String(key.dropFirst(appArmor.count))) { value.invalid("must name a container") }
            let profile = value.text
            if !["", "runtime/default", "unconfined"].contains(profile), !profile.hasPrefix("localhost/") {
                value.invalid("must be an AppArmor profile")
            }
        }
    }

    static func hasInvalidDeletionCost(_ annotations: Part) -> Bool {
        guard let text = annotations.text(key: deletionCost) else { return false }
        let first = text.utf8.first ?? 0
        return !(first == 45 || text == "0" || (first >= 49 && first <= 57)) || Int32(text) == nil
    }

    private static func seccomp(_ profile: String, at part: Part) {
        if ["runtime/default", "docker/default", "unconfined"].contains(profile) { return }
        guard profile.hasPrefix("localhost/") else { return part.invalid("must be a seccomp profile") }
        let path = profile.dropFirst("localhost/".count)
        if path.hasPrefix("/") { part.invalid("must be a relative path") }
        if path.split(separator: "/").contains("..") { part.invalid("must not hold '..'") }
    }

    /// Some may not change once they are there, nor come later.
    static func validateUpdate(_ annotations: Part, _ old: Part) {
        func isFixed(_ key: String) -> Bool { key == mirror || key.hasPrefix(appArmor) }
        for (key, before) in old.pairs where isFixed(key) && annotations.text(key: key) != before.text {
            annotations.keyed(key).forbidden("may not be removed or changed")
        }
        for (key, value) in annotations.pairs where isFixed(key) && !old.has(key: key) {
            value.forbidden("may not be added")
        }
    }

    /// What an annotation and a field say of the same profile must be the same.
    static func profilesMatch(_ annotations: Part, _ spec: Part) {
        guard annotations.count > 0 else { return }
        if let text = annotations.text(key: podSeccomp) { match(text, spec.securityContext.seccompProfile) }
        for container in PodContainers.all(of: spec) {
            let context = container.securityContext
            if let text = annotations.text(key: containerSeccomp + container.name.text) {
                match(text, context.seccompProfile)
            }
            guard spec.os.name.text != "windows" else { continue }
            let own = context.appArmorProfile
            let profile = own.isSet ? own : spec.securityContext.appArmorProfile
            if let text = annotations.text(key: appArmor + container.name.text) {
                match(text, profile.at(own.place))
            }
        }
    }

    private static func match(_ annotation: String, _ profile: Part) {
        guard profile.isSet else { return }
        let type = profile["type"].at(profile.place.member("type"))
        let why = "must say the same as the annotation"
        switch type.text {
        case "Unconfined": if annotation != "unconfined" { type.forbidden(why) }
        case "RuntimeDefault":
            if annotation != "runtime/default", annotation != "docker/default" { type.forbidden(why) }
        case "Localhost":
            if !annotation.hasPrefix("localhost/") {
                type.forbidden(why)
            } else if "localhost/" + profile.localhostProfile.text != annotation || !profile.localhostProfile.isSet {
                profile.named("localhostProfile").forbidden(why)
            }
        default: break
        }
    }
}
