"""The values behind the comparisons, as Prism and Excel read them."""

import dataclasses
import io

import numpy as np
import pandas as pd
import pytest

from ketaflow.report import endpoints, palette, workbooks
from ketaflow.review import decisions

pzfx = pytest.importorskip("pzfx", reason="the package that reads Prism files is not installed")


@pytest.fixture(scope="module")
def shown(study):
    return endpoints.build(study)


@pytest.fixture(scope="module")
def made(study, shown):
    return workbooks.workbooks(shown, palette.arms(study.arms))


@pytest.fixture(scope="module")
def book(made):
    return pd.read_excel(io.BytesIO(made["endpoints.xlsx"]), sheet_name=None, keep_default_na=False)


def test_prism_finds_a_table_for_each_endpoint_with_its_arms_as_columns(study, shown, made, tmp_path):
    path = tmp_path / "endpoints.pzfx"
    path.write_bytes(made["endpoints.pzfx"])
    assert sorted(pzfx.pzfx_tables(str(path))) == sorted(endpoint.name for endpoint in shown)
    table = pzfx.read_pzfx(str(path), table="sucrose")
    assert list(table.columns) == [arm.label for arm in palette.arms(study.arms)]
    endpoint = next(endpoint for endpoint in shown if endpoint.name == "sucrose")
    kept = endpoint.counted_animals
    np.testing.assert_allclose(np.sort(table.to_numpy(float), axis=None)[: len(kept)], np.sort(kept["value"]))


def test_an_excluded_animal_is_in_the_workbook_with_its_reason_and_not_in_the_prism_table(study, shown, book):
    endpoint = next(endpoint for endpoint in shown if endpoint.name == "immobility")
    gone = endpoint.per_animal[endpoint.per_animal["excluded"].ne("")]
    assert len(gone)
    rows = book["immobility"].set_index("animal")
    assert set(rows.index) == set(endpoint.per_animal["animal"])
    assert rows.loc[gone["animal"], "excluded"].str.contains("did not swim at all").all()
    wide = workbooks.by_arm(endpoint, palette.arms(study.arms))
    assert wide.count().sum() == len(endpoint.per_animal) - len(gone)


def test_two_arms_with_the_same_label_have_a_column_each(study, shown):
    alike = palette.arms(study.arms.assign(label="ketamine"))
    wide = workbooks.by_arm(next(one for one in shown if one.name == "sucrose"), alike)
    assert list(wide) == [f"ketamine ({arm.name})" for arm in alike]


def test_dendrites_are_not_counted_as_animals(book):
    assert book["spines"]["animal"].is_unique
    assert book["spines"]["observations"].max() > 1


def test_sheet_names_are_valid_in_excel(study, shown):
    long = "a/very:long*name[of]an endpoint that says all"
    named = [dataclasses.replace(one, name=f"{long} {n}") for n, one in enumerate(shown[:2])]
    made = workbooks.workbooks(named, palette.arms(study.arms))
    names = pd.ExcelFile(io.BytesIO(made["endpoints.xlsx"])).sheet_names
    assert len(names) == 2
    assert all(len(name) <= 31 for name in names)


def test_arms_stay_hidden_until_the_review_that_is_required_is_complete():
    assert decisions.is_open(None, require_review=False)
    assert not decisions.is_open(None, require_review=True)


def test_no_cell_of_a_workbook_is_a_formula():
    import io

    import openpyxl
    import pandas as pd

    from ketaflow.report import workbooks

    book = workbooks._excel({"swim": pd.DataFrame({"animal": ["=1+1", "+2", "@x"], "value": [1.0, 2.0, 3.0]})})
    cells = [cell for row in openpyxl.load_workbook(io.BytesIO(book)).active.iter_rows() for cell in row]
    assert [cell.value for cell in cells if cell.column == 1] == ["animal", "=1+1", "+2", "@x"]
    assert not [cell for cell in cells if cell.data_type == "f"]
