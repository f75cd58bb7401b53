"""Resolves and runs a tool in each repository that is listed on standard input.

usage: rez_states.py TOOL

Reads lines of a repository, a tab, a request; answers each with a line: the package that was
resolved and what its tool printed, or `failed` and why.
"""

import subprocess
import sys

from rez.package_repository import package_repository_manager
from rez.resolved_context import ResolvedContext

tool = sys.argv[1]


def answer(repository, request):
    package_repository_manager.clear_caches()
    try:
        context = ResolvedContext([request], package_paths=[repository], caching=False)
        if not context.success:
            return "failed: " + context.failure_description
        variant = context.resolved_packages[0]
        package = f"{variant.name}-{variant.version}"
        environment = context.get_environ(parent_environ={"PATH": "/usr/bin:/bin"})
        ran = subprocess.run([tool], env=environment, capture_output=True, text=True, check=True)
        return f"{package} {ran.stdout.strip()}"
    except Exception as error:
        return f"failed: {type(error).__name__}: {error}".replace("\n", " ")


for line in sys.stdin:
    print(answer(*line.rstrip("\n").split("\t")), flush=True)
