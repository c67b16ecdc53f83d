import MartinetCommandLine

/// Every command of kubectl and its flags: what parsing, help and completion come from.
enum CommandTable {
    static let kubectl = Command(
        "kubectl", short: "kubectl controls the Kubernetes cluster manager.",
        long: "kubectl controls the Kubernetes cluster manager.",
        persistentFlags: global,
        commands: basic + deploy + cluster + troubleshooting + advanced + settings + other, runnable: false)

    static let global: [Flag] = [
        Flag("as", nil, .string, "Username to impersonate for the operation."),
        Flag("as-group", nil, .stringArray, "Group to impersonate for the operation; can be repeated."),
        Flag("as-uid", nil, .string, "UID to impersonate for the operation."),
        Flag("cache-dir", nil, .string, "Accepted for compatibility: discovery is not cached on disk.", hidden: true),
        Flag(
            "certificate-authority", nil, .string, "Path to a cert file for the certificate authority",
            completion: .file),
        Flag("client-certificate", nil, .string, "Path to a client certificate file for TLS", completion: .file),
        Flag("client-key", nil, .string, "Path to a client key file for TLS", completion: .file),
        Flag("cluster", nil, .string, "The name of the kubeconfig cluster to use", completion: .cluster),
        Flag("context", nil, .string, "The name of the kubeconfig context to use", completion: .context),
        Flag(
            "insecure-skip-tls-verify", nil, .bool,
            "If true, the server's certificate will not be checked for validity."),
        Flag("kubeconfig", nil, .string, "Path to the kubeconfig file to use for CLI requests.", completion: .file),
        Flag("match-server-version", nil, .bool, "Require server version to match client version", hidden: true),
        Flag(
            "namespace", "n", .string, "If present, the namespace scope for this CLI request", completion: .namespace),
        Flag(
            "request-timeout", nil, .string, default: "0",
            "The length of time to wait before giving up on a single server request (1s, 2m, 3h); 0 means none."),
        Flag("server", "s", .string, "The address and port of the Kubernetes API server"),
        Flag("tls-server-name", nil, .string, "Server name to use for server certificate validation."),
        Flag("token", nil, .string, "Bearer token for authentication to the API server"),
        Flag("user", nil, .string, "The name of the kubeconfig user to use", completion: .user),
        Flag("v", "v", .int, default: "0", "number for the log level verbosity: 6 shows requests"),
        Flag("warnings-as-errors", nil, .bool, "Treat warnings received from the server as errors", hidden: true),
    ]

    // MARK: Groups of flags

    static let output = Flag(
        "output", "o", .string,
        "Output format. One of: (json, yaml, name, go-template, go-template-file, template, templatefile, jsonpath, "
            + "jsonpath-as-json, jsonpath-file).")
    static let template = Flag(
        "template", nil, .string, "Template string or path to template file to use when -o=go-template.")
    static let managed = Flag(
        "show-managed-fields", nil, .bool, "If true, keep the managedFields when printing objects in JSON or YAML.")
    static let missingKeys = Flag(
        "allow-missing-template-keys", nil, .bool, default: "true",
        "If true, ignore any errors in templates when a field or map key is missing in the template.")
    static let printing = [output, template, managed, missingKeys]
    static let dryRun = Flag(
        "dry-run", nil, .string, default: "none", bare: "unchanged",
        "Must be \"none\", \"server\", or \"client\". If client strategy, only print the object that would be sent, "
            + "without sending it. If server strategy, submit server-side request without persisting the resource.",
        choices: ["none", "server", "client", "unchanged", "true", "false"])
    static let fieldManager = Flag(
        "field-manager", nil, .string, "Name of the manager used to track field ownership.")
    static let filename = [
        Flag(
            "filename", "f", .stringSlice, "Files or folders that contain the objects; - is standard input.",
            completion: .file),
        Flag("kustomize", "k", .string, "Process the kustomization directory.", completion: .directory),
        Flag("recursive", "R", .bool, "Process the directory used in -f, --filename recursively."),
    ]
    static let selector = Flag(
        "selector", "l", .string, "Selector (label query) to filter on, supports '=', '==', '!=', 'in', 'notin'.")
    static let fieldSelector = Flag(
        "field-selector", nil, .string, "Selector (field query) to filter on, supports '=', '==', and '!='.")
    static let allNamespaces = Flag(
        "all-namespaces", "A", .bool, "If present, act on the requested object(s) across all namespaces.")
    static let all = Flag("all", nil, .bool, "Select all resources, in the namespace of the specified resource types.")
    static let validate = Flag(
        "validate", nil, .string, default: "strict", bare: "strict",
        "Must be one of: strict (or true), warn, ignore (or false). Checks what the manifests say before they are sent.",
        choices: ["strict", "true", "warn", "ignore", "false"])
    static let record = Flag(
        "record", nil, .bool, "Record current kubectl command in the resource annotation.",
        deprecated: "--record will be removed in the future")
    static let overwrite = Flag("overwrite", nil, .bool, "If true, allow values to be overwritten.")
    static let saveConfig = Flag(
        "save-config", nil, .bool, "If true, the configuration of current object will be saved in its annotation.")
    static let local = Flag("local", nil, .bool, "If true, the command does not contact the API server.")
    static let container = Flag("container", "c", .string, "Container name.", completion: .nothing)
    static func timeout(_ value: String, _ usage: String) -> Flag {
        Flag("timeout", nil, .duration, default: value, usage)
    }

    static let writing = printing + [dryRun, fieldManager, record]
}
