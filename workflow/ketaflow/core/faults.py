"""Tell faults of a recording from faults of the machine.

A missing file or wrong content is a fact about a recording: it is reported, and the other recordings are measured.
Anything else that the system reports while a file is read (a drive that does not answer, a missing permission, no
memory) says nothing about the animal. It ends the job, so that the next run reads the file again.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from ketaflow.core.errors import IngestError

Read = TypeVar("Read")

# Errors of the system that are facts about a path or a file's content: nothing there, a folder in place of a file, a
# chain of links that leads nowhere, a position outside the file. An error of a library without a number is one too.
OF_THE_FILE = frozenset(
    {None, errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.EINVAL, errno.ENXIO}
)
# What helps against an error of the system.
REMEDIES = {
    errno.ENOSPC: "The disk is full: make room",
    errno.EDQUOT: "The quota is used up: make room",
    errno.EROFS: "The disk cannot be written to: choose another folder, or make it writable",
    errno.ESTALE: "The connection to the network drive was lost: connect it again",
    errno.EIO: "The drive could not be read: check its connection",
    errno.ETIMEDOUT: "The network drive did not answer: check the connection",
    errno.EACCES: "You are not allowed to open it: ask for permission",
    errno.EPERM: "You are not allowed to open it: ask for permission",
    errno.EMFILE: "Too many files are open at once: use fewer --cores, or raise the limit (ulimit -n)",
    errno.ENFILE: "Too many files are open at once: use fewer --cores",
}
OTHER_REMEDY = "The system reported this error, not the recording: check the drive"
# A file is read through in parts of this size (bytes), so that it never fills the memory.
BLOCK_BYTES = 1 << 20


def fault_of(error: BaseException) -> BaseException | None:
    """Return the fault of the machine behind an error.

    Parameters
    ----------
    error : exception
        Whatever was raised, possibly from another exception.

    Returns
    -------
    exception or None
        The first fault of the machine in the chain of causes; None where there is none.
    """
    return next((one for one in _chain(error) if is_of_the_machine(one)), None)


def is_of_the_machine(error: BaseException) -> bool:
    """Whether this error, without its causes, is a fault of the machine."""
    if isinstance(error, MemoryError):
        return True
    # FFmpeg reports damaged content as an input or output error as well.
    if not isinstance(error, OSError) or type(error).__module__.startswith("av."):
        return False
    return error.errno not in OF_THE_FILE


def remedy(error: BaseException) -> str:
    """What to do about a fault of the machine."""
    if isinstance(error, MemoryError):
        return "There was not enough memory. Give jobs more (settings: jobs: mem_mb), then run the same command again."
    number = error.errno if isinstance(error, OSError) else None
    helps = REMEDIES.get(number, OTHER_REMEDY) if number is not None else OTHER_REMEDY
    return f"{error}. {helps}, then run the same command again: it goes on where it stopped."


def attempt(read: Callable[[], Read], *paths: Path) -> Read:
    """Call a reader, and find out whether the files or the machine are at fault if it fails.

    A library may turn a fault of the machine into an error of its own. After a failure the files are therefore read
    from beginning to end, and the reader is called again: only what fails twice, in files that can be read, is a
    fact about the recording.

    Parameters
    ----------
    read : callable
        Reads the files.
    *paths : Path
        The files or folders it reads.

    Returns
    -------
    object
        What the reader returned.

    Raises
    ------
    OSError, MemoryError
        A fault of the machine.
    Exception
        What the reader raised the second time.
    """
    try:
        return read()
    except Exception as error:
        if fault := fault_of(error):
            raise fault from error
    for path in paths:
        read_through(path)
    try:
        return read()
    except Exception as error:
        if fault := fault_of(error):
            raise fault from error
        raise


def read_file(read: Callable[[], Read], path: Path) -> Read:
    """Call a reader of one file, and turn its exceptions into an error that names the file.

    Parameters
    ----------
    read : callable
        Reads the file.
    path : Path
        The file or folder it reads.

    Returns
    -------
    object
        What the reader returned.

    Raises
    ------
    IngestError
        If the file is not there, or its content cannot be read, with its name.
    OSError, MemoryError
        A fault of the machine.
    """
    try:
        refuse_irregular(path)
        return attempt(read, path)
    except IngestError:
        raise
    except FileNotFoundError as error:
        raise IngestError(f"{path.name}: the file is not there. Put it where the table says.") from error
    except Exception as error:
        if is_of_the_machine(error):
            raise
        what = f"{type(error).__name__}: {error}".strip(": ")[:200]
        raise IngestError(
            f"{path.name}: the file is damaged, or of a form that is not supported ({what}). Open it in the program "
            "that wrote it, and export it again."
        ) from error


def read_through(path: Path) -> None:
    """Read a file, or every file of a folder, from beginning to end; raise a fault of the machine if there is one."""
    try:
        for part in _files(path):
            with part.open("rb") as handle:
                while handle.read(BLOCK_BYTES):
                    pass
    except OSError as error:
        if is_of_the_machine(error):
            raise


def refuse_irregular(path: Path, root: Path | None = None) -> None:
    """Refuse what must not be opened: a device, a pipe or a socket, and a link in a folder that leaves the cohort.

    Parameters
    ----------
    path : Path
        A file, or a folder that is one recording (such as ``.D``).
    root : Path, optional
        The cohort folder, which links inside the folder may not leave.

    Raises
    ------
    IngestError
        With the name of the path.
    OSError
        If the path cannot be examined.
    """
    if not stat.S_ISDIR(path.stat().st_mode):
        if not stat.S_ISREG(path.stat().st_mode):
            raise IngestError(f"{path.name}: this is no regular file. Copy the recording itself to this place.")
        return
    inside = (root or path).resolve()
    for part in sorted(path.rglob("*")):
        name = f"{path.name}/{part.relative_to(path).as_posix()}"
        if part.is_symlink() and not Path(os.path.realpath(part)).is_relative_to(inside):
            raise IngestError(f"{name}: this link leads out of the folder. Copy the file itself to this place.")
        kind = part.lstat().st_mode
        if not (stat.S_ISDIR(kind) or stat.S_ISREG(kind) or stat.S_ISLNK(kind)):
            raise IngestError(f"{name}: this is no regular file. Remove it, or copy the recording again.")


def _files(path: Path) -> Iterator[Path]:
    """The file itself, or the regular files of a folder."""
    if not stat.S_ISDIR(path.stat().st_mode):
        yield from [path] if path.is_file() else []
        return
    for folder, _, names in os.walk(path, onerror=_raise):
        yield from (Path(folder, name) for name in sorted(names) if Path(folder, name).is_file())


def _raise(error: OSError) -> None:
    raise error


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error and the errors it was raised from, the last one first."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        one = one.__cause__ or one.__context__
