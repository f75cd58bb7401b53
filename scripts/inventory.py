#!/usr/bin/env python3
"""Writes the licences of everything in the binary, and an SBOM.

usage: inventory.py LICENCES-FILE SBOM-FILE

The crates are those of the musl target; the SBOM is CycloneDX 1.5. The files do not depend on the
machine.
"""

import datetime
import json
import os
import re
import subprocess
import sys

TARGET = "x86_64-unknown-linux-musl"
LICENCE = re.compile(r"(LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|UNLICENSE)([-.].*)?", re.IGNORECASE)
# The crates in Rust's standard library for this target, as of Rust 1.93.
MUSL = "1.2.5"
MUSL_COPYRIGHT = "Copyright (c) 2005-2020 Rich Felker, et al."


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def crates():
    """The crates of the program, c47 first, with their dependencies and whether they are in the binary."""
    cargo = os.environ.get("CARGO", "cargo")
    options = ("--format-version=1", "--locked", f"--filter-platform={TARGET}")
    metadata = json.loads(output(cargo, "metadata", *options))
    packages = {package["id"]: package for package in metadata["packages"]}
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    shipped = {}

    def needs(identity):
        deps = nodes[identity]["deps"]
        return sorted(d["pkg"] for d in deps if any(k["kind"] is None for k in d["dep_kinds"]))

    def is_macro(identity):
        return any("proc-macro" in target["kind"] for target in packages[identity]["targets"])

    def walk(identity, in_binary):
        in_binary = in_binary and not is_macro(identity)
        if identity in shipped and (shipped[identity] or not in_binary):
            return
        shipped[identity] = in_binary
        for need in needs(identity):
            walk(need, in_binary)

    root = metadata["resolve"]["root"]
    walk(root, True)
    order = sorted(shipped, key=lambda i: (i != root, packages[i]["name"], packages[i]["version"]))
    return [(packages[i], [packages[n] for n in needs(i)], shipped[i]) for i in order]


def licence_files(package):
    """The licences in the sources of a crate, by path."""
    top = os.path.dirname(package["manifest_path"])
    found = {}
    for directory, names, files in os.walk(top):
        # In subdirectories only bundled foreign sources have their own licence.
        names[:] = sorted(n for n in names if n in ("c_src", "third_party") or directory != top)
        for name in sorted(files):
            if LICENCE.fullmatch(name):
                path = os.path.join(directory, name)
                with open(path, encoding="utf-8", errors="replace") as file:
                    found[os.path.relpath(path, top)] = file.read().strip()
    return found


def write_licences(path, all_crates, mit):
    by_repository = {}
    for package, _, _ in all_crates:
        by_repository.setdefault(package["repository"], {}).update(licence_files(package))
    with open(path, "w", encoding="utf-8") as file:
        file.write("Third-party components of c47 and their licences.\n")
        for package, _, _ in all_crates[1:]:
            # A crate without a licence file has that of another crate in the same repository.
            texts = licence_files(package) or by_repository[package["repository"]]
            if not texts and "MIT" in re.split(r"[^\w.-]+", package["license"] or ""):
                # The licence asks for the copyright notice, which such a crate has only as its authors.
                holders = ", ".join(package["authors"]) or f"the authors of {package['name']}"
                texts = {"MIT": f"Copyright (c) {holders}\n\n{mit}"}
            if not texts:
                sys.exit(f"inventory.py: {package['name']} has no licence text")
            title = f"{package['name']} {package['version']}: {package['license']}"
            file.write(f"\n{'=' * 80}\n{title}\n{package['repository'] or ''}\n")
            for name, text in texts.items():
                file.write(f"\n--- {name}\n\n{text}\n")
        rust = output("rustc", "--version").split()[1]
        file.write(f"\n{'=' * 80}\nThe Rust standard library {rust}: MIT OR Apache-2.0\n\n{mit}\n")
        file.write(f"\n{'=' * 80}\nmusl {MUSL}: MIT\n\n{MUSL_COPYRIGHT}\n\n{mit}\n")


def checksums():
    """The SHA-256 of each crate's archive, from Cargo.lock."""
    with open("Cargo.lock", encoding="utf-8") as file:
        entries = file.read().split("[[package]]")
    found = {}
    for entry in entries:
        fields = dict(re.findall(r'^(name|version|checksum) = "(.*)"$', entry, re.MULTILINE))
        if "checksum" in fields:
            found[fields["name"], fields["version"]] = fields["checksum"]
    return found


def component(package, in_binary, sums):
    purl = f"pkg:cargo/{package['name']}@{package['version']}"
    made = {
        "type": "library",
        "bom-ref": purl,
        "name": package["name"],
        "version": package["version"],
        # Proc macros and build dependencies are not in the binary.
        "scope": "required" if in_binary else "excluded",
        # Old crates separate alternatives by a slash.
        "licenses": [{"expression": package["license"].replace("/", " OR ")}],
        "purl": purl,
    }
    checksum = sums.get((package["name"], package["version"]))
    if checksum:
        made["hashes"] = [{"alg": "SHA-256", "content": checksum}]
    return made


def write_sbom(path, all_crates):
    sums = checksums()
    made = [component(package, shipped, sums) for package, _, shipped in all_crates]
    program, libraries = made[0], made[1:]
    program["type"] = "application"
    del program["scope"]
    rust = output("rustc", "--version").split()[1]
    for name, version, licence in (
        ("rust-std", rust, "MIT OR Apache-2.0"),
        ("musl", MUSL, "MIT"),
    ):
        purl = f"pkg:generic/{name}@{version}"
        libraries.append(
            {
                "type": "library",
                "bom-ref": purl,
                "name": name,
                "version": version,
                "scope": "required",
                "licenses": [{"expression": licence}],
                "purl": purl,
            }
        )
    reference = "pkg:cargo/{name}@{version}".format_map
    moment = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    moment = datetime.datetime.fromtimestamp(moment, datetime.timezone.utc)
    bom = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {
            "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": program,
        },
        "components": libraries,
        "dependencies": [
            {"ref": reference(package), "dependsOn": [reference(need) for need in needs]}
            for package, needs, _ in all_crates
        ],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(bom, file, indent=1)
        file.write("\n")


def main():
    licences, sbom = sys.argv[1:]
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    all_crates = crates()
    with open("LICENSE", encoding="utf-8") as file:
        mit = file.read().split("\n\n", 2)[2].strip()
    write_licences(licences, all_crates, mit)
    write_sbom(sbom, all_crates)


main()
