# Loads every package of a repository as Rez does, and resolves it. Prints a line of JSON for each
# fault, then one with the number of packages.
import json
import os
import sys

from rez.config import config
from rez.packages import iter_package_families, iter_packages
from rez.resolved_context import ResolvedContext

repository = sys.argv[1]
# Without others, those that Rez is configured with.
paths = sys.argv[1:] if len(sys.argv) > 2 else [repository] + list(config.packages_path)


def report(**members):
    sys.stdout.write("c47 " + json.dumps(members) + "\n")
    sys.stdout.flush()


def check(family, package):
    place = os.path.join(repository, family, str(package.version))
    try:
        package.validate_data()
        request = "%s==%s" % (family, package.version)
        context = ResolvedContext([request], package_paths=paths)
        if not context.success:
            report(path=place, what=str(context.failure_description))
    except Exception as error:
        report(path=place, what="%s: %s" % (type(error).__name__, error))


count = 0
for family in iter_package_families(paths=[repository]):
    try:
        for package in iter_packages(family.name, paths=[repository]):
            count += 1
            check(family.name, package)
    except Exception as error:
        place = os.path.join(repository, family.name)
        report(path=place, what="%s: %s" % (type(error).__name__, error))
report(packages=count)
