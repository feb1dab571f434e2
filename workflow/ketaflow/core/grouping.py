"""Which recordings are read together: the rows of an assay's tables gathered into groups.

In: the tables of a cohort and how an assay groups its rows (``group_by`` in its schema). Out: one group for each file,
part of a file, membrane or animal, with its rows of every table and its files.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

from ketaflow.core.cohort import Cohort, columns_of_type, rows_of
from ketaflow.core.errors import Problem
from ketaflow.core.inputs import Group, recording_name, row_name


def groups(cohort: Cohort, tables_of_assay: dict[str, dict[str, Any]], group_by: dict[str, Any]) -> list[Group]:
    """Gather an assay's rows into groups, in the order of the main table.

    A table with the group's column is split by it; one with ``link`` follows that column of the
    main table; one with ``shared`` goes to every group; rows marked by ``shared_rows`` go to every
    group that agrees in the column ``same`` (a leak-control bottle serves its whole session). Groups that
    share a value of the column ``together`` are one (membranes on one picture), named after the first.
    ``column`` may list several columns: a row is named by the first of them that is filled. ``part`` names a column
    that tells the parts of one file apart (series of an image): each part is a group of its own. ``several_in_file``
    names the rows of a file that several rows share (see ``_name_shared``).
    """
    main = rows_of(cohort.tables[group_by["table"]])
    if several := group_by.get("several_in_file"):
        _name_shared(main, several["file"], several["parts"])
    shared_rows = tables_of_assay[group_by["table"]].get("shared_rows")
    own = [row for row in main if not (shared_rows and row[shared_rows["where"]])]
    gathered: dict[str, Group] = {}
    homes = _Homes(group_by.get("part"))
    names = _group_names(own, group_by)
    for row, name in zip(own, names, strict=True):
        group = gathered.setdefault(name, Group(name))
        group.rows.setdefault(group_by["table"], []).append(row)
        homes.add(row, name)
    if shared_rows:
        _share_rows(gathered, main, shared_rows, group_by["table"])
    for name, schema in tables_of_assay.items():
        if name == group_by["table"] or name not in cohort.tables:
            continue
        link = _link(schema, group_by)
        for row in rows_of(cohort.tables[name]):
            for target in list(gathered) if schema.get("shared") else homes.of(row, link)[:1]:
                gathered[target].rows.setdefault(name, []).append(row)
    _add_animals(cohort, gathered)
    _add_files(gathered, tables_of_assay)
    return list(gathered.values())


def _name_shared(rows: list[dict[str, Any]], file: str, parts: list[list[str]]) -> None:
    """Give each row whose file other rows name as well a cell ``recording``: the file and the row's part of it.

    ``parts`` lists sets of columns; the first set that is filled in a row, joined by ``_``, names its part.
    """
    counts = Counter(row[file] for row in rows if row.get(file))
    for row in rows:
        if counts[row.get(file)] > 1:
            filled = next((columns for columns in parts if all(row.get(column) for column in columns)), [])
            row["recording"] = recording_name(str(row[file]), "_".join(str(row[column]) for column in filled))


class _Homes:
    """Groups by the values of their rows, so that rows of other tables find theirs."""

    def __init__(self, part: str | None) -> None:
        self.part = part
        self._groups: dict[str, dict[Any, dict[str, Any]]] = defaultdict(lambda: defaultdict(dict))

    def add(self, row: Mapping[str, Any], group: str) -> None:
        """Note a row of a group."""
        part = row.get(self.part) if self.part else None
        for column, value in row.items():
            if value is not None:
                self._groups[column][value].setdefault(group, part)

    def of(self, row: Mapping[str, Any], link: str) -> list[str]:
        """Groups that a row of another table may belong to; more than one where it does not name the part."""
        found = self._groups[link].get(row.get(link), {})
        if not self.part:
            return list(found)
        part = row.get(self.part)
        exact = [group for group, own in found.items() if own == part]
        return exact or ([] if part else list(found))


def _link(schema: dict[str, Any], group_by: dict[str, Any]) -> str:
    """The column by which rows of a table belong to a group."""
    by_default = group_by["column"] if isinstance(group_by["column"], str) else group_by["column"][0]
    return str(schema.get("link", by_default))


def part_problems(
    cohort: Cohort, tables_of_assay: dict[str, dict[str, Any]], group_by: dict[str, Any]
) -> list[Problem]:
    """Rows of further tables that do not say, or say wrongly, which part of a file they belong to.

    Parameters
    ----------
    cohort : Cohort
        The cohort.
    tables_of_assay : dict of str to dict
        Schemas of the assay's tables.
    group_by : dict of str to str
        How its rows are gathered, with ``part``.

    Returns
    -------
    list of Problem
        Empty where the assay has no parts.
    """
    part, main = group_by.get("part"), group_by["table"]
    if not part:
        return []
    own = rows_of(cohort.tables[main])
    homes = _Homes(part)
    for row, name in zip(own, _group_names(own, group_by), strict=True):
        homes.add(row, name)
    problems = []
    for name, schema in tables_of_assay.items():
        if name == main or name not in cohort.tables or schema.get("shared") or part not in schema["columns"]:
            continue
        link, table = _link(schema, group_by), cohort.tables[name]
        for number, row in zip(table.index, rows_of(table), strict=True):
            known = [one[part] for one in own if one[link] == row[link]]
            if not known or len(homes.of(row, link)) == 1:
                continue
            named = ", ".join(dict.fromkeys(str(value) for value in known if value)) or "none"
            found = f"'{row[part]}' is not listed" if row[part] else "the cell is empty, and several are listed"
            what = f"{found} for '{row[link]}' in {cohort.files[main]} ({named})"
            remedy = f"Write the {part} as in {cohort.files[main]}"
            problems.append(Problem(cohort.files[name], int(number), part, what, remedy))
    return problems


def _group_names(rows: list[dict[str, Any]], group_by: dict[str, Any]) -> list[str]:
    """The group of each row: its name, or the first that equal values of ``together`` link it to."""
    together = group_by.get("together")
    leader: dict[str, str] = {}

    def lead(name: str) -> str:
        while leader.setdefault(name, name) != name:
            name = leader[name]
        return name

    first_with: dict[str, str] = {}
    names = [row_name(row, group_by["column"], group_by.get("part")) for row in rows]
    for row, own in zip(rows, names, strict=True):
        name = lead(own)
        if together and row[together] is not None:
            leader[name] = lead(first_with.setdefault(row[together], name))
    return [lead(name) for name in names]


def _share_rows(
    gathered: dict[str, Group], main: list[dict[str, Any]], shared_rows: dict[str, Any], table: str
) -> None:
    by_value = defaultdict(list)
    for row in main:
        if row[shared_rows["where"]]:
            by_value[row[shared_rows["same"]]].append(row)
    for group in gathered.values():
        for value in {row[shared_rows["same"]] for row in group.rows[table]}:
            group.rows[table] = group.rows[table] + by_value.get(value, [])


def _add_animals(cohort: Cohort, gathered: dict[str, Group]) -> None:
    by_animal = {row["animal"]: row for row in rows_of(cohort.tables["animals"])}
    for group in gathered.values():
        names = {row["animal"] for rows in group.rows.values() for row in rows if row.get("animal")}
        group.rows["animals"] = [by_animal[name] for name in sorted(names) if name in by_animal]


def _add_files(gathered: dict[str, Group], tables_of_assay: dict[str, dict[str, Any]]) -> None:
    read = {name: schema for name, schema in tables_of_assay.items() if "ingest" in schema.get("stages", ["ingest"])}
    columns = columns_of_type(read, "file")
    for group in gathered.values():
        paths = [row[column] for name, column in columns for row in group.rows.get(name, []) if row.get(column)]
        group.files = list(dict.fromkeys(paths))
