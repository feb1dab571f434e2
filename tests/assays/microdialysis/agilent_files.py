"""Agilent signal files written for tests, in each version's own way of storing values."""

import struct
import zipfile
from pathlib import Path

import numpy as np

MANIFEST = """<?xml version="1.0" encoding="utf-8"?>
<ACMD xmlns="urn:schemas-agilent-com:acmd20"><InjectionInfo><Signals>{signals}</Signals></InjectionInfo></ACMD>"""
SIGNAL = "<Signal><TraceId>{number}</TraceId><Description>{name}</Description><Units>{unit}</Units></Signal>"


def channel(
    version: str, counts: np.ndarray, *, step_ms: float = 400.0, scale: float = 0.5, unit: str = "mAU"
) -> bytes:
    """A .ch file of that version with these whole numbers, ``scale`` each."""
    old = version in ("8", "30", "81")
    head = bytearray(0x400 if old else 0x1800)
    head[: 1 + len(version)] = bytes([len(version)]) + version.encode()
    times = (0, step_ms * (len(counts) - 1))
    head[0x11A:0x122] = struct.pack(">ii", *map(int, times)) if version in WHOLE_MS else struct.pack(">ff", *times)
    if version == "30":
        head[0x122:0x12A] = struct.pack(">ii", int(counts.max()), int(counts.min()))
    place = 0x284 if old else 0x127C
    head[place : place + 8] = struct.pack(">d", scale)
    place, letters = (0x244, unit.encode()) if old else (0x104C, unit.encode("utf-16-le"))
    head[place : place + 1 + len(letters)] = bytes([len(unit)]) + letters
    return bytes(head) + BODIES[version](counts)


def differences(counts: np.ndarray) -> bytes:
    """Segments of up to 25 differences, those beyond 16 bits as whole numbers after an escape; zeros at the end."""
    body, level = b"", 0
    for start in range(0, len(counts), 25):
        part = counts[start : start + 25]
        body += bytes([0x10, len(part)])
        for value in part.tolist():
            small = abs(value - level) < 0x7000
            body += struct.pack(">h", value - level) if small else struct.pack(">hi", -0x8000, value)
            level = value
    return body + b"\0\0\0\0"


def second_differences(counts: np.ndarray) -> bytes:
    """Differences of differences, those beyond 16 bits as numbers of 48 bits after an escape; a zero at the end."""
    body, level, slope = b"", 0, 0
    for value in counts.tolist():
        bend = value - level - slope
        if abs(bend) < 0x7000:
            body, slope = body + struct.pack(">h", bend), value - level
        else:
            body, slope = body + struct.pack(">hhI", 0x7FFF, value >> 32, value & 0xFFFFFFFF), 0
        level = value
    return body + b"\0\0"


def doubles(counts: np.ndarray) -> bytes:
    return counts.astype("<f8").tobytes()


def halves(counts: np.ndarray) -> bytes:
    """Numbers of four bytes, each after four others."""
    return np.stack([np.arange(len(counts)), counts], axis=1).astype("<f4").tobytes()


WHOLE_MS = ("8", "30", "130")
BODIES = {
    "8": differences,
    "30": differences,
    "81": lambda counts: second_differences(counts)[:-2],
    "130": differences,
    "179": doubles,
    "181": second_differences,
}


def container(path: Path, channels: dict[str, bytes]) -> Path:
    """An OpenLab .dx file with these channels, named in its manifest alone."""
    numbers = {name: f"{index:08x}-0000" for index, name in enumerate(channels)}
    signals = "".join(SIGNAL.format(number=number, name=name, unit="mAU") for name, number in numbers.items())
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("injection.acmd", MANIFEST.format(signals=signals))
        for name, content in channels.items():
            archive.writestr(f"{numbers[name]}.CH", content)
    return path
