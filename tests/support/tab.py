"""Types into an interactive shell on a terminal and prints the resulting lines.

usage: tab.py SHELL INIT-FILE

Reads lines of `one` or `all`, a tab, and what to type; answers each with a line. `one` presses the
tab key, `all` has every candidate inserted. One shell serves all: starting it takes longest. The
shell is ready when it shows its prompt, and done when it shows the line between marks: nothing
waits for a time.
"""

import os
import pty
import sys

shell, init = sys.argv[1:]
PROMPT = b"READY> "
SETUP = {
    "bash": r"""
bind 'set bell-style none'
bind '"\C-xa": insert-completions'
show() { printf '<<%s>>\n' "$READLINE_LINE"; }
bind -x '"\C-xp": show'
PS1='READY> '
""",
    "zsh": r"""
autoload -Uz compinit && compinit -D -u
zle -C all-matches complete-word _generic
bindkey '^Xa' all-matches
zstyle ':completion:all-matches:*' insert true
zstyle ':completion:all-matches::::' completer _all_matches _complete
show() { print -r -- "<<$BUFFER>>" }
zle -N show
bindkey '^Xp' show
unsetopt prompt_sp list_beep beep
PS1='READY> '
""",
}

setup = os.path.join(os.environ["HOME"], "setup")
with open(setup, "w") as file:
    source = f"source '{init}'\n"
    file.write(SETUP[shell] + source if shell == "zsh" else source + SETUP[shell])
if shell == "bash":
    arguments = ["bash", "--noprofile", "--rcfile", setup, "-i"]
else:
    os.rename(setup, os.path.join(os.environ["HOME"], ".zshrc"))
    os.environ["ZDOTDIR"] = os.environ["HOME"]
    arguments = ["zsh", "-o", "no_global_rcs", "-i"]
os.environ["TERM"] = "dumb"

child, terminal = pty.fork()
if child == 0:
    os.execvp(arguments[0], arguments)

seen = b""


def read_until(mark):
    global seen
    while mark not in seen:
        try:
            more = os.read(terminal, 65536)
        except OSError:
            more = b""
        if not more:
            sys.exit(f"{shell} ended: {seen!r}")
        seen += more
    before, seen = seen.split(mark, 1)
    return before


read_until(PROMPT)
for request in sys.stdin:
    what, line = request.rstrip("\n").split("\t")
    key = b"\t" if what == "one" else b"\x18a"
    os.write(terminal, line.encode() + key + b"\x18p")
    read_until(b"<<")
    print(read_until(b">>").decode())
    # Moves to the end of the line and deletes everything before it.
    os.write(terminal, b"\x05\x15")
os.kill(child, 9)
os.waitpid(child, 0)
