"""Place calls and look after them from a terminal: `python starter.py --help`.

| exit code | meaning |
|---|---|
| 0 | done; with watching: the call ended with status ended |
| 1 | the call ended with status error, or what was asked is refused (the text says why) |
| 2 | wrong usage, wrong input or wrong settings; nothing was done |
| 3 | no such call, agent, number or recording |
| 4 | it exists already, differs, or is still in use |
| 5 | Temporal, MongoDB or a worker did not answer |
| 70 | a fault of ours; please report what it printed |
| 130 | interrupted with Ctrl-C; a call that is being watched goes on |
| 141 | whoever read the output went away |
"""

from runtime.wiring.starter import run

if __name__ == "__main__":
    run()
