"""Each manifest of the course is taken by create and by apply, but the one whose quantity holds a blank.

course.py KUBECONFIG KUBECTL FOLDER
"""
import glob
import os
import sys

import kubectl_client
import server

# Made last, because what it allows would keep out what follows it; a name that another manifest has too; one that is there.
QUOTA, TWIN, ACCOUNT, WRONG = "22-", "25-", "30-", "21-"


def main():
    kubeconfig, program, folder = sys.argv[1:4]
    api = server.Server(kubeconfig)
    api.create_namespace("default")
    api.create_namespace("prod")
    walk = kubectl_client.Walk(program, kubeconfig)
    files = sorted(glob.glob(os.path.join(folder, "*.yaml")))
    alone = [one for one in files if os.path.basename(one).startswith((QUOTA, TWIN))]
    wrong = [one for one in files if os.path.basename(one).startswith(WRONG)]
    account = [one for one in files if os.path.basename(one).startswith(ACCOUNT)]
    together = [one for one in files if one not in alone + wrong + account]
    for batch in [together, *([one] for one in alone), account]:
        chosen = [word for one in batch for word in ("-f", one)]
        if batch == account:
            walk.run("delete", *chosen)
        for verb in ("create", "apply"):
            walk.run(verb, *chosen)
        if batch != account:
            walk.run("delete", "--wait=false", *chosen)
    for one in wrong:
        for verb in ("create", "apply"):
            refused = walk.run(verb, "-f", one, check=False)
            if refused.returncode == 0 or "256Mi" not in refused.stderr:
                walk.failures.append(f"{verb} of the wrong quantity: {refused.returncode} {refused.stderr[:300]}")
    for line in walk.failures:
        print(f"FAILED {line}")
    print(f"{len(files)} manifests, {len(walk.failures)} failures")
    return 1 if walk.failures else 0


if __name__ == "__main__":
    sys.exit(main())
