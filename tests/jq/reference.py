"""Applies filters to documents with jq 1.8: the package jq of PyPI.

stdin is a JSON object with filters and documents. For each filter, prints a JSON array of all
outputs, or null if the filter is invalid.
"""

import json
import sys

import jq

work = json.load(sys.stdin)
documents = "\n".join(work["documents"])
for text in work["filters"]:
    try:
        lines = jq.compile(text).input_text(documents).all()
    except ValueError as error:
        lines = None if "compile" in str(error) else ["error: " + str(error)]
    print(json.dumps(lines))
