import MartinetCommandLine

extension CommandTable {
    private static func grouped(_ heading: String, _ commands: [Command]) -> [Command] {
        commands.map { command in
            var command = command
            command.group = heading
            return command
        }
    }

    // MARK: Deploy

    static let deploy = grouped("Deploy Commands:", [rollout, scale, autoscale])

    private static func rolloutVerb(_ name: String, _ short: String, _ flags: [Flag] = []) -> Command {
        Command(
            name, use: "(TYPE NAME | TYPE/NAME) [flags]", short: short, flags: filename + [selector] + flags,
            completion: .resource)
    }

    static let rollout = Command(
        "rollout", use: "SUBCOMMAND", short: "Manage the rollout of a resource",
        commands: [
            rolloutVerb(
                "history", "View rollout history",
                printing + [
                    Flag("revision", nil, .int, "See the details, including podTemplate of the revision specified")
                ]),
            rolloutVerb("pause", "Mark the provided resource as paused", printing + [fieldManager]),
            rolloutVerb("restart", "Restart a resource", printing + [fieldManager]),
            rolloutVerb("resume", "Resume a paused resource", printing + [fieldManager]),
            rolloutVerb(
                "status", "Show the status of the rollout",
                [
                    Flag("watch", "w", .bool, default: "true", "Watch the status of the rollout until it's done."),
                    Flag("revision", nil, .int, "Pin to a specific revision for showing its status."),
                    timeout("0s", "The length of time to wait before ending watch, zero means never."),
                ]),
            rolloutVerb(
                "undo", "Undo a previous rollout",
                printing + [dryRun, Flag("to-revision", nil, .int, "The revision to rollback to. 0 is the last one.")]),
        ], runnable: false)

    static let scale = Command(
        "scale",
        use: "[--resource-version=version] [--current-replicas=count] --replicas=COUNT (-f FILENAME | TYPE NAME)",
        short: "Set a new size for a deployment, replica set, or replication controller",
        flags: filename + printing + [
            dryRun, record, selector, all,
            Flag("replicas", nil, .int, default: "-1", "The new desired number of replicas."),
            Flag("current-replicas", nil, .int, default: "-1", "Precondition for current size."),
            Flag("resource-version", nil, .string, "Precondition for resource version."),
            timeout("0s", "The length of time to wait before giving up on a scale operation, zero means don't wait."),
        ], completion: .resource)

    static let autoscale = Command(
        "autoscale", short: "Auto-scale a deployment, replica set, stateful set, or replication controller",
        hidden: true)

    // MARK: Cluster

    static let cluster = grouped(
        "Cluster Management Commands:",
        [
            Command("certificate", short: "Modify certificate resources", hidden: true),
            Command(
                "cluster-info", short: "Display cluster information",
                commands: [Command("dump", short: "Dump relevant information for debugging", hidden: true)]),
            Command("top", short: "Display resource (CPU/memory) usage", hidden: true),
            Command(
                "cordon", use: "NODE", short: "Mark node as unschedulable", flags: [dryRun, selector], completion: .node
            ),
            Command(
                "uncordon", use: "NODE", short: "Mark node as schedulable", flags: [dryRun, selector], completion: .node
            ),
            Command(
                "drain", use: "NODE", short: "Drain node in preparation for maintenance",
                flags: [
                    dryRun, selector,
                    Flag("ignore-daemonsets", nil, .bool, "Ignore DaemonSet-managed pods."),
                    Flag("delete-emptydir-data", nil, .bool, "Continue even if there are pods using emptyDir."),
                    Flag(
                        "delete-local-data", nil, .bool, "The same, by its former name.",
                        deprecated: "This option is deprecated and will be deleted. Use --delete-emptydir-data."),
                    Flag("force", nil, .bool, "Continue even if there are pods that do not declare a controller."),
                    Flag(
                        "grace-period", nil, .int, default: "-1", "Seconds given to each pod to terminate gracefully."),
                    Flag("disable-eviction", nil, .bool, "Force drain to use delete, even if eviction is supported."),
                    Flag("pod-selector", nil, .string, "Label selector to filter pods on the node"),
                    Flag("chunk-size", nil, .int, default: "500", "Return large lists in chunks.", hidden: true),
                    Flag(
                        "skip-wait-for-delete-timeout", nil, .int, "Skip waiting for pods deleted long ago.",
                        hidden: true),
                    timeout("0s", "The length of time to wait before giving up, zero means infinite"),
                ], completion: .node),
            Command(
                "taint", use: "NODE NAME KEY_1=VAL_1:TAINT_EFFECT_1 ...",
                short: "Update the taints on one or more nodes",
                flags: printing + [dryRun, selector, all, overwrite, fieldManager, validate], completion: .node),
        ])

    // MARK: Troubleshooting

    static let logs = Command(
        "logs", use: "[-f] [-p] (POD | TYPE/NAME) [-c CONTAINER]", short: "Print the logs for a container in a pod",
        flags: [
            selector, container, Flag("follow", "f", .bool, "Specify if the logs should be streamed."),
            Flag("previous", "p", .bool, "If true, print the logs for the previous instance of the container."),
            Flag("tail", nil, .int, default: "-1", "Lines of recent log file to display; -1 is all."),
            Flag("since", nil, .duration, "Only return logs newer than a relative duration like 5s, 2m, or 3h."),
            Flag("since-time", nil, .string, "Only return logs after a specific date (RFC3339)."),
            Flag("timestamps", nil, .bool, "Include timestamps on each line in the log output."),
            Flag("limit-bytes", nil, .int, "Maximum bytes of logs to return; 0 is no limit."),
            Flag("all-containers", nil, .bool, "Get all containers' logs in the pod(s)."),
            Flag("all-pods", nil, .bool, "Get logs from all pod(s)."),
            Flag("prefix", nil, .bool, "Prefix each log line with the log source."),
            Flag("ignore-errors", nil, .bool, "If watching / following pod logs, allow for any errors to be non-fatal"),
            Flag("max-log-requests", nil, .int, default: "5", "Maximum number of concurrent logs to follow."),
            Flag("pod-running-timeout", nil, .duration, default: "20s", "How long to wait until a pod is running."),
        ], completion: .name(of: "pods"))

    static let troubleshooting = grouped(
        "Troubleshooting and Debugging Commands:",
        [
            Command(
                "describe", use: "(-f FILENAME | TYPE [NAME_PREFIX | -l label] | TYPE/NAME)",
                short: "Show details of a specific resource or group of resources",
                flags: filename + [
                    selector, allNamespaces,
                    Flag("show-events", nil, .bool, default: "true", "If true, display events related to the object."),
                    Flag("chunk-size", nil, .int, default: "500", "Return large lists in chunks."),
                ], completion: .resource),
            logs,
            Command(
                "attach", use: "(POD | TYPE/NAME) -c CONTAINER", short: "Attach to a running container",
                flags: streams + [container], completion: .name(of: "pods")),
            Command(
                "exec", use: "(POD | TYPE/NAME) [-c CONTAINER] [flags] -- COMMAND [args...]",
                short: "Execute a command in a container", flags: filename.prefix(1) + streams + [container],
                completion: .name(of: "pods")),
            Command(
                "port-forward", use: "TYPE/NAME [options] [LOCAL_PORT:]REMOTE_PORT [...[LOCAL_PORT_N:]REMOTE_PORT_N]",
                short: "Forward one or more local ports to a pod",
                flags: [
                    Flag(
                        "address", nil, .stringSlice, default: "localhost", "Addresses to listen on (comma separated)."),
                    Flag(
                        "pod-running-timeout", nil, .duration, default: "1m0s",
                        "How long to wait until a pod is running."),
                ], arguments: .atLeast(1), completion: .name(of: "pods")),
            Command("proxy", short: "Run a proxy to the Kubernetes API server", hidden: true),
            Command("cp", short: "Copy files and directories to and from containers", hidden: true),
            Command(
                "auth", short: "Inspect authorization",
                commands: [
                    Command(
                        "can-i", use: "VERB [TYPE | TYPE/NAME | NONRESOURCEURL]",
                        short: "Check whether an action is allowed",
                        flags: [
                            allNamespaces, Flag("list", nil, .bool, "If true, prints all allowed actions."),
                            Flag("quiet", "q", .bool, "If true, suppress output and just return the exit code."),
                            Flag("subresource", nil, .string, "SubResource such as pod/log or deployment/scale"),
                            Flag("no-headers", nil, .bool, "If true, prints allowed actions without headers"),
                        ]),
                    Command("whoami", short: "Experimental: Check self subject attributes", flags: printing),
                ], runnable: false),
            Command("debug", short: "Create debugging sessions for troubleshooting workloads and nodes", hidden: true),
            Command(
                "history", use: "(TYPE NAME | TYPE/NAME)",
                short: "Show what became of an object: when, by whom, in which fields",
                examples: "  # Who changed the deployment, and what\n  kubectl history deploy web",
                flags: printing + [
                    Flag("no-headers", nil, .bool, "When using the default output format, don't print headers.")
                ], arguments: .atLeast(1), completion: .resource),
            Command(
                "undo", use: "(TYPE NAME | TYPE/NAME)",
                short: "Bring back a deleted object, with what it owned",
                long: "Bring back a deleted object as it was before its deletion, with everything that it owned; of a "
                    + "namespace, everything that was in it. Nothing that is there is overwritten.",
                examples: "  # A deployment that was deleted, its replica sets and pods\n  kubectl undo deploy web\n\n"
                    + "  # What would come back\n  kubectl undo ns shop --dry-run",
                flags: printing + [dryRun, fieldManager] + Past.flags, arguments: .atLeast(1),
                completion: .resource),
            Command(
                "events", short: "List events",
                flags: printing + [
                    allNamespaces,
                    Flag("for", nil, .string, "Filter events to only those pertaining to this resource."),
                    Flag("types", nil, .stringSlice, "Output only events of given types."),
                    Flag("no-headers", nil, .bool, "When using the default output format, don't print headers."),
                    Flag("watch", "w", .bool, "After listing the requested events, watch for more events."),
                ]),
        ])

    static let streams: [Flag] = [
        Flag("stdin", "i", .bool, "Pass stdin to the container"),
        Flag("tty", "t", .bool, "Stdin is a TTY"),
        Flag("quiet", "q", .bool, "Only print output from the remote session"),
        Flag("pod-running-timeout", nil, .duration, default: "1m0s", "How long to wait until a pod is running."),
    ]

    // MARK: Advanced

    static let advanced = grouped(
        "Advanced Commands:",
        [
            Command(
                "diff", use: "(TYPE NAME | TYPE/NAME) (--at=TIME | --at-revision=N)",
                short: "Show what has changed in an object since then",
                flags: filename + Past.flags + [managed], completion: .resource),
            Command(
                "apply", use: "(-f FILENAME | -k DIRECTORY)",
                short: "Apply a configuration to a resource by file name or stdin",
                flags: filename + writing + [
                    selector, all, validate, overwriteTrue,
                    Flag("server-side", nil, .bool, "If true, apply runs in the server instead of the client."),
                    Flag(
                        "force-conflicts", nil, .bool,
                        "If true, server-side apply will force the changes against conflicts."),
                    Flag("force", nil, .bool, "If true, delete and create again what cannot be changed in place."),
                    Flag(
                        "grace-period", nil, .int, default: "-1",
                        "Seconds given to the resource to terminate gracefully."),
                    Flag("prune", nil, .bool, "Delete what is not in the files any more."),
                    Flag(
                        "openapi-patch", nil, .bool, default: "true", "Has no effect: the schema is built in.",
                        hidden: true),
                    Flag("wait", nil, .bool, "If true, wait for resources to be gone before returning."),
                    Flag(
                        "cascade", nil, .string, default: "background", bare: "background", "How to delete dependents."),
                    timeout("0s", "The length of time to wait before giving up on a delete."),
                ],
                commands: [
                    Command(
                        "view-last-applied", use: "(TYPE [NAME | -l label] | TYPE/NAME | -f FILENAME)",
                        short: "View the latest last-applied-configuration annotations of a resource/object",
                        flags: filename + [
                            selector, all,
                            Flag("output", "o", .string, default: "yaml", "Output format.", choices: ["yaml", "json"]),
                        ])
                ]),
            Command(
                "patch", use: "(-f FILENAME | TYPE NAME) [-p PATCH|--patch-file FILE]",
                short: "Update fields of a resource",
                flags: filename + writing + [
                    local, Flag("patch", "p", .string, "The patch to be applied to the resource JSON file."),
                    Flag("patch-file", nil, .string, "A file containing a patch to be applied to the resource."),
                    Flag(
                        "type", nil, .string, default: "strategic", "The type of patch being provided.",
                        choices: ["json", "merge", "strategic"]),
                    Flag("subresource", nil, .string, "Patch this subresource, such as status or scale."),
                ], completion: .resource),
            Command(
                "replace", use: "-f FILENAME", short: "Replace a resource by file name or stdin",
                flags: filename + writing + [
                    saveConfig, validate, Flag("raw", nil, .string, "Raw URI to PUT to the server."),
                    Flag("force", nil, .bool, "Delete and then create the resource again."),
                    Flag(
                        "cascade", nil, .string, default: "background", bare: "background", "How to delete dependents."),
                    Flag(
                        "grace-period", nil, .int, default: "-1",
                        "Seconds given to the resource to terminate gracefully."),
                    Flag("subresource", nil, .string, "Replace this subresource."),
                    timeout("0s", "The length of time to wait before giving up on a delete."),
                ]),
            Command(
                "wait",
                use: "([-f FILENAME] | TYPE/NAME | TYPE [(-l label | --all)]) "
                    + "--for=create|delete|condition=NAME[=VALUE]|jsonpath='{PATH}'=VALUE",
                short: "Experimental: Wait for a specific condition on one or many resources",
                flags: filename + [
                    selector, fieldSelector, allNamespaces, all, output, local,
                    Flag("for", nil, .stringArray, "What to wait for."),
                    timeout(
                        "30s", "The length of time to wait before giving up. Zero checks once, negative waits a week."),
                ], completion: .resource),
            Command("kustomize", short: "Build a kustomization target from a directory or URL", hidden: true),
        ])
    static let overwriteTrue = Flag(
        "overwrite", nil, .bool, default: "true", "Automatically resolve conflicts by using values of the file.")

    // MARK: Settings and others

    static let settings = grouped(
        "Settings Commands:",
        [
            metadataCommand("label", "Update the labels on a resource"),
            metadataCommand("annotate", "Update the annotations on a resource"),
            Command(
                "completion", use: "SHELL",
                short: "Output shell completion code for the specified shell (bash, zsh or fish)",
                arguments: .exactly(1), completion: .oneOf(["bash", "zsh", "fish"])),
        ])

    private static func metadataCommand(_ name: String, _ short: String) -> Command {
        Command(
            name, use: "[--overwrite] (-f FILENAME | TYPE NAME) KEY_1=VAL_1 ... KEY_N=VAL_N", short: short,
            flags: filename + writing + [
                selector, fieldSelector, all, allNamespaces, overwrite, local,
                Flag(
                    "list", nil, .bool,
                    "If true, display the \(name == "label" ? "labels" : "annotations") of a resource."),
                Flag("resource-version", nil, .string, "Only change the resource if this is its version."),
            ], completion: .resource)
    }

    static let other: [Command] = [
        Command(
            "api-resources", short: "Print the supported API resources on the server",
            flags: [
                Flag("api-group", nil, .string, "Limit to resources in the specified API group."),
                Flag("namespaced", nil, .bool, default: "true", "If false, non-namespaced resources will be returned."),
                Flag("no-headers", nil, .bool, "When using the default output format, don't print headers."),
                Flag("output", "o", .string, "Output format. One of: (wide, name)."),
                Flag("verbs", nil, .stringSlice, "Limit to resources that support the specified verbs."),
                Flag("categories", nil, .stringSlice, "Limit to resources that belong to the specified categories."),
                Flag("sort-by", nil, .string, "Sort by 'name' or 'kind'.", choices: ["", "name", "kind"]),
                Flag("cached", nil, .bool, "Accepted: nothing is cached.", hidden: true),
            ]),
        Command(
            "api-versions", short: "Print the supported API versions on the server, in the form of \"group/version\""),
        Command(
            "config", use: "SUBCOMMAND", short: "Modify kubeconfig files", commands: configVerbs, runnable: false),
        Command("plugin", short: "Provides utilities for interacting with plugins", hidden: true),
        Command("options", short: "List the global command-line options", hidden: true),
        Command(
            "version", short: "Print the client and server version information",
            flags: [
                Flag("client", nil, .bool, "If true, shows client version only (no server required)."),
                Flag("short", nil, .bool, "The same output.", deprecated: "and will be removed in the future."),
                Flag("output", "o", .string, "One of 'yaml' or 'json'.", choices: ["", "yaml", "json"]),
            ]),
    ]

    private static let entryFlags: [Flag] = [
        Flag("embed-certs", nil, .bool, "Put the contents of the files into the kubeconfig"),
        Flag("username", nil, .string, "Username of a user entry"),
        Flag("password", nil, .string, "Password of a user entry"),
        Flag("current", nil, .bool, "Modify the current context"),
        Flag("proxy-url", nil, .string, "Proxy of a cluster entry"),
    ]

    static let configVerbs: [Command] = [
        Command("current-context", short: "Display the current-context", arguments: .none),
        Command(
            "delete-cluster", use: "NAME", short: "Delete the specified cluster from the kubeconfig",
            arguments: .exactly(1), completion: .cluster),
        Command(
            "delete-context", use: "NAME", short: "Delete the specified context from the kubeconfig",
            arguments: .exactly(1), completion: .context),
        Command(
            "delete-user", use: "NAME", short: "Delete the specified user from the kubeconfig", arguments: .exactly(1),
            completion: .user),
        Command("get-clusters", short: "Display clusters defined in the kubeconfig", arguments: .none),
        Command(
            "get-contexts", use: "[(-o|--output=)name)]", short: "Describe one or many contexts",
            flags: [
                Flag("no-headers", nil, .bool, "Don't print headers."),
                Flag("output", "o", .string, "Output format. One of: (name).", choices: ["", "name"]),
            ], completion: .context),
        Command("get-users", short: "Display users defined in the kubeconfig", arguments: .none),
        Command(
            "rename-context", use: "CONTEXT_NAME NEW_NAME", short: "Rename a context from the kubeconfig file",
            arguments: .exactly(2)),
        Command(
            "set-cluster", use: "NAME [--server=server]", short: "Set a cluster entry in kubeconfig", flags: entryFlags,
            arguments: .exactly(1)),
        Command(
            "set-context", use: "[NAME | --current]", short: "Set a context entry in kubeconfig", flags: entryFlags,
            arguments: .atMost(1)),
        Command(
            "set-credentials", use: "NAME", short: "Set a user entry in kubeconfig", flags: entryFlags,
            arguments: .exactly(1)),
        Command(
            "use-context", aliases: ["use"], use: "CONTEXT_NAME", short: "Set the current-context in a kubeconfig file",
            arguments: .exactly(1), completion: .context),
        Command(
            "view", short: "Display merged kubeconfig settings or a specified kubeconfig file",
            flags: printing + [
                Flag("minify", nil, .bool, "Remove all information not used by current-context from the output"),
                Flag("flatten", nil, .bool, "Flatten the resulting kubeconfig file into self-contained output"),
                Flag("raw", nil, .bool, "Display raw byte data and sensitive data"),
                Flag(
                    "merge", nil, .bool, default: "true", "Merge the full hierarchy of kubeconfig files", hidden: true),
            ]),
    ]
}
