"""The server under test, asked plainly: what it serves, and what it holds in each encoding."""
import json
import re
import ssl
import urllib.error
import urllib.request

AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
ENCODINGS = ["application/json", "application/yaml", "application/vnd.kubernetes.protobuf", "application/cbor",
             "application/json;as=Table;g=meta.k8s.io;v=v1", "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"]


class Server:
    def __init__(self, kubeconfig):
        self.kubeconfig = kubeconfig
        self.plurals = {}
        text = open(kubeconfig).read()
        self.base = re.search(r'server: "([^"]+)"', text).group(1)
        self.token = re.search(r'token: "([^"]+)"', text).group(1)
        self.context = ssl.create_default_context(cafile=re.search(r'certificate-authority: "([^"]+)"', text).group(1))

    def send(self, method, path, accept="application/json", body=None):
        headers = {"authorization": f"Bearer {self.token}", "accept": accept}
        data = None
        if body is not None:
            headers["content-type"] = "application/json"
            data = json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data=data, method=method, headers=headers)
        try:
            with urllib.request.urlopen(request, context=self.context, timeout=60) as answer:
                return answer.status, answer.headers.get("content-type", ""), answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.headers.get("content-type", ""), error.read()

    def discovery(self):
        for path in ("/api", "/apis"):
            status, _, body = self.send("GET", path, AGGREGATED)
            if status != 200:
                raise SystemExit(f"{path} answers {status}")
            yield from json.loads(body)["items"]

    def path_of(self, item):
        """Where an object lies."""
        if not self.plurals:
            for group in self.discovery():
                for version in group["versions"]:
                    for resource in version["resources"]:
                        name = group["metadata"].get("name", "")
                        api = f"{name}/{version['version']}" if name else version["version"]
                        self.plurals[(api, resource["responseKind"]["kind"])] = resource["resource"]
        plural = self.plurals.get((item["apiVersion"], item["kind"]))
        if not plural:
            return None
        root = "/apis/" if "/" in item["apiVersion"] else "/api/"
        namespace = item["metadata"].get("namespace")
        inside = f"namespaces/{namespace}/" if namespace else ""
        return f"{root}{item['apiVersion']}/{inside}{plural}/{item['metadata']['name']}"

    def create_namespace(self, name):
        self.send("POST", "/api/v1/namespaces", body={"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}})
        account = {"kind": "ServiceAccount", "apiVersion": "v1", "metadata": {"name": "default"}}
        self.send("POST", f"/api/v1/namespaces/{name}/serviceaccounts", body=account)

    def read_in_every_encoding(self, path):
        """What goes wrong when an object is read in each encoding."""
        for accept in ENCODINGS:
            status, content_type, body = self.send("GET", path, accept)
            if status != 200 or not content_type.startswith(accept.split(";")[0]) or not body:
                yield f"{path} as {accept}: {status} {content_type}"
