import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from nearsym.envs.yaml_file import read_yaml

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
contents = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner))


@given(contents)
def test_reads_what_yaml_does(content):
    text = yaml.safe_dump(content)
    assert read_yaml(text) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "key", "line"),
    [
        ("seeds: [0]\nseeds: [1]\n", "seeds", 2),
        ("a:\n  - b: 1\n    c: 2\n    b: 3\n", "b", 4),
        ("{a: 1, 'a': 2}", "a", 1),
    ],
)
def test_a_key_given_twice_is_named_with_its_line(text, key, line):
    assert yaml.safe_load(text)  # which YAML itself takes
    with pytest.raises(yaml.MarkedYAMLError, match=f"the key '{key}' is there already, in line") as error:
        read_yaml(text)
    assert error.value.problem_mark.line + 1 == line


def test_keys_of_other_types_and_merged_ones_are_no_repetition():
    assert read_yaml("1: a\n'1': b\n") == {1: "a", "1": "b"}
    merged = "base: &base {a: 1, b: 2}\nother:\n  <<: *base\n  a: 3\n"
    assert read_yaml(merged)["other"] == {"a": 3, "b": 2}
    with pytest.raises(yaml.YAMLError):
        read_yaml("&a {b: *a}")
