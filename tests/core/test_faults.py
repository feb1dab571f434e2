"""A fact about a recording, or a fault of the machine?"""

import errno
import os

import pytest

from ketaflow.core import faults, files
from ketaflow.core.errors import IngestError


class Flaky:
    """A reader that raises what it is given, one error per call, and then succeeds."""

    def __init__(self, *errors):
        self.errors = list(errors)

    def __call__(self):
        if self.errors:
            raise self.errors.pop(0)
        return "read"


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "trace.txt"
    path.write_text("0 1")
    return path


MACHINE = [
    MemoryError(),
    *(OSError(number, os.strerror(number)) for number in (
        errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EMFILE, errno.EACCES, errno.ENOSPC, errno.ECONNRESET,
    )),
]  # fmt: skip


@pytest.mark.parametrize("error", MACHINE, ids=repr)
def test_a_fault_of_the_machine_passes_and_is_never_reported_as_damage(file, error):
    with pytest.raises(type(error)):
        faults.read_file(Flaky(error), file)
    assert "run the same command again" in faults.remedy(error)


def test_a_fault_behind_an_error_of_a_reader_is_found(file):
    def read():
        try:
            raise OSError(errno.EIO, "Input/output error")
        except OSError as error:
            raise IngestError("trace.txt: cut short. Copy it again.") from error

    with pytest.raises(OSError, match="Input/output"):
        faults.read_file(read, file)


@pytest.mark.parametrize("error", [ValueError("x"), KeyError("x"), RecursionError(), TypeError("x"), OSError("x")])
def test_whatever_a_reader_raises_names_the_file(file, error):
    with pytest.raises(IngestError, match=r"trace\.txt: the file is damaged"):
        faults.read_file(Flaky(error, error), file)


def test_a_reading_that_fails_once_is_tried_again(file):
    assert faults.read_file(Flaky(ValueError("x")), file) == "read"


def test_an_absent_file_is_a_fact(tmp_path):
    with pytest.raises(IngestError, match=r"gone\.txt: the file is not there"):
        faults.read_file(Flaky(), tmp_path / "gone.txt")


def test_ffmpegs_error_on_damaged_content_is_no_fault_of_the_machine():
    import av

    assert not faults.is_of_the_machine(av.error.OSError(errno.EIO, "Input/output error"))


def test_a_link_that_leaves_the_folder_is_refused(tmp_path, file):
    folder = tmp_path / "run.D"
    folder.mkdir()
    (folder / "inside").write_text("")
    faults.refuse_irregular(folder)
    (folder / "signal.ch").symlink_to("/etc/hostname")
    with pytest.raises(IngestError, match=r"run\.D/signal\.ch: this link leads out"):
        faults.refuse_irregular(folder, tmp_path)


def test_links_that_lead_in_a_circle_inside_a_recording_end_nowhere(tmp_path):
    recording = tmp_path / "run.D"
    recording.mkdir()
    (recording / "signal.ch").write_bytes(b"1234")
    before = files.sha256(recording)
    for name, target in {"here": ".", "again": ".", "one": "other", "other": "one", "lost": "nowhere"}.items():
        (recording / name).symlink_to(target)
    faults.refuse_irregular(recording, tmp_path)
    faults.read_through(recording)
    assert files.sha256(recording) == before
    assert files.mark(recording)[-1][0] == "signal.ch"
