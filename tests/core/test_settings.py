"""Settings: defaults once, the cohort's own on top, misspellings refused with the nearest right key."""

import pytest

from ketaflow.core import settings

BLOCK = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "quantify": {
            "type": "object",
            "additionalProperties": False,
            "properties": {
                "min_bout_s": {"type": "number", "exclusiveMinimum": 0, "default": 1.0, "description": "Shortest bout"},
                "scoring_window_s": {
                    "type": "array", "minItems": 2, "maxItems": 2, "items": {"type": "number"}, "default": [120, 360],
                    "description": "Scored part",
                },
            },
        }
    },
}  # fmt: skip
SCHEMA = settings.study_schema({"swim": BLOCK})


def faults(given: dict) -> list[str]:
    return [
        f"{fault.column}: {fault.found}. {fault.remedy}" for fault in settings.problems(given, SCHEMA, "settings.yaml")
    ]


def test_defaults_fill_what_is_not_given():
    filled = settings.with_defaults({"swim": {"quantify": {"min_bout_s": 2}}}, SCHEMA)
    assert filled["swim"]["quantify"] == {"min_bout_s": 2, "scoring_window_s": [120, 360]}
    assert filled["strict"] is False


def test_filling_never_alters_what_was_given_nor_the_schema():
    given = {"swim": {}}
    first = settings.with_defaults(given, SCHEMA)
    first["swim"]["quantify"]["scoring_window_s"].append(7)
    assert given == {"swim": {}}
    assert settings.with_defaults({}, SCHEMA)["swim"]["quantify"]["scoring_window_s"] == [120, 360]


def test_merging_goes_level_by_level():
    base = {"swim": {"quantify": {"min_bout_s": 1, "x": 2}}, "strict": False}
    change = {"swim": {"quantify": {"min_bout_s": 3}}}
    assert settings.merged(base, change) == {"swim": {"quantify": {"min_bout_s": 3, "x": 2}}, "strict": False}
    assert base["swim"]["quantify"]["min_bout_s"] == 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"swim": {"quantify": {"min_bouts": 1}}}, "swim.quantify.min_bouts: there is no such setting. Did you mean"),
        ({"swim": {"quantify": {"min_bouts": 1}}}, "'min_bout_s'?"),
        ({"strct": True}, "strct: there is no such setting. Did you mean 'strict'?"),
        ({"swim": {"quantify": {"min_bout_s": 0}}}, "The value must be greater than 0"),
        ({"swim": {"quantify": {"min_bout_s": "one"}}}, "Expected number"),
        ({"swim": {"quantify": {"scoring_window_s": [120]}}}, "At least 2 values are needed"),
        ({"strict": "yes"}, "Expected boolean"),
    ],
)  # fmt: skip
def test_a_fault_says_where_what_and_what_to_do(given, said):
    assert any(said in fault for fault in faults(given))


def test_all_faults_come_at_once():
    assert len(faults({"strct": 1, "swim": {"quantify": {"min_bout_s": -1, "wrong": 0}}})) == 3


def test_a_broken_yaml_file_names_its_line(tmp_path):
    path = tmp_path / "settings.yaml"
    path.write_text("swim:\n  quantify: [1,\nstrict: true\n")
    content, found = settings.read(path)
    assert content == {}
    assert found[0].row >= 2


@pytest.mark.parametrize("text", ["- 1\n- 2\n", "just words"])
def test_a_file_without_settings_is_a_problem(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    assert settings.read(path)[1]


def test_no_settings_file_is_no_problem(tmp_path):
    assert settings.read(tmp_path / "settings.yaml") == ({}, [])


def test_words_of_the_command_line_become_the_numbers_they_mean():
    given = {
        "strict": "true",
        "results": "2024",
        "swim": {"quantify": {"min_bout_s": "0.6", "scoring_window_s": ["0", "420"]}},
    }
    found = settings.typed(given, SCHEMA)
    assert found == {
        "strict": True,
        "results": "2024",
        "swim": {"quantify": {"min_bout_s": 0.6, "scoring_window_s": [0, 420]}},
    }
    assert not settings.problems(found, SCHEMA, "config.yaml")
