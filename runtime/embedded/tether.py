"""Become another program that dies with the process that started it: `tether.py PARENT_PID PROGRAM ARGUMENTS…`.

Run as a file by `runtime.embedded.part`, with the standard library alone, so that it costs a few milliseconds. On Linux
the kernel kills the tethered program when its parent is gone (prctl(2), PR_SET_PDEATHSIG, which outlives execve);
elsewhere the program is only stopped by a parent that lives to do it.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def _tether(parent: int) -> None:
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_PDEATHSIG)")
    if os.getppid() != parent:  # it died before the kernel was told
        sys.exit(1)


if __name__ == "__main__":
    _tether(int(sys.argv[1]))
    try:
        os.execvp(sys.argv[2], sys.argv[2:])  # noqa: S606  # the whole purpose: no shell, same process
    except OSError as error:
        sys.exit(f"{sys.argv[2]}: {error.strerror}")
