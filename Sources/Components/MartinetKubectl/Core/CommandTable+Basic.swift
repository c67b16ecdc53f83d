import MartinetCommandLine

extension CommandTable {
    static let basic: [Command] = [
        create, expose, run, set, explain, get, edit, delete,
    ].map { command in
        var command = command
        command.group =
            ["explain", "get", "edit", "delete"].contains(command.name)
            ? "Basic Commands (Intermediate):" : "Basic Commands (Beginner):"
        return command
    }

    static let get = Command(
        "get", use: "[(-o|--output=)FORMAT] (TYPE[.VERSION][.GROUP] [NAME | -l label] | TYPE/NAME ...) [flags]",
        short: "Display one or many resources",
        examples:
            "  # List all pods\n  kubectl get pods\n\n  # A deployment as YAML\n  kubectl get deploy web -o yaml\n\n  # The pods as they were (Martinet's servers)\n"
            + "  kubectl get pods --at=10m",
        flags: filename + [
            output, template, managed, missingKeys, selector, fieldSelector, allNamespaces,
            Flag("watch", "w", .bool, "After listing/getting the requested object, watch for changes."),
            Flag("watch-only", nil, .bool, "Watch for changes to the requested object(s), without listing first."),
            Flag("output-watch-events", nil, .bool, "Output watch event objects when --watch or --watch-only is used."),
            Flag("ignore-not-found", nil, .bool, "If set to true, a resource that is not there is no error."),
            Flag("no-headers", nil, .bool, "When using the default output format, don't print headers."),
            Flag("show-labels", nil, .bool, "When printing, show all labels as the last column."),
            Flag("label-columns", "L", .stringSlice, "Labels that are going to be presented as columns."),
            Flag("show-kind", nil, .bool, "If present, list the resource type for the requested object(s)."),
            Flag("sort-by", nil, .string, "Sort list types by this JSONPath expression."),
            Flag("chunk-size", nil, .int, default: "500", "Return large lists in chunks of this size."),
            Flag("raw", nil, .string, "Raw URI to request from the server."),
            Flag("server-print", nil, .bool, default: "true", "If true, have the server return the table."),
            Flag("subresource", nil, .string, "Get this subresource, such as status or scale."),
        ] + Past.flags, completion: .resource)

    static let create = Command(
        "create", use: "-f FILENAME", short: "Create a resource from a file or from stdin",
        flags: filename + writing + [
            saveConfig, selector, validate,
            Flag("edit", nil, .bool, "Edit the API resource before creating"),
            Flag("raw", nil, .string, "Raw URI to POST to the server."),
        ],
        commands: [
            Command(
                "deployment", aliases: ["deploy"], use: "NAME --image=image -- [COMMAND] [args...]",
                short: "Create a deployment with the specified name",
                flags: writing + [
                    saveConfig, validate, Flag("image", nil, .stringSlice, "Image names to run."),
                    Flag("port", nil, .int, default: "-1", "The containerPort that this deployment exposes."),
                    Flag("replicas", "r", .int, default: "1", "Number of replicas to create."),
                ], arguments: .atLeast(1)),
            Command(
                "namespace", aliases: ["ns"], use: "NAME", short: "Create a namespace with the specified name",
                flags: writing + [saveConfig, validate], arguments: .exactly(1)),
            Command(
                "configmap", aliases: ["cm"], use: "NAME [--from-file=[key=]source] [--from-literal=key1=value1]",
                short: "Create a config map from a local file, directory or literal value",
                flags: writing + sources + [
                    Flag("append-hash", nil, .bool, "Append a hash of the configmap to its name.")
                ],
                arguments: .exactly(1)),
            Command(
                "secret", use: "(docker-registry | generic | tls)",
                short: "Create a secret using a specified subcommand", commands: secrets, runnable: false),
            Command(
                "serviceaccount", aliases: ["sa"], use: "NAME",
                short: "Create a service account with the specified name", flags: writing + [saveConfig, validate],
                arguments: .exactly(1)),
            Command(
                "service", aliases: ["svc"], use: "(clusterip | nodeport | loadbalancer | externalname)",
                short: "Create a service using a specified subcommand",
                commands: ["clusterip", "nodeport", "loadbalancer", "externalname"].map { type in
                    Command(
                        type, use: "NAME [--tcp=port:targetPort]", short: "Create a \(type) service",
                        flags: writing + [
                            saveConfig, validate, Flag("tcp", nil, .stringSlice, "Port pairs: '<port>:<targetPort>'."),
                            Flag("clusterip", nil, .string, "Assign your own ClusterIP, or 'None' for headless."),
                            Flag("node-port", nil, .int, "Port used to expose the service on each node."),
                            Flag("external-name", nil, .string, "External name of service"),
                        ], arguments: .exactly(1))
                }, runnable: false),
            Command(
                "token", use: "SERVICE_ACCOUNT_NAME", short: "Request a service account token",
                flags: printing + [
                    Flag("duration", nil, .duration, "Requested lifetime of the issued token."),
                    Flag("audience", nil, .stringArray, "Audience of the requested token."),
                ], arguments: .exactly(1)),
        ])

    static let sources: [Flag] = [
        saveConfig, validate,
        Flag("from-file", nil, .stringSlice, "Key file can be specified using its file path, or key=path."),
        Flag("from-literal", nil, .stringArray, "Specify a key and literal value (i.e. mykey=somevalue)"),
        Flag("from-env-file", nil, .stringSlice, "Specify the path to a file to read lines of key=val pairs."),
    ]

    static let secrets: [Command] = [
        Command(
            "generic", use: "NAME [--type=string] [--from-file=[key=]source] [--from-literal=key1=value1]",
            short: "Create a secret from a local file, directory, or literal value",
            flags: writing + sources + [
                Flag("type", nil, .string, "The type of secret to create"),
                Flag("append-hash", nil, .bool, "Append a hash of the secret to its name."),
            ], arguments: .exactly(1)),
        Command(
            "tls", use: "NAME --cert=path/to/cert/file --key=path/to/key/file", short: "Create a TLS secret",
            flags: writing + [
                saveConfig, validate,
                Flag("cert", nil, .string, "Path to PEM encoded public key certificate.", completion: .file),
                Flag("key", nil, .string, "Path to private key associated with given certificate.", completion: .file),
            ], arguments: .exactly(1)),
        Command(
            "docker-registry",
            use: "NAME --docker-username=user --docker-password=password --docker-email=email",
            short: "Create a secret for use with a Docker registry",
            flags: writing + [
                saveConfig, validate,
                Flag("docker-username", nil, .string, "Username for Docker registry authentication"),
                Flag("docker-password", nil, .string, "Password for Docker registry authentication"),
                Flag("docker-email", nil, .string, "Email for Docker registry"),
                Flag(
                    "docker-server", nil, .string, default: "https://index.docker.io/v1/",
                    "Server location for Docker registry"),
                Flag("from-file", nil, .stringSlice, "Path to a docker config file"),
            ], arguments: .exactly(1)),
    ]

    static let run = Command(
        "run",
        use: "NAME --image=image [--env=\"key=value\"] [--port=port] [--dry-run=server|client] "
            + "[--command] -- [COMMAND] [args...]",
        short: "Run a particular image on the cluster",
        flags: writing + [
            saveConfig, Flag("image", nil, .string, "The image for the container to run."),
            Flag("image-pull-policy", nil, .string, "The image pull policy for the container."),
            Flag("command", nil, .bool, "If true and extra arguments are present, use them as the 'command' field."),
            Flag("env", nil, .stringArray, "Environment variables to set in the container."),
            Flag("port", nil, .string, "The port that this container exposes."),
            Flag("expose", nil, .bool, "If true, create a ClusterIP service associated with the pod."),
            Flag("labels", "l", .string, "Comma separated labels to apply to the pod."),
            Flag("annotations", nil, .stringArray, "Annotations to apply to the pod."),
            Flag("overrides", nil, .string, "An inline JSON override for the generated object."),
            Flag(
                "override-type", nil, .string, default: "merge",
                "The method used to override: json, merge, or strategic.",
                choices: ["json", "merge", "strategic"]),
            Flag(
                "restart", nil, .string, default: "Always", "The restart policy for this Pod.",
                choices: ["Always", "OnFailure", "Never"]),
            Flag("stdin", "i", .bool, "Keep stdin open on the container in the pod."),
            Flag("tty", "t", .bool, "Allocate a TTY for the container in the pod."),
            Flag("attach", nil, .bool, "If true, wait for the Pod to start running, and then attach to it."),
            Flag("leave-stdin-open", nil, .bool, "Leave stdin open after the first attach completes."),
            Flag("rm", nil, .bool, "If true, delete the pod after it exits."),
            Flag("privileged", nil, .bool, "If true, run the container in privileged mode."),
            Flag("quiet", "q", .bool, "If true, suppress prompt messages."),
            Flag("pod-running-timeout", nil, .duration, default: "1m0s", "How long to wait until a pod is running."),
            Flag("grace-period", nil, .int, default: "-1", "Seconds given to the resource to terminate gracefully."),
            Flag("schedule", nil, .string, "Make a CronJob that runs at these times.", hidden: true),
            Flag("replicas", "r", .int, default: "1", "Make a Deployment of so many pods.", hidden: true),
            Flag(
                "generator", nil, .string, "Has no effect.",
                deprecated: "has no effect and will be removed in the future."),
            Flag("serviceaccount", nil, .string, "Service account to set in the pod spec.", hidden: true),
            Flag("limits", nil, .string, "The resource limits of the container: cpu=200m,memory=512Mi", hidden: true),
            Flag("requests", nil, .string, "The resource requests of the container.", hidden: true),
            Flag("hostport", nil, .int, default: "-1", "The host port of the container.", hidden: true),
        ], arguments: .atLeast(1))

    static let expose = Command(
        "expose",
        use: "(-f FILENAME | TYPE NAME) [--port=port] [--protocol=TCP|UDP|SCTP] [--target-port=number-or-name]",
        short: "Take a replication controller, service, deployment or pod and expose it as a new Kubernetes service",
        flags: filename + writing + [
            saveConfig, selectorString, Flag("port", nil, .string, "The port that the service should serve on."),
            Flag("target-port", nil, .string, "Name or number for the port on the container."),
            Flag("protocol", nil, .string, "The network protocol for the service."),
            Flag("name", nil, .string, "The name for the newly created object."),
            Flag("type", nil, .string, "Type for this service: ClusterIP, NodePort, LoadBalancer, or ExternalName."),
            Flag("cluster-ip", nil, .string, "ClusterIP to be assigned to the service; 'None' for headless."),
            Flag("external-ip", nil, .string, "Additional external IP address."),
            Flag("load-balancer-ip", nil, .string, "IP to assign to the LoadBalancer."),
            Flag("session-affinity", nil, .string, "If non-empty, set the session affinity for the service."),
            Flag("labels", "l", .string, "Labels to apply to the service created by this call."),
        ], completion: .resource)
    static let selectorString = Flag("selector", nil, .string, "A label selector to use for this service.")

    static let set = Command(
        "set", use: "SUBCOMMAND", short: "Set specific features on objects",
        commands: [
            Command(
                "image", use: "(-f FILENAME | TYPE NAME) CONTAINER_NAME_1=CONTAINER_IMAGE_1 ...",
                short: "Update the image of a pod template", flags: filename + writing + [all, selector, local],
                completion: .resource),
            Command(
                "env", use: "RESOURCE/NAME KEY_1=VAL_1 ...", short: "Update environment variables on a pod template",
                flags: filename + writing + [
                    all, selector, local,
                    Flag("containers", "c", .string, default: "*", "The names of containers to change."),
                    Flag("env", "e", .stringArray, "Specify a key-value pair for an environment variable."),
                    Flag(
                        "list", nil, .bool, "If true, display the environment and any changes in the standard format."),
                ]),
        ], runnable: false)

    static let explain = Command(
        "explain", use: "TYPE [--recursive=FALSE|TRUE] [--api-version=api-version-group]",
        short: "Get documentation for a resource",
        flags: [
            Flag("recursive", nil, .bool, "Print the fields of fields."),
            Flag("api-version", nil, .string, "Use given api-version (group/version) of the resource."),
            Flag(
                "output", nil, .string, default: "plaintext", "Format in which to render the schema.",
                choices: ["plaintext"]),
        ], arguments: .exactly(1))

    static let edit = Command(
        "edit", use: "(RESOURCE/NAME | -f FILENAME)", short: "Edit a resource on the server",
        flags: filename + [
            output, validate, fieldManager, record, saveConfig,
            Flag("subresource", nil, .string, "Edit this subresource."),
        ],
        completion: .resource)

    static let delete = Command(
        "delete", use: "([-f FILENAME] | TYPE [(NAME | -l label | --all)])",
        short: "Delete resources by file names, stdin, resources and names, or by resources and label selector",
        flags: filename + [
            selector, fieldSelector, allNamespaces, all, dryRun,
            Flag("output", "o", .string, "Output mode. Use \"-o name\" for shorter output (resource/name)."),
            Flag(
                "cascade", nil, .string, default: "background", bare: "background",
                "Must be \"background\", \"orphan\", or \"foreground\".",
                choices: ["background", "orphan", "foreground", "true", "false"]),
            Flag("force", nil, .bool, "If true, immediately remove resources from API and bypass graceful deletion."),
            Flag("grace-period", nil, .int, default: "-1", "Seconds given to the resource to terminate gracefully."),
            Flag("ignore-not-found", nil, .bool, "Treat \"resource not found\" as a successful delete."),
            Flag("now", nil, .bool, "If true, resources are signaled for immediate shutdown (grace period 1)."),
            Flag("wait", nil, .bool, default: "true", "If true, wait for resources to be gone before returning."),
            Flag("interactive", "i", .bool, "If true, delete resource only when user confirms."),
            Flag("raw", nil, .string, "Raw URI to DELETE to the server."),
            timeout("0s", "The length of time to wait before giving up on a delete, zero means as long as it takes."),
        ], completion: .resource)
}
