"""Which image of a file is meant, where it holds several series, scenes, positions, tiles or time points?

The column ``series`` of the cohort's table names it, by its name in the file or by its number from 1. A file that holds
several images, of which none is named, is refused with their list. Series, scenes and positions are different fields;
time points, tiles or wavelengths of one field are told apart by further steps.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path

from ketaflow.core.errors import IngestError
from ketaflow.core.tables.words import MOST_LISTED

# Axes that are never depth, by the letters of tifffile, nd2 and CZI: what one step along the axis is called.
NOT_DEPTH = {
    "T": "time point", "P": "position", "S": "scene", "M": "mosaic tile", "H": "phase", "B": "block", "V": "view",
    "R": "repetition", "A": "angle", "E": "wavelength", "L": "exposure", "W": "well", "F": "field",
    "G": "illumination",
}  # fmt: skip
TIME = "T"
# Axes whose steps are fields of their own, as series are; along the others, one field is seen again.
FIELDS = "SPWF"


@dataclass(frozen=True)
class Part:
    """One image of a file: a series, at one scene, position, tile and time point of it.

    Attributes
    ----------
    field_name : str
        Name of its series, scene or position, as the file has it; may be empty.
    steps : tuple of str
        What tells it from other images of the same field, such as ``time point 2``.
    size : str
        Its size as a message states it.
    series : int
        Number of its series in the file, from 0.
    at : mapping of str to int
        Its place along each axis that is not depth, from 0.
    """

    field_name: str = ""
    steps: tuple[str, ...] = ()
    size: str = ""
    series: int = 0
    at: Mapping[str, int] = field(default_factory=dict)

    @property
    def field_key(self) -> tuple[int, ...]:
        """Its series, scene and position."""
        return (self.series, *(self.at.get(axis, 0) for axis in FIELDS))


def parts(
    sizes: Mapping[str, int], *, series: int = 0, name: str = "", names: Mapping[str, Sequence[str]] | None = None
) -> list[Part]:
    """List the images of one series.

    Parameters
    ----------
    sizes : mapping of str to int
        Length of each axis, in the order of the file.
    series : int
        Number of the series in the file, from 0.
    name : str
        Its name; may be empty.
    names : mapping of str to sequence of str
        Names of the steps along an axis, where the file gives them.

    Returns
    -------
    list of Part
        One for each step along the axes that are never depth, scenes and positions first; a single one where there are
        none.
    """
    axes = sorted((axis for axis in sizes if axis in NOT_DEPTH), key=lambda axis: axis not in FIELDS)
    several = [axis for axis in axes if sizes[axis] > 1]
    found = []
    for place in product(*(range(sizes[axis]) for axis in axes)):
        at = dict(zip(axes, place, strict=True))
        called = {axis: _step_name(axis, at[axis], (names or {}).get(axis, ())) for axis in several}
        own_field = ", ".join(one for one in (name, *(called[axis] for axis in several if axis in FIELDS)) if one)
        steps = tuple(called[axis] for axis in several if axis not in FIELDS)
        found.append(Part(own_field, steps, _size(sizes), series, at))
    return found


def chosen(path: Path, listed: Sequence[Part], wanted: str | None) -> Part:
    """Choose the image that the table names.

    Parameters
    ----------
    path : Path
        The file, for messages.
    listed : sequence of Part
        All images of the file.
    wanted : str or None
        Name, in any case, or number from 1 of the series, scene or position; of the time point (or tile, ...) in a file
        with one field; ``name, time point 2`` where there are several of both. None where the table names none. A name
        counts before a number.

    Returns
    -------
    Part

    Raises
    ------
    IngestError
        If the file holds several images and none is named, or if it has none of that name or number.
    """
    choices = _choices(listed)
    sought = "" if wanted is None else str(wanted).strip()
    if not sought:
        if len(listed) > 1:
            raise IngestError(
                f"{path.name}: holds {_counts(listed)} ({_listed(choices)}), expected one. {_advice(listed)}"
            )
        return listed[0]
    found = _matching(choices, sought)
    if len(found) == 1:
        return found[0]
    if not found and len(listed) == 1:
        name = f", {listed[0].field_name}" if listed[0].field_name else ""
        raise IngestError(
            f"{path.name}: has no series '{sought}'; it holds one image{name}. Leave the column series empty."
        )
    if not found:
        raise IngestError(
            f"{path.name}: has no series '{sought}'. It holds {_listed(choices)}. Correct the column series: a name, "
            f"or a number from 1 to {len(choices)}."
        )
    if len({part.field_key for part in found}) == 1:
        steps = " or ".join(f"'{sought}, {', '.join(part.steps)}'" for part in (found[0], found[-1]))
        raise IngestError(
            f"{path.name}: series '{sought}' holds {_counts(found)}. Name one of them in the column series, as {steps}."
        )
    numbers = ", ".join(str(number) for number, own in enumerate(choices, start=1) if own[0] in found)
    raise IngestError(
        f"{path.name}: {len(found)} images are named '{sought}'. Enter one of their numbers, {numbers}, in the column "
        "series."
    )


def _choices(listed: Sequence[Part]) -> list[list[Part]]:
    """What a number counts: fields, each with its images; the images themselves where there is one field."""
    fields: dict[tuple[int, ...], list[Part]] = {}
    for part in listed:
        fields.setdefault(part.field_key, []).append(part)
    return list(fields.values()) if len(fields) > 1 else [[part] for part in listed]


def _matching(choices: Sequence[Sequence[Part]], sought: str) -> list[Part]:
    """Images that a name or a number may mean."""
    lower = sought.lower()
    named = [part for own in choices for part in own if lower in _names(part)]
    if named:
        return named
    first, _, steps = lower.partition(",")
    digits = first.strip().removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and 1 <= int(digits) <= len(choices)):
        return []
    own = choices[int(digits) - 1]
    return [part for part in own if not steps or ", ".join(part.steps).lower() == steps.strip()]


def _names(part: Part) -> set[str]:
    """Names of an image in lower case: of its field, of its step, of both."""
    steps = ", ".join(part.steps)
    both = (part.field_name, steps, f"{part.field_name}, {steps}" if part.field_name and steps else "")
    return {name.strip().lower() for name in both if name}


def _step_name(axis: str, step: int, names: Sequence[str]) -> str:
    """Name of a step along an axis: the file's, where that tells the steps apart, else its number."""
    known = len(names) > step and names[step] and list(names).count(names[step]) == 1
    return names[step] if known else f"{NOT_DEPTH[axis]} {step + 1}"


def _size(sizes: Mapping[str, int]) -> str:
    """Size of an image: width and height, planes and channels where there are several."""
    if not {"X", "Y"} <= set(sizes):
        return ""
    more = [f"{sizes[axis]} {word}" for axis, word in (("Z", "planes"), ("C", "channels")) if sizes.get(axis, 1) > 1]
    return ", ".join([f"{sizes['X']} x {sizes['Y']} pixels", *more])


def _counts(listed: Sequence[Part]) -> str:
    """How many series, scenes, positions or time points a file holds."""
    of_series = len({part.series for part in listed})
    if of_series > 1:
        return f"{of_series} series"
    counts = {axis: len({part.at[axis] for part in listed}) for axis in listed[0].at}
    return " x ".join(f"{count} {NOT_DEPTH[axis]}s" for axis, count in counts.items() if count > 1)


def _listed(choices: Sequence[Sequence[Part]]) -> str:
    """Number, name and size of each choice; the size once where all are alike."""
    alike = len({own[0].size for own in choices}) == 1
    shown = []
    for number, own in enumerate(choices[:MOST_LISTED], start=1):
        is_field = len(own) > 1 or len({other[0].field_key for other in choices}) > 1
        name = own[0].field_name if is_field else ", ".join(own[0].steps)
        facts = [*([own[0].size] if own[0].size and not alike else []), *([_counts(own)] if len(own) > 1 else [])]
        more = f" ({', '.join(facts)})" if facts else ""
        shown.append(f"{number}: {name or 'without a name'}{more}")
    each = f"; each {choices[0][0].size}" if alike and choices[0][0].size and len(choices) > 1 else ""
    return ", ".join(shown) + (f", ... up to {len(choices)}" if len(choices) > MOST_LISTED else "") + each


def _advice(listed: Sequence[Part]) -> str:
    """What to do about several images."""
    advice = "Enter the name or number of the one to read in the column series"
    varied = {axis for part in listed for axis, step in part.at.items() if step}
    if varied == {TIME} and len({part.series for part in listed}) == 1:
        return (
            f"{advice}. If they are the planes of a stack, correct the file in Fiji: Image > Properties, exchange the "
            "number of frames with that of slices."
        )
    return f"{advice}, or save each as a file of its own."
