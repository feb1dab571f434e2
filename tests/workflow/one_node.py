"""A real Slurm of one node on this machine, for a test: munged, slurmctld and slurmd on the loopback interface.

Needs root and Debian's packages slurm-wlm and munge; no systemd, no cgroups, no accounting. All its files lie in one
folder, but for the link /etc/slurm/slurm.conf: inside a job the executor takes every SLURM_ variable away, so the path
cannot be told in the environment.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

CONF = Path("/etc/slurm/slurm.conf")
DAEMONS = ("slurmd", "slurmctld", "munged")
SETTINGS = """
ClusterName=test
SlurmctldHost={node}(127.0.0.1)
SlurmctldPort=17817
SlurmdPort=17818
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=2,sched_interval=2,batch_sched_delay=0
MinJobAge=3600
KillWait=5
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
NodeName={node} NodeAddr=127.0.0.1 CPUs={processors} RealMemory={memory_mb} State=UNKNOWN
PartitionName=main Nodes={node} Default=YES MaxTime=INFINITE State=UP DefMemPerCPU=256
"""


def why_not() -> str:
    """Why this machine cannot run it; empty if it can."""
    if missing := [name for name in DAEMONS if not _program(name)]:
        return f"{', '.join(missing)} not installed (Debian: slurm-wlm, munge)"
    if os.geteuid() != 0:
        return "starting a Slurm needs root"
    if CONF.exists() and not CONF.is_symlink():
        return f"{CONF} exists: this machine has a Slurm of its own"
    return ""


def start(folder: Path) -> None:
    """Bring it up; returns when the node is idle."""
    for name in ("state", "spool", "munge"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    node = socket.gethostname().split(".")[0]
    memory_mb = int(0.9 * os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**20)
    told = SETTINGS.format(folder=folder, node=node, processors=os.cpu_count(), memory_mb=memory_mb)
    (folder / "slurm.conf").write_text(told)
    (folder / "cgroup.conf").write_text("ConstrainCores=no\n")
    CONF.parent.mkdir(parents=True, exist_ok=True)
    CONF.unlink(missing_ok=True)
    CONF.symlink_to(folder / "slurm.conf")
    _start_munge(folder / "munge")
    _run(_program("slurmctld"), "-c")
    _wait_for("scontrol", "ping")
    _run(_program("slurmd"), "-N", node)
    _wait_for("sh", "-c", "sinfo -h -o %T | grep -q idle")


def stop(folder: Path) -> None:
    """End what was started."""
    for path in (folder / "slurmd.pid", folder / "slurmctld.pid", folder / "munge" / "pid"):
        if path.is_file():
            _end(int(path.read_text()))
    CONF.unlink(missing_ok=True)


def _start_munge(folder: Path) -> None:
    """Munge runs as its own user, in a folder that is its own and whose parents everybody may enter."""
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o600)
    owner = pwd.getpwnam("munge")
    for path in (folder, folder / "key"):
        os.chown(path, owner.pw_uid, owner.pw_gid)
    folder.chmod(0o755)
    files = [f"--{what}={folder / name}" for what, name in (("socket", "socket"), ("key-file", "key"),
             ("pid-file", "pid"), ("log-file", "log"), ("seed-file", "seed"))]  # fmt: skip
    _run("runuser", "-u", "munge", "--", _program("munged"), *files)
    _wait_for("munge", "-n", f"--socket={folder / 'socket'}")


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin")


def _run(*words: str) -> None:
    subprocess.run(words, check=True, timeout=60, capture_output=True)


def _wait_for(*words: str, most_s: float = 30) -> None:
    end = time.monotonic() + most_s
    while subprocess.run(words, capture_output=True, timeout=30).returncode:
        if time.monotonic() > end:
            raise TimeoutError(f"{' '.join(words)} did not succeed within {most_s:.0f} s")
        time.sleep(0.2)


def _end(process: int, most_s: float = 10) -> None:
    end = time.monotonic() + most_s
    try:
        os.kill(process, signal.SIGTERM)
        while time.monotonic() < end:
            os.kill(process, 0)
            time.sleep(0.1)
        os.kill(process, signal.SIGKILL)
    except ProcessLookupError:
        return
