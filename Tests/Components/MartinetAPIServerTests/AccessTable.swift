/// What may be seen, as the test of it found it and a person read it.
enum AccessTable {
    /// Without a credential: health for load balancers, the version for tools. The role `system:public-info-viewer`.
    static let anonymous: [String] = []

    /// Who has one bootstrap role and nothing else.
    static let roles = ""
}
