package import MartinetSchema

/// What the server says to who uses a version that is on its way out or gone: the text of a `Warning` header, worded as
/// upstream words it, so that tools that look for it find it.
package enum Deprecations {
    private struct Notice {
        let since: Int
        var until: Int?
        var instead = ""
    }

    /// By apiVersion and kind; versions are minor versions of Kubernetes 1.
    private static let notices: [String: Notice] = [
        "v1.ComponentStatus": Notice(since: 19),
        "v1.Endpoints": Notice(since: 33, instead: "discovery.k8s.io/v1 EndpointSlice"),
        "batch/v1beta1.CronJob": Notice(since: 21, until: 25, instead: "batch/v1 CronJob"),
        "autoscaling/v2beta1.HorizontalPodAutoscaler": Notice(
            since: 22, until: 25, instead: "autoscaling/v2 HorizontalPodAutoscaler"),
        "autoscaling/v2beta2.HorizontalPodAutoscaler": Notice(
            since: 23, until: 26, instead: "autoscaling/v2 HorizontalPodAutoscaler"),
        "policy/v1beta1.PodDisruptionBudget": Notice(since: 21, until: 25, instead: "policy/v1 PodDisruptionBudget"),
        "policy/v1beta1.PodSecurityPolicy": Notice(since: 21, until: 25),
        "extensions/v1beta1.Ingress": Notice(since: 14, until: 22, instead: "networking.k8s.io/v1 Ingress"),
        "networking.k8s.io/v1beta1.Ingress": Notice(since: 19, until: 22, instead: "networking.k8s.io/v1 Ingress"),
        "networking.k8s.io/v1beta1.IngressClass": Notice(
            since: 19, until: 22, instead: "networking.k8s.io/v1 IngressClass"),
    ]

    /// Nil for a version that is here to stay.
    package static func warning(_ kind: Kind) -> String? {
        guard let notice = notices["\(kind.apiVersion).\(kind.name)"] else { return nil }
        var text = "\(kind.apiVersion) \(kind.name) is deprecated in v1.\(notice.since)+"
        if let until = notice.until { text += ", unavailable in v1.\(until)+" }
        return notice.instead.isEmpty ? text : text + "; use \(notice.instead)"
    }
}
