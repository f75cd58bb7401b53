"""Types commands into one bash on a terminal and says what each printed.

Reads a JSON array of objects from stdin: `command`, and `lines`, what the document says it prints.
Prints a JSON array of what they printed, standard output and error together. A command in the
background is waited for until it has printed as many lines as in the document. A port of 127.0.0.1
that it printed then takes the place of the one in the document, and the other way round in what
is printed after it.
"""

import fcntl
import json
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

# Each command has the exit code of the one before it in `$?`, and no standard input.
LOOP = r"""
exec 3<&"$COMMANDS"
unset COMMANDS
printf '\036\036'
last=0
while IFS= read -r -d '' -u 3 command; do
    (exit "$last")
    eval "$command" </dev/null 3<&-
    last=$?
    printf '\036\036'
done
"""
END = b"\x1e\x1e"
PORT = re.compile(r"127\.0\.0\.1:([0-9]+)")

read_end, write_end = os.pipe()
child, terminal = pty.fork()
if child == 0:
    os.close(write_end)
    os.set_inheritable(read_end, True)
    os.environ["COMMANDS"] = str(read_end)
    os.execvp("bash", ["bash", "--noprofile", "--norc", "-c", LOOP])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 200, 0, 0))
seen = b""


def read_until(enough, limit_s=None):
    """Reads what is printed; the test that started this limits the whole session."""
    global seen
    deadline = time.monotonic() + limit_s if limit_s else None
    while not enough(seen):
        left = max(0, deadline - time.monotonic()) if deadline else None
        more = b""
        if select.select([terminal], [], [], left)[0]:
            try:
                more = os.read(terminal, 65536)
            except OSError:
                pass
        if not more:
            break
        seen += more


def shown(data):
    """The lines as a person sees them once all is done: what was drawn over is gone."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    lines = text.removesuffix("\n").split("\n") if text else []
    return [line.rstrip("\r").rpartition("\r")[2] for line in lines]


def translated(text, ports):
    for old, new in ports.items():
        text = re.sub(rf"(?<![0-9]){old}(?![0-9])", new, text)
    return text


read_until(lambda data: END in data)
seen = b""
ports = {}
results = []
for step in json.load(sys.stdin):
    command, lines = step["command"], step["lines"]
    os.write(write_end, translated(command, ports).encode() + b"\0")
    if command.rstrip().endswith("&"):
        wanted = len(lines)
        # It may have ended without printing as much.
        read_until(lambda data: END in data and data.replace(END, b"").count(b"\n") >= wanted, 20)
        printed, seen = seen.replace(END, b""), b""
        said = PORT.findall("\n".join(shown(printed)))
        ports.update(zip(PORT.findall("\n".join(lines)), said))
    else:
        read_until(lambda data: END in data)
        printed, _, seen = seen.partition(END)
    back = {new: old for old, new in ports.items()}
    results.append([translated(line, back) for line in shown(printed)])
os.killpg(child, signal.SIGKILL)
json.dump(results, sys.stdout)
