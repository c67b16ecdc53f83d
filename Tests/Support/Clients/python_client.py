"""The walk with the client from PyPI, through its own discovery and its own models where it has them."""
import inspect
import json


def walk(name, objects, api):
    try:
        from kubernetes import client, config, dynamic
    except ImportError:
        return "the Python package kubernetes is not there"
    config.load_kube_config(api.kubeconfig)
    failures = []
    plain = client.ApiClient()
    cluster = dynamic.DynamicClient(plain)

    def attempt(what, one, action):
        try:
            return action()
        except Exception as error:  # whatever it is, it is told with the object
            text = getattr(error, "body", None) or str(error)
            failures.append(f"{name}: {what} {one['apiVersion']} {one['kind']}: {type(error).__name__} {str(text)[:300]}")
            return None

    for one in objects:
        resource = attempt("finds", one, lambda: cluster.resources.get(api_version=one["apiVersion"], kind=one["kind"]))
        if resource is None:
            continue
        where = {"namespace": one["metadata"]["namespace"]} if "namespace" in one["metadata"] else {}
        label = one["metadata"]["name"]
        made = attempt("creates", one, lambda: resource.create(body=one, **where))
        if made is None:
            continue
        label = made.metadata.name
        read = attempt("reads", one, lambda: resource.get(name=label, **where))
        if read is not None:
            attempt("updates", one, lambda: update(resource, label, where))
            attempt("models", one, lambda: model(plain, client, one, read.to_dict()))
        patch = {"metadata": {"labels": {"patched": "yes"}}}
        patched = attempt("patches", one, lambda: resource.patch(
            body=patch, name=label, content_type="application/merge-patch+json", **where))
        if patched is not None and patched.metadata.labels.get("patched") != "yes":
            failures.append(f"{name}: {one['kind']} is not patched")
        listed = attempt("lists", one, lambda: resource.get(**where))
        if listed is not None and label not in [item.metadata.name for item in listed.items]:
            failures.append(f"{name}: {one['kind']} is not in its list")
        attempt("deletes", one, lambda: resource.delete(name=label, **where))
    return failures


def update(resource, name, where):
    """As clients do it: again, where the server itself wrote in between."""
    for attempt in range(10):
        changed = resource.get(name=name, **where).to_dict()
        changed["metadata"].setdefault("labels", {})["changed"] = "yes"
        try:
            return resource.replace(body=changed, **where)
        except Exception as error:
            if getattr(error, "status", 0) != 409 or attempt == 9:
                raise


class Answer:
    """What older versions of the client take in place of a text."""

    def __init__(self, text):
        self.data = text


def has_null_list(data):
    """Whether a field is null that the client's models must have as a list; upstream prints empty lists so."""
    if isinstance(data, dict):
        return any(value is None and not key.endswith(("Time", "Timestamp", "startedAt", "finishedAt"))
                   or has_null_list(value) for key, value in data.items())
    return isinstance(data, list) and any(has_null_list(value) for value in data)


def typed(plain, data, name):
    text = json.dumps(data)
    if "content_type" in inspect.signature(plain.deserialize).parameters:
        return plain.deserialize(text, name, "application/json")
    return plain.deserialize(Answer(text), name)


def model(plain, client, one, data):
    """Reads the object into the client's typed model, which refuses what its schema says must be there, and back."""
    group, _, version = one["apiVersion"].rpartition("/")
    short = group.split(".")[0]
    names = [version.capitalize() + one["kind"], short.capitalize() + version.capitalize() + one["kind"]]
    if group == "events.k8s.io":
        names = ["EventsV1Event"]
    elif one["kind"] == "Event":
        names = ["CoreV1Event"]
    for name in names:
        if hasattr(client, name):
            if not has_null_list(data):
                plain.sanitize_for_serialization(typed(plain, data, name))
            return
