import MartinetAPI
package import MartinetBase
package import MartinetClient
import MartinetSchema
package import MartinetStreaming

/// Asks the API server who bears a token, and whether he may.
package struct DelegatedAuthorizer: NodeRequestAuthorizer {
    private let client: any APIClient
    private let nodeName: String
    private let executor: any SerialExecutorPort

    package init(client: any APIClient, nodeName: String, runtime: any Runtime) {
        self.client = client
        self.nodeName = nodeName
        executor = runtime.executor(named: "martinet.kubelet.authorizer")
    }

    package func authorize(
        _ request: NodeAccessRequest, _ completion: @escaping @Sendable (KubeletEndpoint.Verdict) -> Void
    ) {
        guard let type = Schema.builtin.type(named: "authentication.k8s.io/v1.TokenReview") else {
            return completion(.unauthenticated)
        }
        var review = Object(type: type)
        review[field: "spec"] = review.made("spec") { $0[field: "token"] = .string(request.token) }
        let name = ResourceName(group: "authentication.k8s.io", version: "v1", plural: "tokenreviews")
        client.send(APIRequest(.create, name, object: review), on: executor) { result in
            guard case .success(let answer) = result, let status = answer.part("status"),
                status[field: "authenticated"] == .bool(true), let user = status.part("user")
            else { return completion(.unauthenticated) }
            ask(request, user, request.subresources[...], completion)
        }
    }

    private func ask(
        _ request: NodeAccessRequest, _ user: Object, _ subresources: ArraySlice<String>,
        _ completion: @escaping @Sendable (KubeletEndpoint.Verdict) -> Void
    ) {
        guard let subresource = subresources.first,
            let type = Schema.builtin.type(named: "authorization.k8s.io/v1.SubjectAccessReview")
        else { return completion(.forbidden(user.text("username"))) }
        var review = Object(type: type)
        review[field: "spec"] = review.made("spec") { spec in
            spec[field: "user"] = .string(user.text("username"))
            if !user.text("uid").isEmpty { spec[field: "uid"] = .string(user.text("uid")) }
            spec[field: "groups"] = user[field: "groups"]
            spec[field: "extra"] = user[field: "extra"]
            spec[field: "resourceAttributes"] = spec.made("resourceAttributes") { wanted in
                wanted[field: "verb"] = .string(request.verb)
                wanted[field: "version"] = .string("v1")
                wanted[field: "resource"] = .string("nodes")
                wanted[field: "subresource"] = .string(subresource)
                wanted[field: "name"] = .string(nodeName)
            }
        }
        let name = ResourceName(group: "authorization.k8s.io", version: "v1", plural: "subjectaccessreviews")
        client.send(APIRequest(.create, name, object: review), on: executor) { result in
            if case .success(let answer) = result, answer.part("status")?[field: "allowed"] == .bool(true) {
                return completion(.allow)
            }
            ask(request, user, subresources.dropFirst(), completion)
        }
    }
}
