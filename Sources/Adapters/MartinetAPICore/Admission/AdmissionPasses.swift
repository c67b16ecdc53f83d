import MartinetSchema

/// How often a write has gone through the plugins that change it, and what shall happen again.
///
/// All of them see a write once. When a policy or a webhook has changed it, all see it a second time, in which only those
/// policies and webhooks run that ask for it and ran before the change. There is no third time.
/// Source: apiserver's admission/reinvocation.go.
struct AdmissionPasses {
    /// Whether this is the second time.
    private(set) var isAgain = false
    /// Whether something was changed after the built-in plugins have seen it.
    private(set) var isChanged = false
    /// Those that ran and would run again, by what tells them apart.
    private var ran: Set<String> = []
    private var due: Set<String> = []
    /// What the webhooks left behind in the first pass.
    private var left: Object?

    /// Says that a policy or a webhook has changed the object: whoever ran before and asked for it runs again.
    mutating func changed() {
        isChanged = true
        due.formUnion(ran)
        ran.removeAll()
    }

    /// Says that somebody ran who wants to run again after later changes.
    mutating func remember(_ key: String) { ran.insert(key) }

    func isDue(_ key: String) -> Bool { !isAgain || due.contains(key) }

    /// Webhooks see the object now. Where another plugin changed it since they left it, they count as asked before a change.
    mutating func webhooksBegin(_ object: Object) { if isAgain, let left, left != object { changed() } }

    mutating func webhooksEnd(_ object: Object) { left = object }

    /// - Returns: whether there is a second time.
    mutating func begin() -> Bool {
        guard isChanged, !isAgain else { return false }
        isAgain = true
        return true
    }
}
