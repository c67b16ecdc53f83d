"""Creates, reads, updates, patches and deletes an object of every kind with a client that is not ours.

every_kind.py KUBECONFIG CLIENT [SHARED]

CLIENT is the path of a kubectl of any version, or `python` for the client from PyPI, found through PYTHONPATH. SHARED is
the folder with upstream's recorded answers. Prints a line for each thing that went wrong, `skipped: ...` where the client is
not there, and how much was done.
"""
import sys

import documents
import kubectl_client
import python_client
import server


def main():
    kubeconfig, client = sys.argv[1], sys.argv[2]
    shared = sys.argv[3] if len(sys.argv) > 3 else ""
    api = server.Server(kubeconfig)
    resources = list(documents.served(api.discovery()))
    least, unknown = documents.minimal(resources, documents.certificates())
    failures = [f"no document for {name}" for name in unknown]
    batches = [("least", least), ("full", documents.full(shared, resources))]
    api.create_namespace("kinds")
    done = 0
    for name, objects in batches:
        if client == "python":
            walk = python_client.walk
        else:
            walk = kubectl_client.Walk(client, kubeconfig).walk
        found = walk(name, objects, api)
        if isinstance(found, str):
            print(f"skipped: {found}")
            return 0
        failures += found
        done += len(objects)
    for line in failures:
        print(f"FAILED {line}")
    print(f"{done} objects of {len(resources)} kinds and versions, {len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
