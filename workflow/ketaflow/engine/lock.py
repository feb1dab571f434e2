"""One run at a time in a results folder.

The lock is the kernel's on a file in that folder, so it ends with the run that holds it, however that run ended:
after a crash nothing has to be unlocked. It holds between machines where the network drive knows locks (NFS 4,
Lustre, GPFS).
"""

import fcntl
import os
import socket
import time
from pathlib import Path
from typing import IO

NAME = ".running"
# Open files of the locks this process holds; a lock ends when its file is closed, which is when the process ends.
_held: list[IO[str]] = []


def claim(results: Path) -> str:
    """Take the results folder for this run.

    Parameters
    ----------
    results : Path
        The results folder; made where it is not there.

    Returns
    -------
    str
        What to say where another run has the folder, or where it cannot be written to; else empty.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        file = (results / NAME).open("a+", encoding="utf-8")
    except OSError as error:
        return f"{results} cannot be written to ({error.strerror}). Choose another folder: --config results=FOLDER"
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.seek(0)
        other = file.read().strip() or "unknown"
        file.close()
        return (
            f"Another run is at work in {results} ({other}). Wait until it has ended, stop it, or write to another "
            "folder: --config results=FOLDER"
        )
    except OSError:
        file.close()
        return ""  # a drive that knows no locks
    file.truncate(0)
    file.write(f"process {os.getpid()} on {socket.gethostname()}, since {time.strftime('%Y-%m-%d %H:%M')}\n")
    file.flush()
    _held.append(file)
    return ""
