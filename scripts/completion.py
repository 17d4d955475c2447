"""`nearsym completion`: a script with which bash or zsh completes commands, keys and choices."""

from __future__ import annotations

import importlib
import re
from functools import cache

from nearsym.envs.errors import InputError, did_you_mean

USAGE = """nearsym completion: print a script that completes commands, keys and choices

example: eval "$(nearsym completion bash)"

  bash: nearsym completion bash >> ~/.local/share/bash-completion/completions/nearsym
  zsh:  nearsym completion zsh > "${fpath[1]}/_nearsym\""""

BASH = """_nearsym() {
  local line=${COMP_LINE:0:COMP_POINT} command word value
  word=${line##*[[:space:]]}
  command=${line#*[[:space:]]}
  command=${command##+([[:space:]])}
  if [[ $command != *[[:space:]]* ]]; then
    COMPREPLY=($(compgen -W "$(_nearsym_words '' commands)" -- "$word"))
    return
  fi
  command=${command%%[[:space:]]*}
  if [[ $word == *=* ]]; then
    value=${word#*=}
    COMPREPLY=($(compgen -W "$(_nearsym_words "$command" "${word%%=*}")" -- "$value"))
    [[ $COMP_WORDBREAKS == *=* ]] || COMPREPLY=("${COMPREPLY[@]/#/${word%%=*}=}")
  else
    COMPREPLY=($(compgen -W "$(_nearsym_words "$command" keys)" -- "$word"))
    [[ ${COMPREPLY[*]} == *= ]] && compopt -o nospace 2>/dev/null
  fi
}
shopt -s extglob
complete -o default -F _nearsym nearsym
"""

ZSH = """_nearsym() {
  local command=$words[2] key
  if (( CURRENT == 2 )); then
    compadd -- ${=$(_nearsym_words '' commands)}
  elif [[ $PREFIX == *=* ]]; then
    key=${PREFIX%%=*}
    compset -P '*='
    compadd -- ${=$(_nearsym_words "$command" "$key")} || _files
  else
    compadd -S '' -- ${=$(_nearsym_words "$command" keys)}
    _files
  fi
}
compdef _nearsym nearsym
"""

SHELLS = {"bash": BASH, "zsh": f"#compdef nearsym\n{ZSH}"}


def run(arguments: list[str]) -> int:
    """Print the script of a shell."""
    if len(arguments) != 1 or arguments[0] not in SHELLS:
        given = " ".join(arguments)
        raise InputError(
            f"which shell? nearsym completion takes {' or '.join(SHELLS)}, got {given!r}{did_you_mean(given, SHELLS)}"
        )
    print(script(arguments[0]))
    return 0


def usage() -> str:
    """Help text."""
    return USAGE


def script(shell: str) -> str:
    """The script: a table of words, and the shell's way to look them up."""
    from .main import COMMANDS  # main imports this module by its name

    words = {"": {"commands": [*COMMANDS, "help"]}, "completion": {"keys": list(SHELLS)}}
    words |= {name: _words(name) for name in COMMANDS if name not in words}
    cases = [
        f"    '{command} {key}') echo '{' '.join(found)}' ;;"
        for command, keys in words.items()
        for key, found in keys.items()
        if found
    ]
    first, *rest = SHELLS[shell].split("_nearsym()", 1)
    table = "\n".join(['_nearsym_words() {\n  case "$1 $2" in', *cases, "  esac\n}\n"])
    return f"{first}{table}_nearsym(){''.join(rest)}".rstrip()


@cache
def _words(command: str) -> dict[str, list[str]]:
    """The keys of a command, and the choices of each, by what its help says of the settings' dataclasses.

    Help lists groups as ``  network=  plain, exact``, and keys as ``  network.width = 256``; after a comma there may be
    words that are no choice, such as *any gymnasium id*.
    """
    text = importlib.import_module(f"nearsym.scripts.{command}").usage()
    words: dict[str, list[str]] = {}
    for group, listed in re.findall(r"^  (\w+)=  (.+)$", text, flags=re.MULTILINE):
        words[group] = [option for option in listed.split(", ") if re.fullmatch(r"\w[\w./-]*", option)]
    for key, default in re.findall(r"^  ([\w.]+) = (\S*)", text, flags=re.MULTILINE):
        words.setdefault(key, ["true", "false"] if default in ("True", "False") else [])
    return {"keys": [f"{key}=" for key in words], **words}
