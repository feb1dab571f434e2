"""Blinding of the review: codes that carry no information, and texts and figures without names.

In: names of recordings and animals, texts and figures of the checks. Out: the same without any name.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable
from functools import lru_cache

# Digits and consonants that are not easily confused and spell no word.
CODE_LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
# Letters on either side of the hyphen.
HALF_CODE = 4
HIDDEN = "[name]"
HIDDEN_FILE = "[file]"
TOKEN = re.compile(r"[\w./\\+-]*\w")
FILE = re.compile(
    r"\.(?:avi|bmp|cdf|czi|csv|d|gif|h5|hdf5?|jpe?g|json|lif|m4v|mat|mkv|mov|mp4|mpe?g|nd2|ndpi|nwb|oib|oif|ome|png|raw|"
    r"scn|svs|tar|tiff?|tsv|txt|vsi|webm|webp|wmv|xls|xlsx|xml|ya?ml|zip)$",
    re.IGNORECASE,
)
SEPARATORS = re.compile(r"[._\\/+-]+")
NUMBERED = re.compile(
    r"\b((?:animal|mouse|rat|recording|subject|cage|membrane|plate|section|cell|dendrite|image)s?"
    r"(?: no\.?| number)? ?#?)(\w+)",
    re.IGNORECASE,
)
# Text of SVG that a reviewer may read: between tags, and in some attributes.
DISPLAYED = re.compile(
    r">([^<>]+)<|(\b(?:aria-label|title|id|class|href|clip-path|inkscape:label|data-[\w-]+)=)\"([^\"]*)\""
)
# Parts of SVG that are never displayed, and parts that could run or load something.
UNDISPLAYED = re.compile(r"<!--.*?-->|<metadata.*?</metadata>|<\?.*?\?>|<!DOCTYPE[^>]*>", re.DOTALL)
ACTIVE = re.compile(
    r"<script.*?</script>|<foreignObject.*?</foreignObject>|\son\w+=(\"[^\"]*\"|'[^']*')|"
    r"\s(?:xlink:)?href=(\"(?!#|data:image/)[^\"]*\"|'(?!#|data:image/)[^']*')",
    re.DOTALL | re.IGNORECASE,
)
# What every part that ACTIVE removes holds, in lower case; most figures hold none of it, and these searches are quick.
ACTIVE_MARKS, HANDLER = ("<script", "<foreignobject", "href="), re.compile(r"on\w+=")
# Texts and words that are remembered once names were removed from them, and the longest of these texts (letters).
REMEMBERED = 50_000
REMEMBERED_LETTERS = 200
# Marks of text metadata are searched in so many bytes from either end of an encoded image.
SEARCHED_BYTES = 4096
TEXT_MARKS = (b"EXIF", b"Exif\0", b"XMP ", b"tEXt", b"iTXt", b"zTXt", b"ns.adobe.com")


def code(assay: str, recording: str, blinding_key: str) -> str:
    """Return the code of a recording, such as ``K7QM-2MXD``.

    The code is a keyed hash (HMAC-SHA256, RFC 2104) in an alphabet of 28 letters. It is the same in every run and
    says nothing about the recording. Among 20,000 recordings the chance that two share a code is 1 in 1,900.

    Parameters
    ----------
    assay, recording : str
        Names in the cohort.
    blinding_key : str
        Secret of the cohort, from the settings.

    Returns
    -------
    str
        Two groups of four letters.
    """
    keyed = hmac.new(blinding_key.encode(), f"{assay}\0{recording}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(keyed[:16], "big")
    letters = []
    for _ in range(2 * HALF_CODE):
        number, place = divmod(number, len(CODE_LETTERS))
        letters.append(CODE_LETTERS[place])
    return "".join(letters[:HALF_CODE]) + "-" + "".join(letters[HALF_CODE:])


def keyed_fingerprint(item_sha256: str, blinding_key: str) -> str:
    """Return the fingerprint of an item as reviewers see it.

    Without the key, nobody can compute it from the tables of the results and so find out which item is which.
    """
    return hmac.new(blinding_key.encode(), f"item\0{item_sha256}".encode(), hashlib.sha256).hexdigest()


def shuffle_key(code_of_item: str, blinding_key: str) -> str:
    """Return a sort key that shuffles codes; the order of two codes does not depend on the others."""
    return hmac.new(blinding_key.encode(), f"order\0{code_of_item}".encode(), hashlib.sha256).hexdigest()


class Scrubber:
    """Removes names from texts and figures.

    A word is replaced if it is a name, if one of its parts is a name (``M01_left``), or if it ends like a file name.
    A name made of digits alone, or of one letter, is replaced only after a word such as "animal", because 12 may also
    be a count and A an article.

    Parameters
    ----------
    names : iterable of str
        Names to remove, in any case.
    """

    def __init__(self, names: Iterable[str]) -> None:
        known = {name.casefold() for name in names if name}
        self.numbers = {name for name in known if name.isdigit() or len(name) == 1}
        plain = known - self.numbers
        self.words = {name for name in plain if TOKEN.fullmatch(name)}
        phrases = sorted(plain - self.words, key=len, reverse=True)
        self._patterns = [re.compile(re.escape(phrase), re.IGNORECASE) for phrase in phrases]
        self.words |= {part for name in plain for part in (name.replace("\\", "/").rsplit("/", 1)[-1],) if part}
        self.longest = max((len(SEPARATORS.split(word)) for word in self.words), default=0)
        # Figures of one kind share most of their words and texts.
        self._token = lru_cache(REMEMBERED)(self._scrubbed_token)
        self._remembered = lru_cache(REMEMBERED)(self._scrubbed)

    def text(self, text: str) -> str:
        """Return the text without names."""
        if not text:
            return text
        return self._remembered(text) if len(text) <= REMEMBERED_LETTERS else self._scrubbed(text)

    def svg(self, svg: str) -> str:
        """Return an SVG figure without names, comments, metadata, scripts and links."""
        shown = UNDISPLAYED.sub("", svg)
        lower = shown.lower()
        if any(mark in lower for mark in ACTIVE_MARKS) or HANDLER.search(lower):
            shown = ACTIVE.sub("", shown)
        return DISPLAYED.sub(self._displayed, shown)

    def _scrubbed(self, text: str) -> str:
        for phrase in self._patterns:
            text = phrase.sub(HIDDEN, text)
        if self.numbers:
            text = NUMBERED.sub(self._numbered, text)
        return TOKEN.sub(lambda match: self._token(match[0]), text)

    def _numbered(self, match: re.Match[str]) -> str:
        return match[1] + HIDDEN if match[2].casefold() in self.numbers else match[0]

    def _scrubbed_token(self, token: str) -> str:
        if FILE.search(token):
            return HIDDEN_FILE
        return HIDDEN if self._is_named(token.casefold()) else token

    def _is_named(self, token: str) -> bool:
        if token in self.words:
            return True
        parts = SEPARATORS.split(token)
        if len(parts) == 1:
            return False
        places = [match.span() for match in re.finditer(r"[^._\\/+-]+", token)]
        return any(
            token[start:stop] in self.words
            for first, (start, _) in enumerate(places)
            for _, stop in places[first : first + self.longest]
        )

    def _displayed(self, match: re.Match[str]) -> str:
        if match[1] is not None:
            return f">{self.text(match[1])}<"
        # The letters of an encoded picture are no words.
        shown = match[3] if match[3].startswith("data:image/") else self.text(match[3])
        return f'{match[2]}"{shown}"'


def carries_text(picture: bytes) -> bool:
    """Whether an encoded image holds text besides its pixels (EXIF, XMP, comments, text chunks)."""
    ends = picture[:SEARCHED_BYTES] + picture[-SEARCHED_BYTES:]
    return any(mark in ends for mark in TEXT_MARKS)
