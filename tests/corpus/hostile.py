"""Draw damaged and hostile files: for every kind of reader, what has broken one before.

Everything is drawn here, small, and never opened by a person. ``contents`` has one entry for each kind; ``mutations``
makes any number of damaged copies of a good file.
"""

import io
import itertools
import json
import struct
import zipfile
import zlib
from collections.abc import Iterator

import numpy as np

XML = "http://schemas.openxmlformats.org"
TYPES = f"""<?xml version="1.0"?><Types xmlns="{XML}/package/2006/content-types">
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
<Default Extension="xml" ContentType="application/xml"/>
<Override PartName="/xl/workbook.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>
<Override PartName="/xl/worksheets/sheet1.xml"
 ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>"""
RELATIONS = f"""<?xml version="1.0"?><Relationships xmlns="{XML}/package/2006/relationships"><Relationship Id="r1"
 Type="{XML}/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/></Relationships>"""
BOOK = f"""<?xml version="1.0"?><workbook xmlns="{XML}/spreadsheetml/2006/main"
 xmlns:r="{XML}/officeDocument/2006/relationships">
 <sheets><sheet name="s" sheetId="1" r:id="r1"/></sheets></workbook>"""
BOOK_RELATIONS = f"""<?xml version="1.0"?><Relationships xmlns="{XML}/package/2006/relationships"><Relationship Id="r1"
 Type="{XML}/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/></Relationships>"""
CORNER = '<c r="A1"><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'


def contents() -> dict[str, bytes]:
    """Hostile contents by kind; none is larger than 2 MB."""
    return {
        "empty": b"",
        "one byte": b"\0",
        "zeros": bytes(4096),
        "noise": np.random.default_rng(1).bytes(4096),
        "one line without end": b"a" * 2_000_000,
        "unclosed quotation mark": b'animal,value\n"A1,1\n' + b"A2,2\n" * 40_000,
        "long cell": b"animal,value\nA1," + b"9" * 200_000 + b"\n",
        "only delimiters": b",;\t" * 100_000,
        "half a character": "animal;weight\nä;1\n".encode()[:-8] + b"\xff\xfe\xff",
        "utf-16 cut short": "time,value\n1,2\n".encode("utf-16")[:-1],
        "numbers that are none": b"time,value\n" + b"nan,inf\n1e400,-1e400\n1_0,0x10\n" * 30,
        "integers without end": b"time,value\n" + b"1" * 5_000 + b"," + b"2" * 5_000 + b"\n",
        "times backwards": b"time,value\n" + b"".join(b"%d,1\n" % -number for number in range(3000)),
        "huge times": b"time,value\n" + b"".join(b"%d,%d\n" % (10**12 * number, number) for number in range(3000)),
        "nested brackets": b"[" * 20_000,
        "deep json": json.dumps({"data": {"x": [1, {"y": None}]}}).encode() + b"{" * 5_000,
        "deep yaml": b"a: " + b"{b: " * 2_000,
        "aliases": b"a: &a [1]\n" + b"".join(b"%s: &%s [*%s, *%s]\n" % (n, n, p, p) for p, n in _letters()),
        "script": b"#!/bin/sh\nrm -rf nothing\n",
        "page": b"<!DOCTYPE html><html><script>alert(1)</script></html>",
        "xml with entities": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x "xxxxxxxxxx">'
        + b"".join(b'<!ENTITY x%d "%s">' % (n, b"&x%d;" % (n - 1) * 10 if n else b"&x;" * 10) for n in range(10))
        + b"]><a>&x9;</a>",
        **{f"workbook: {name}": content for name, content in _workbooks().items()},
        **{f"image: {name}": content for name, content in _images().items()},
        "archive: unpacks to 100 GB": _declared_zip(),
        "archive: cut short": _zip({"a.txt": b"x" * 1000})[:-30],
        "netcdf: huge dimension": b"CDF\x01" + struct.pack(">iiii4siii", 0, 10, 1, 4, b"time", 2**30, 0, 0) + bytes(40),
        "hdf5: head alone": b"\x89HDF\r\n\x1a\n" + bytes(600),
        "riff: no frames": b"RIFF"
        + struct.pack("<I", 40)
        + b"AVI LIST"
        + struct.pack("<I", 20)
        + b"hdrlavih"
        + bytes(16),
        "mp4: head alone": struct.pack(">I", 24) + b"ftypisom" + bytes(12) + struct.pack(">I", 2**31 - 1) + b"mdat",
        "mp4: box in a box": b"".join(struct.pack(">I", 200_000 - 8 * n) + b"moov" for n in range(2_000)),
        "czi: head alone": b"ZISRAWFILE" + bytes(600),
        "lif: huge memory block": struct.pack("<IIBI", 0x70, 9, 0x2A, 2**31 - 1) + "<LMS".encode("utf-16-le"),
        "chemstation: head alone": b"\x03179" + bytes(6000),
        "agilent: declared scans": b"\x0230" + bytes(250) + struct.pack(">I", 2**31 - 1) + bytes(6000),
    }


def mutations(good: bytes, count: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """Damaged copies of a good file: cut, flipped, repeated, swapped, overwritten.

    Parameters
    ----------
    good : bytes
        The file.
    count : int
        How many copies.
    seed : int
        Of the random numbers.

    Yields
    ------
    str, bytes
        What was done, and the content.
    """
    random = np.random.default_rng(seed)
    size = max(len(good), 1)
    for number in range(count):
        content = bytearray(good)
        kind = ("cut", "flip", "repeat", "swap", "digits", "head")[number % 6]
        start = int(random.integers(size))
        length = int(min(size - start, 2 ** random.integers(1, 12)))
        if kind == "cut":
            del content[start:]
        elif kind == "flip":
            for place in random.integers(size, size=int(random.integers(1, 30))):
                content[place % max(len(content), 1)] ^= 1 << int(random.integers(8))
        elif kind == "repeat":
            content[start:start] = content[start : start + length] * int(random.integers(1, 20))
        elif kind == "swap":
            other = int(random.integers(size))
            content[start : start + length] = content[other : other + length]
        elif kind == "digits":
            content[start : start + length] = b"9" * length
        else:
            head = min(512, size)
            for place in random.integers(head, size=4):
                content[place] = int(random.integers(256))
        yield f"{kind} {number}", bytes(content)


def _letters() -> list[tuple[bytes, bytes]]:
    names = [bytes([97 + number]) for number in range(26)]
    return list(itertools.pairwise(names))


def _zip(entries: dict[str, bytes]) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def _declared_zip() -> bytes:
    """An archive whose directory says that its one entry unpacks to nearly 4 GB, fifty times over."""
    content = _zip({f"{number}.txt": b"x" * 1000 for number in range(50)})
    return content.replace(struct.pack("<I", 1000), struct.pack("<I", 2**32 - 2))


def _workbook(sheet: str) -> bytes:
    whole = f'<?xml version="1.0"?><worksheet xmlns="{XML}/spreadsheetml/2006/main">{sheet}</worksheet>'
    return _zip(
        {
            "[Content_Types].xml": TYPES.encode(), "_rels/.rels": RELATIONS.encode(), "xl/workbook.xml": BOOK.encode(),
            "xl/_rels/workbook.xml.rels": BOOK_RELATIONS.encode(), "xl/worksheets/sheet1.xml": whole.encode(),
        }
    )  # fmt: skip


def _workbooks() -> dict[str, bytes]:
    row = '<row r="1"><c r="A1"><v>1</v></c><c r="B1"><v>2</v></c></row>'
    good = _workbook(f"<sheetData>{row}</sheetData>")
    return {
        "empty sheet": _workbook("<sheetData/>"),
        "corner cell": _workbook(f'<sheetData><row r="1">{CORNER}</sheetData>'),
        "huge dimension": _workbook(f'<dimension ref="A1:XFD1048576"/><sheetData>{row}</sheetData>'),
        "broken xml": _workbook(f"<sheetData>{row}<row r="),
        "no number": _workbook('<sheetData><row r="x"><c r="?"><v>1e9999</v></c></row></sheetData>'),
        "shared string outside": _workbook('<sheetData><row r="1"><c r="A1" t="s"><v>99</v></c></row></sheetData>'),
        "date outside": _workbook('<sheetData><row r="1"><c r="A1" t="d"><v>0</v></c></row></sheetData>'),
        "formula": _workbook('<sheetData><row r="1"><c r="A1"><f>1+1</f></c></row></sheetData>'),
        "unpacks a thousandfold": _workbook(f"<sheetData>{row}</sheetData><!--{' ' * 2_000_000}-->"),
        "cut short": good[: len(good) // 2],
        "no sheets": _zip({"[Content_Types].xml": TYPES.encode()}),
    }


def _images() -> dict[str, bytes]:
    return {
        "png of 3 gigapixels": _png(60_000, 50_000, b""),
        "png with a short line": _png(400, 400, zlib.compress(bytes(500))),
        "png of one pixel": _png(1, 1, zlib.compress(bytes(2))),
        "jpeg of 4 gigapixels": _jpeg(65_000, 65_000),
        "tiff of 10 gigapixels": _tiff(100_000, 100_000),
        "tiff of no size": _tiff(0, 0),
        "tiff that points to itself": _tiff(64, 64, following=8),
        "tiff with data beyond its end": _tiff(64, 64, data_at=10**8),
        "tiff of one value": _tiff(64, 64),
        "tiff of 3 bits": _tiff(64, 64, bits=3),
    }  # fmt: skip


def _png(width: int, height: int, data: bytes) -> bytes:
    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def _jpeg(width: int, height: int) -> bytes:
    frame = struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8\xff\xc0" + frame + b"\xff\xd9"


def _tiff(width: int, height: int, *, bits: int = 8, following: int = 0, data_at: int = 200) -> bytes:
    tags = [
        (256, 4, width), (257, 4, height), (258, 3, bits), (259, 3, 1), (262, 3, 1), (273, 4, data_at), (277, 3, 1),
        (278, 4, height), (279, 4, min(width * height, 2**31)),
    ]  # fmt: skip
    directory = struct.pack("<H", len(tags))
    for tag, kind, value in tags:
        directory += struct.pack("<HHII", tag, kind, 1, value)
    return (b"II*\0" + struct.pack("<I", 8) + directory + struct.pack("<I", following)).ljust(200, b"\0") + bytes(4096)
