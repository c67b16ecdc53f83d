/// What may be seen, as the test of it found it and a person read it.
enum AccessTable {
    /// Without a credential: health for load balancers and the version for tools, which the bootstrap role
    /// `system:public-info-viewer` gives everybody.
    static let anonymous = [
        "GET /healthz 200", "GET /livez 200", "GET /readyz 200", "GET /version 200", "GET /version/ 200",
    ]
}
