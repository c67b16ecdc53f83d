"""The walk with kubectl: few processes, each with all documents."""
import json
import os
import re
import subprocess
import tempfile


class Walk:
    def __init__(self, program, kubeconfig):
        self.program, self.kubeconfig = program, kubeconfig
        self.home = tempfile.mkdtemp(prefix="martinet-kubectl-")
        self.failures = []

    def run(self, *arguments, check=True):
        result = subprocess.run(
            [self.program, "--kubeconfig", self.kubeconfig, "--cache-dir", self.home + "/cache", *arguments],
            capture_output=True, text=True, timeout=300, env={"HOME": self.home, "PATH": "/usr/bin:/bin"})
        if check and result.returncode != 0:
            said = [line for line in result.stderr.splitlines() if not line.startswith("Warning:")]
            shown = said[:40] or [f"ends with {result.returncode}"]
            self.failures += [f"kubectl {' '.join(arguments)[:60]}: {line[:400]}" for line in shown]
        return result

    def file(self, name, objects):
        path = os.path.join(self.home, name + ".yaml")
        with open(path, "w") as out:
            out.write("---\n" + "\n---\n".join(json.dumps(one) for one in objects))
        return path

    def expect(self, what, found, wanted):
        if found != wanted:
            self.failures.append(f"{what}: {found} for {wanted}")

    def walk(self, name, objects, api):
        if not os.access(self.program, os.X_OK):
            return f"{self.program} is not on this machine"
        if not objects:
            return []
        self.failures = []
        count = len(objects)
        path = self.file(name, objects)
        created = self.run("create", "-f", path, "-o", "name").stdout.split()
        self.expect(f"{name}: created", len(created), count)
        items = self.read(name, path, count, api)
        changed = self.file(name + "-changed", [changed_labels(one) for one in objects])
        self.expect(f"{name}: applied", len(self.run("apply", "-f", changed, "-o", "name").stdout.split()), count)
        # As it was read: what the server has filled in may not be taken away again.
        again = self.file(name + "-again", [without_revision(one) for one in items])
        self.expect(f"{name}: replaced", len(self.run("replace", "-f", again, "-o", "name").stdout.split()), count)
        labelled = self.run("label", "--overwrite", "-f", path, "patched=yes", "-o", "name").stdout.split()
        self.expect(f"{name}: patched", len(labelled), count)
        applied = self.run("apply", "--server-side", "--force-conflicts", "-f", path, "-o", "name").stdout.split()
        self.expect(f"{name}: applied by the server", len(applied), count)
        deleted = self.run("delete", "-f", path, "--wait=false", "-o", "name").stdout.split()
        self.expect(f"{name}: deleted", len(deleted), count)
        return self.failures

    def read(self, name, path, count, api):
        items = json.loads(self.run("get", "-f", path, "-o", "json").stdout or "{}").get("items", [])
        self.expect(f"{name}: read as JSON", len(items), count)
        yaml = self.run("get", "-f", path, "-o", "yaml").stdout
        self.expect(f"{name}: read as YAML", len(re.findall(r"^- apiVersion:|^  kind: \w+$", yaml, re.M)) > count, True)
        table = self.run("get", "-f", path, "-o", "wide").stdout
        rows = [line for line in table.splitlines() if line.strip() and not re.match("NAME|LAST SEEN", line)]
        self.expect(f"{name}: rows of tables", len(rows), count)
        for item in items:
            link = api.path_of(item)
            self.failures += api.read_in_every_encoding(link) if link else [f"{item['kind']} has no path"]
        return items


def without_revision(one):
    one["metadata"].pop("resourceVersion", None)
    return one


def changed_labels(one):
    one = json.loads(json.dumps(one))
    one["metadata"].setdefault("labels", {})["changed"] = "yes"
    return one
