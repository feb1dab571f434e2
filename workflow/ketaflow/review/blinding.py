"""What keeps the review blind: codes that tell nothing, and texts without names.

In: names of recordings and animals, texts and pictures of the checks. Out: the same without any name.
"""

import hashlib
import hmac
import re
from collections.abc import Iterable

# Digits and consonants that are not mistaken for each other, and that spell no word.
LETTERS = "23456789BCDFGHJKMNPQRSTVWXYZ"
HIDDEN = "[name]"
HIDDEN_FILE = "[file]"
TOKEN = re.compile(r"[\w./\\+-]*\w")
FILE = re.compile(
    r"\.(?:avi|bmp|cdf|czi|csv|d|gif|h5|hdf5?|jpe?g|json|lif|m4v|mat|mkv|mov|mp4|mpe?g|nd2|ndpi|nwb|oib|oif|ome|png|raw|"
    r"scn|svs|tar|tiff?|tsv|txt|vsi|webm|webp|wmv|xls|xlsx|xml|ya?ml|zip)$",
    re.IGNORECASE,
)
SEPARATORS = re.compile(r"[._\\/+-]+")
NUMBERED = re.compile(r"\b((?:animal|mouse|rat|recording|subject|cage)s?(?: no\.?| number)? ?#?)(\w+)", re.IGNORECASE)
SHOWN = re.compile(
    r">([^<>]+)<|(\b(?:aria-label|title|id|class|href|clip-path|inkscape:label|data-[\w-]+)=)\"([^\"]*)\""
)
UNSHOWN = re.compile(r"<!--.*?-->|<metadata.*?</metadata>|<\?.*?\?>|<!DOCTYPE[^>]*>", re.DOTALL)
ACTIVE = re.compile(
    r"<script.*?</script>|<foreignObject.*?</foreignObject>|\son\w+=(\"[^\"]*\"|'[^']*')|"
    r"\s(?:xlink:)?href=(\"(?!#|data:image/)[^\"]*\"|'(?!#|data:image/)[^']*')",
    re.DOTALL | re.IGNORECASE,
)


def code(assay: str, recording: str, blinding_key: str) -> str:
    """Code of a recording, such as ``K7QM-2MXD``: the same from run to run, and nothing can be read off it.

    A keyed hash (HMAC-SHA256, RFC 2104) in an alphabet of 28: among 20,000 recordings two share a
    code with a chance of 1 in 1,900.
    """
    keyed = hmac.new(blinding_key.encode(), f"{assay}\0{recording}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(keyed[:16], "big")
    letters = []
    for _ in range(8):
        number, place = divmod(number, len(LETTERS))
        letters.append(LETTERS[place])
    return "".join(letters[:4]) + "-" + "".join(letters[4:])


def shuffle_key(code_of_item: str, blinding_key: str) -> str:
    """What codes are ordered by: a seeded shuffle that does not depend on which other codes there are."""
    return hmac.new(blinding_key.encode(), f"order\0{code_of_item}".encode(), hashlib.sha256).hexdigest()


class Scrubber:
    """Takes names out of texts and pictures.

    A word is replaced where it is a name, where a name is one of its parts (``M01_left``), or where it
    ends like a file. Names made of digits alone are replaced after words such as "animal" only: a
    count of 12 frames is no animal.
    """

    def __init__(self, names: Iterable[str]):
        known = {name.casefold() for name in names if name}
        self.numbers = {name for name in known if name.isdigit()}
        plain = known - self.numbers
        self.words = {name for name in plain if TOKEN.fullmatch(name)}
        self.phrases = sorted(plain - self.words, key=len, reverse=True)
        self.words |= {part for name in plain for part in (name.replace("\\", "/").rsplit("/", 1)[-1],) if part}
        self.longest = max((len(SEPARATORS.split(word)) for word in self.words), default=0)

    def text(self, text: str) -> str:
        """The text without names."""
        if not text:
            return text
        for phrase in self.phrases:
            text = re.sub(re.escape(phrase), HIDDEN, text, flags=re.IGNORECASE)
        if self.numbers:
            text = NUMBERED.sub(self._numbered, text)
        return TOKEN.sub(self._token, text)

    def svg(self, svg: str) -> str:
        """The picture without names, comments, metadata, scripts and addresses."""
        return SHOWN.sub(self._shown, ACTIVE.sub("", UNSHOWN.sub("", svg)))

    def _numbered(self, match: re.Match) -> str:
        return match[1] + HIDDEN if match[2] in self.numbers else match[0]

    def _token(self, match: re.Match) -> str:
        token = match[0]
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

    def _shown(self, match: re.Match) -> str:
        if match[1] is not None:
            return f">{self.text(match[1])}<"
        return f'{match[2]}"{self.text(match[3])}"'


def carries_text(picture: bytes) -> bool:
    """Whether an encoded picture has room for words beside its pixels: EXIF, XMP, comments, text blocks."""
    head = picture[:4096] + picture[-4096:]
    return any(mark in head for mark in (b"EXIF", b"Exif\0", b"XMP ", b"tEXt", b"iTXt", b"zTXt", b"ns.adobe.com"))
