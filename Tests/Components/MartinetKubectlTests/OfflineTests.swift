import Testing

/// What needs no server: generators, dry runs, kubeconfig, bad input. Expected texts are the ordinary kubectl's.
@Suite struct OfflineTests {
    private let shell = Shell(nil, files: ["/home/test/.kube/config": ""])

    @Test func aDeploymentIsPrinted() async {
        let result = await shell.kubectl(
            "create deployment x --image=a/y:1 --port=80 --dry-run=client -o yaml -- sleep 1")
        #expect(
            result.out == """
                apiVersion: apps/v1
                kind: Deployment
                metadata:
                  creationTimestamp: null
                  labels:
                    app: x
                  name: x
                spec:
                  replicas: 1
                  selector:
                    matchLabels:
                      app: x
                  strategy: {}
                  template:
                    metadata:
                      creationTimestamp: null
                      labels:
                        app: x
                    spec:
                      containers:
                      - command:
                        - sleep
                        - "1"
                        image: a/y:1
                        name: "y"
                        ports:
                        - containerPort: 80
                        resources: {}
                status: {}

                """)
        #expect(result.code == 0)
    }

    @Test func aRegistrySecretIsDockersOwnDocument() async {
        let result = await shell.kubectl(
            "create secret docker-registry x --docker-server=s --docker-username=u --docker-password=p --dry-run=client "
                + "-o jsonpath={.data.*}")
        #expect(result.out == "eyJhdXRocyI6eyJzIjp7InVzZXJuYW1lIjoidSIsInBhc3N3b3JkIjoicCIsImF1dGgiOiJkVHB3In19fQ==")
    }

    @Test func formsOfBeforeStillWork() async {
        let bare = await shell.kubectl("run nginx --image=nginx --dry-run")
        #expect(bare.out == "pod/nginx created (dry run)\n")
        let cron = await shell.kubectl(
            words: [
                "run", "pi", "--schedule=0/5 * * * ?", "--image=perl", "--restart=OnFailure", "--dry-run=client", "-o",
                "name", "--", "perl",
            ])
        #expect(cron.out == "cronjob.batch/pi\n", "\(cron.err)")
        #expect(cron.err.contains("CronJob"))
    }

    @Test(arguments: [
        ("run x", "error: required flag(s) \"image\" not set\n"),
        ("top pods", "error: \"kubectl top\" is not there yet in this kubectl\n"),
        ("proxy --port=8001", "error: \"kubectl proxy\" is not there yet in this kubectl\n"),
        (
            "apply -f https://example.org/x.yaml",
            "error: cannot read https://example.org/x.yaml: this kubectl fetches no URLs; save the file, then use -f FILE\n"
        ),
        ("apply -f nope.yaml", "error: the path \"nope.yaml\" does not exist\n"),
        ("run x --image=y --rm", "error: --rm should only be used for attached containers\n"),
    ])
    func refusalsNameWhatIsWrong(_ line: String, _ text: String) async {
        let result = await shell.kubectl(line)
        #expect(result.err == text)
        #expect(result.code == 1)
    }

    @Test func everyProblemOfAManifestIsToldAndNothingIsSent() async {
        let shell = Shell(
            nil,
            files: [
                "pod.yaml":
                    "apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n  - nme: web\n    image: 7\n"
            ])
        let result = await shell.kubectl("apply -f pod.yaml")
        #expect(
            result.err == """
                error: pod.yaml:7:5: spec.containers[0].nme: unknown field "nme", did you mean "name"?
                error: pod.yaml:8:12: spec.containers[0].image: expected a string, not the number 7, did you mean "7" in quotes?
                error: nothing was sent: 2 problems in the manifests (--validate=false leaves the check to the server)

                """)
    }

    @Test func aServerThatIsNotThereIsNamed() async {
        let result = await shell.kubectl("get pods -s http://127.0.0.1:1")
        #expect(
            result.err
                == "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?\n")
    }

    @Test func kubeconfigsAreChanged() async {
        let shell = Shell(nil)
        #expect(await shell.kubectl("config set-cluster c --server=https://x").out == "Cluster \"c\" set.\n")
        #expect(await shell.kubectl("config set-credentials u --token=t").out == "User \"u\" set.\n")
        #expect(
            await shell.kubectl("config set-context k --cluster=c --user=u --namespace=n").out
                == "Context \"k\" created.\n")
        #expect(await shell.kubectl("config use-context k").out == "Switched to context \"k\".\n")
        #expect(await shell.kubectl("config current-context").out == "k\n")
        let view = await shell.kubectl("config view")
        #expect(view.out.contains("token: REDACTED") && !view.out.contains("token: t\n"))
        #expect(
            await shell.kubectl("config get-contexts").out
                == "CURRENT   NAME   CLUSTER   AUTHINFO   NAMESPACE\n*         k      c         u          n\n")
        #expect(await shell.kubectl("config use-context z").err == "error: no context exists with the name: \"z\"\n")
    }
}
