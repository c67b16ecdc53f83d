package import MartinetKubeconfig

/// How to reach an API server: a context, with what a command line overrides.
package struct SessionConfiguration: Sendable {
    package var server: String
    package var certificateAuthority: ResolvedContext.Material?
    package var skipsVerification: Bool
    package var tlsServerName: String?
    package var proxyURL: String?
    package var clientCertificate: ResolvedContext.Material?
    package var clientKey: ResolvedContext.Material?
    package var token: String?
    package var tokenFile: String?
    package var username: String?
    package var password: String?
    package var exec: ResolvedContext.Exec?
    package var impersonatedUser: String?
    package var impersonatedGroups: [String] = []
    package var impersonatedUID: String?
    /// For one request; nil: none.
    package var timeout: Duration?

    package init(context: ResolvedContext?, server: String) {
        self.server = server
        certificateAuthority = context?.certificateAuthority
        skipsVerification = context?.insecureSkipTLSVerify ?? false
        tlsServerName = context?.tlsServerName
        proxyURL = context?.proxyURL
        clientCertificate = context?.clientCertificate
        clientKey = context?.clientKey
        token = context?.token
        tokenFile = context?.tokenFile
        username = context?.username
        password = context?.password
        exec = context?.exec
        impersonatedUser = context?.impersonatedUser
    }
}
