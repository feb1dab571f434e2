"""Settings and plans that would take the memory, or mean two things, are refused at once with the row."""

import pytest

from ketaflow.core import yaml_files


def read(tmp_path, text):
    path = tmp_path / "settings.yaml"
    path.write_text(text)
    return yaml_files.read(path)


def test_a_plain_file_is_read(tmp_path):
    assert read(tmp_path, "strict: true\na: &x [1, 2]\nb: *x\n") == ({"strict": True, "a": [1, 2], "b": [1, 2]}, [])


def test_an_absent_or_empty_file_holds_nothing(tmp_path):
    assert yaml_files.read(tmp_path / "none.yaml") == (None, [])
    assert read(tmp_path, "") == (None, [])


BOMB = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("strict: true\nstrict: false\n", "'strict' occurs twice"),
        ("a: {b: 1, b: 2}\n", "'b' occurs twice"),
        (BOMB, "aliases expand beyond the limit"),
        ("a: " + "[" * 60 + "]" * 60, "nested more than"),
        ("a: " + "[" * 5000, "nested more than"),
        ("a: " + "9" * 5000, "5000 digits"),
        ("a: [1\n", "not valid YAML"),
        ("a: !!python/object/apply:os.system [ls]", "not valid YAML"),
    ],
    ids=["key", "inner key", "bomb", "nesting", "unclosed nesting", "digits", "syntax", "code"],
)
def test_what_has_two_meanings_or_no_end_is_refused(tmp_path, text, said):
    content, (problem,) = read(tmp_path, text)
    assert content is None
    assert said in problem.found
    assert len(str(problem)) < 300


def test_a_folder_in_its_place_is_refused(tmp_path):
    (tmp_path / "plan.yaml").mkdir()
    _, (problem,) = yaml_files.read(tmp_path / "plan.yaml")
    assert problem.found == "this is no file"
