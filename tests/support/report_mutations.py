"""Mutates a report of `c47 host --json`, and computes the paths that differ without c47.

Usage: report_mutations.py REPORT DIRECTORY COUNT. Writes base.json and 0.json ... into the directory, and
prints a JSON object: the name of each file, and its differences as [path, is_expected].
"""

import copy
import json
import os
import random
import re
import sys

# Differ between any two machines. An element of a list is [].
EXPECTED = {
    "system.hostname", "system.uptime_s", "memory.available_bytes", "memory.swap_free_bytes", "clock.now",
    "mounts[].available_bytes", "mounts[].available_inodes", "mounts[].total_inodes", "rez.file",
}
# Described by the name of the distribution.
NAMED = {"system.distribution.id", "system.distribution.version", "system.distribution.target"}


def enriched(report):
    """The report with values that this machine may not have."""
    report["system"]["distribution"] = {"id": "rocky", "version": "9.4", "name": "Rocky Linux 9.4", "target": "rocky9"}
    report["memory"]["limit_bytes"] = 64 << 30
    report["gpu"]["nvidia_driver"] = "535.129.03"
    gpu = {"name": "NVIDIA RTX A5000", "driver": "nvidia"}
    report["gpu"]["devices"] += [gpu, dict(gpu), {"name": "ASPEED 0x2000", "driver": None}]
    for path in ["/shots", "/tools"]:
        report["mounts"].append({
            "path": path, "kind": "nfs4", "source": "filer:" + path, "read_only": False,
            "options": ["relatime", "vers=4.1", "soft"], "used_for": ["network"], "state": "ok",
            "total_bytes": 1 << 44, "available_bytes": 1 << 43, "total_inodes": None, "available_inodes": None,
        })
    report["network"]["proxies"].append({"name": "no_proxy", "value": "localhost"})
    report["clock"]["compared"] = {"url": "https://kitsu.lan/", "ahead_s": 1, "why": None}
    report["rez"] = {"resolve": ["maya-2024", "python-3.10.1"], "request": ["maya"], "version": "2.112", "file": "/t/c.rxt"}
    report["hazards"] += [{"name": "LD_LIBRARY_PATH", "detail": what} for what in ["curl loads x", "git loads y"]]
    report["future"] = {"list": [{"a": 1}, [2, None]], "number": 1.5, "names": ["x", "y"]}
    return report


def places(value, found):
    """All objects and lists with their members or positions."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else []
    for key, inner in pairs:
        found.append((value, key))
        places(inner, found)
    return found


def other(value):
    """A value that differs from this one, beyond every tolerance."""
    kinds = [None, "other \u001b[31m", not value if isinstance(value, bool) else 10**30, -1, {"x": "y"}, ["z"]]
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        kinds += [value * 3 + 1000] * 4
    if isinstance(value, str):
        kinds += [value + "x"] * 4
    return random.choice([kind for kind in kinds if json.dumps(kind) != json.dumps(value)])


def mutate(report):
    container, key = random.choice(places(report, []))
    if container is report and key in ("system", "libraries"):
        return  # without them it is no report
    action = random.choice(["change", "change", "change", "remove", "add"])
    if action == "remove":
        del container[key]
    elif action == "add" and isinstance(container, list):
        container.insert(random.randint(0, len(container)), copy.deepcopy(random.choice([container[key], other(None)])))
    elif action == "add":
        container["new%d" % random.randint(0, 9)] = other(None)
    else:
        container[key] = other(container[key])


def key_of(element, position):
    names = [element.get(name) for name in ("path", "name")]
    return next((name for name in names if isinstance(name, str)), str(position))


def groups(elements):
    found = {}
    for position, element in enumerate(elements):
        found.setdefault(key_of(element, position), []).append(element)
    return found


def differences(a, b, path, around, found):
    """Paths as c47 writes them. A list is one path if an element is not an object, as are elements with the same
    key."""
    if json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True):
        return
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            inner = f"{path}.{name}" if path else name
            if name in a and name in b:
                differences(a[name], b[name], inner, (a, b), found)
            else:
                found.append((inner, None))
        return
    if isinstance(a, list) and isinstance(b, list) and all(isinstance(it, dict) for it in a + b):
        of_a, of_b = groups(a), groups(b)
        for key in sorted(of_a.keys() | of_b.keys()):
            x, y = of_a.get(key, []), of_b.get(key, [])
            inner = f"{path}[{key}"
            if len(x) == len(y) == 1:
                differences(x[0], y[0], inner + "]", None, found)
            elif sorted(json.dumps(it, sort_keys=True) for it in x) != sorted(json.dumps(it, sort_keys=True) for it in y):
                found.append((inner, None))
        return
    found.append((path, (a, b, around)))


def is_expected(path, values):
    if values is None:
        return None  # an element or member in one report only
    a, b, around = values
    plain = re.sub(r"\[[^]]*\]", "[]", path)
    if plain in NAMED and around[0].get("name") != around[1].get("name"):
        return True
    if plain == "clock.compared.ahead_s" and isinstance(a, int) and isinstance(b, int) and abs(a - b) < 60:
        return True
    if plain == "mounts[].source" and all(str(it).startswith("/dev/") for it in (a, b)):
        return True
    return plain in EXPECTED


def main():
    source, directory, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
    random.seed(47)
    with open(source) as file:
        base = enriched(json.load(file))
    files = {"base": base}
    for number in range(count):
        changed = copy.deepcopy(base)
        for _ in range(random.choice([1, 1, 1, 2, 5])):
            mutate(changed)
        files[str(number)] = changed
    answer = {}
    for name, report in files.items():
        with open(os.path.join(directory, name + ".json"), "w") as file:
            json.dump(report, file)
        found = []
        differences(base, report, "", None, found)
        answer[name + ".json"] = [[path, is_expected(path, values)] for path, values in found]
    json.dump(answer, sys.stdout)


main()
