"""Become another program that dies with its parent: `tether.py PARENT_PID NICENESS PROGRAM ARGUMENTS…`.

Run as a file by `runtime.embedded.part`, with the standard library alone, so that it costs a few milliseconds. On Linux
the kernel kills the tethered program when its parent is gone (prctl(2), PR_SET_PDEATHSIG, which outlives execve);
elsewhere the program is only stopped by a parent that lives to do it.

The niceness (0 to 19) is that of nice(2). Where the kernel groups processes by session, it weighs the groups and not
their processes (sched(7), "The autogroup feature"), so the group of a program in a session of its own gets it too.
"""

import ctypes
import os
import signal
import sys
import time
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_ASK_TIMES, _ASK_EVERY_SECONDS = 20, 0.03


def _tether(parent: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the kernel was told
        sys.exit(1)


def _yield_to_others(niceness: int) -> None:
    os.nice(niceness)
    group = Path("/proc/self/autogroup")
    if os.getsid(0) != os.getpid() or not group.exists():
        return
    for _ in range(_ASK_TIMES):
        try:
            group.write_text(str(niceness))
        except BlockingIOError:  # the kernel takes one such wish in 100 ms
            time.sleep(_ASK_EVERY_SECONDS)
        else:
            return


if __name__ == "__main__":
    _tether(int(sys.argv[1]))
    if niceness := int(sys.argv[2]):
        _yield_to_others(niceness)
    try:
        os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606  # the whole purpose: no shell, same process
    except OSError as error:
        sys.exit(f"{sys.argv[3]}: {error.strerror}")
