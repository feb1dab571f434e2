"""Titles of EthoVision's exports in English, German, French, Spanish and Dutch, recognised by their stems.

Noldus translates its program, and labs rename its variables. So titles are recognised by the stem of the word for
mobility and by the unit below it, which is not translated. The stems are those of the dictionaries; a translated export
was not available (docs/assays/forced_swim.md).
"""

import re
import unicodedata

# Stems without accents, in lower case.
MOBILITY = ("mobilit", "movilidad", "mobiliteit", "beweglichkeit")
IMMOBILE = ("immob", "inmov", "unbeweg", "onbeweeg", "bewegungslos")
HIGHLY = ("highly", "hoch", "sehr", "stark", "tres ", "fortement", "hautement", "muy", "altamente", "zeer", "hoog")
RECORDING_TIME = (
    "recording time", "aufnahmezeit", "aufzeichnungszeit", "temps d'enregistrement", "tiempo de grabacion",
    "tiempo de registro", "opnametijd", "registratietijd",
)  # fmt: skip
TRIAL_TIME = (
    "trial time", "versuchszeit", "testzeit", "temps d'essai", "temps de l'essai", "tiempo de ensayo",
    "tiempo de prueba", "proeftijd", "testtijd", "triallijd", "trial zeit", "trialzeit", "trialtijd",
)  # fmt: skip
ARENA = ("arena", "arene")
DURATION = ("duration", "dauer", "duree", "duracion", "duur")
LATENCY = ("latency", "latenz", "latence", "latencia", "latentie")
FREQUENCY = ("frequency", "haufigkeit", "frequence", "frecuencia", "frequentie")
# Fields of the header in which a lab writes remarks; fields of treatment, strain or identity are never shown.
NOTES = (
    "note", "comment", "remark", "bemerk", "notiz", "kommentar", "remarque", "commentaire", "nota", "observacion",
    "comentario", "opmerk", "notitie",
)  # fmt: skip
# Limits in the title of a state that a lab made itself, as in '9_ Mobility  AVR 1 sample  SR 5   _18(Immobile)' or
# '9 < Mobility < 18 (Immobile)': the lower one ends immobility.
LIMITS = re.compile(r"^\s*(\d+(?:[.,]\d+)?)\s*[_<≤]")
PARENTHESES = re.compile(r"\(([^()]*)\)\s*$")


def plain(text: str) -> str:
    """Return a title in lower case without accents, its blanks single."""
    letters = unicodedata.normalize("NFKD", text.replace("’", "'").replace("ß", "ss"))
    return " ".join("".join(one for one in letters if not unicodedata.combining(one)).lower().split())


def has_stem(text: str, stems: tuple[str, ...]) -> bool:
    """Return whether a title holds one of the stems."""
    return any(stem in plain(text) for stem in stems)


def state_of(title: str) -> str:
    """Return the mobility state a column stands for: 'immobile', 'mobile' or 'highly_mobile'; empty if it is none."""
    words = PARENTHESES.search(title)
    if words is None or not has_stem(title[: words.start()], MOBILITY):
        return ""
    state = plain(words.group(1)).split(" / ")[0]
    if has_stem(state, IMMOBILE):
        return "immobile"
    if not has_stem(state, ("mobi", "movil", "beweg", "beweeg")):
        return ""
    return "highly_mobile" if has_stem(state + " ", HIGHLY) else "mobile"


def limit_pct(title: str) -> float | None:
    """Return the limit of immobility that the title of a state gives (percent); None if it gives none."""
    found = LIMITS.match(title)
    return float(found.group(1).replace(",", ".")) if found else None
