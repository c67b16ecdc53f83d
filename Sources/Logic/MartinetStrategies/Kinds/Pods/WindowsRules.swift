import MartinetSchema

/// Options that only Windows has.
enum WindowsRules {
    static func options(_ options: Part) {
        guard options.isSet else { return }
        options.gmsaCredentialSpecName.ifSet(form: .dnsSubdomain)
        let spec = options.gmsaCredentialSpec
        if spec.isSet {
            if spec.isEmpty { spec.invalid("must not be empty") }
            if spec.text.utf8.count > 64 * 1024 { spec.invalid("may be at most 64 KiB long") }
        }
        if options.runAsUserName.isSet { userName(options.runAsUserName) }
    }

    /// `DOMAIN\user` or `user`.
    private static func userName(_ name: Part) {
        if name.isEmpty { return name.invalid("must not be empty") }
        if name.text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) {
            return name.invalid("must not hold control characters")
        }
        let parts = name.text.split(separator: "\\", omittingEmptySubsequences: false).map(String.init)
        guard parts.count <= 2 else { return name.invalid("may hold one backslash") }
        let user = parts[parts.count - 1]
        if parts.count == 2 {
            if parts[0].utf8.count >= 256 { name.invalid("must have a domain of less than 256 bytes") }
            if !isNetBIOS(parts[0]), !isDomain(parts[0]) { name.invalid("must have a NetBIOS or DNS name as domain") }
        }
        if user.isEmpty { name.invalid("must have a user after the domain") }
        if user.utf8.count > 104 { name.invalid("must have a user of at most 104 bytes") }
        if !user.isEmpty, user.allSatisfy({ $0 == "." || $0 == " " }) { name.invalid("must not be dots and blanks") }
        if user.contains(where: { "\"/\\:;|=,+*?<>@[]".contains($0) }) {
            name.invalid("must have a user without \"/\\:;|=,+*?<>@[]")
        }
    }

    private static func isNetBIOS(_ text: String) -> Bool {
        (1...15).contains(text.unicodeScalars.count) && text.first != "."
            && !text.contains { "\\/:*?\"<>|".contains($0) }
    }

    private static func isDomain(_ text: String) -> Bool {
        text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy {
            $0.utf8.count <= 63 && Names.dnsLabel($0.lowercased()).isEmpty
        }
    }
}
