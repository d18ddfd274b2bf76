"""The JSON Schema for editors, asked of a validator that knows nothing of Praxa: what loads fits,
and what does not load mostly does not."""

import json
import os
import pathlib
import subprocess

import jsonschema
import pytest
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
BAD = ROOT / "tests" / "policy" / "bad"
SHIPPED = {"policy": "docs/policy.schema.json", "tools": "docs/tools.schema.json"}

# Bad files that fit: what no schema of a single file sees, by the reason.
UNSEEN = {
    "needs another file": """
        approval-argument approval-never approval-tool-denied
        manifest-missing pin-other subagent-grant-denied subagent-grant-unknown
        tool-absent-required tool-argument tool-each-item tool-each-scalar
        tool-eq-type tool-glob-number tool-in-enum tool-len-outside tool-no-manifest
        tool-range-outside tool-required tool-type-other tool-unknown
    """,
    "needs to compare two places of the file": """
        approval-both approval-nobody
        budget-run-above-day llm-no-budget llm-no-region llm-region-of-none
        manifest-integration.tools manifest-twice pin-twice
        schema-bounds.tools schema-effect.tools schema-enum.tools schema-required.tools subagent-grant-twice
        test-args test-event test-no-event test-nothing test-two test-depth test-grant
        test-no-provider test-region test-used tool-absent-and
        tool-limits-denied tool-no-operator tool-range-empty tool-why trigger-operators
    """,
    "needs arithmetic or a grammar": """
        approval-expires bundle-program limit-range llm-model-glob llm-no-models memory-stars memory-variable-behind memory-variable-mixed
        memory-variable-name memory-variable-near retention schema-deep.tools test-values-many
        tool-glob-class tool-glob-stars
    """,
    "is gone when YAML has become JSON": """
        scalar-exponent tool-eq-ambiguous yaml-anchor yaml-duplicate yaml-duplicate-quoted
        test-value-ambiguous test-value-empty test-value-key
        yaml-escape-hidden yaml-escape-nul yaml-merge yaml-tag
    """,
}
UNSEEN_FILES = {f"{name}.yaml" for names in UNSEEN.values() for name in names.split()}


def kind_of(path):
    return "tools" if path.name.endswith(".tools.yaml") else "policy"


def printed(kind):
    praxa = pathlib.Path(os.environ["PRAXA_BUILD"]) / "praxa"
    return subprocess.run(
        [praxa, "policy", "schema", kind], check=True, capture_output=True, text=True
    ).stdout


@pytest.fixture(scope="module")
def validators():
    made = {}
    for kind in SHIPPED:
        schema = json.loads(printed(kind))
        jsonschema.Draft202012Validator.check_schema(schema)
        made[kind] = jsonschema.Draft202012Validator(schema)
    return made


def fits(validator, path):
    """Whether a file is, to an editor, without fault."""
    try:
        return validator.is_valid(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (yaml.YAMLError, UnicodeDecodeError, ValueError):
        return False


def good_files():
    return sorted(
        path
        for folder in ("tests/policy/good", "examples")
        for path in (ROOT / folder).rglob("*.yaml")
    )


def bad_files():
    return sorted(BAD.glob("*.yaml"))


@pytest.mark.parametrize("kind", SHIPPED)
def test_the_shipped_schema_is_the_printed_one(kind):
    assert (ROOT / SHIPPED[kind]).read_text(encoding="utf-8") == printed(kind)


@pytest.mark.parametrize("path", good_files(), ids=lambda path: path.name)
def test_what_loads_fits(validators, path):
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    validators[kind_of(path)].validate(value)


@pytest.mark.parametrize("path", bad_files(), ids=lambda path: path.name)
def test_what_does_not_load_does_not_fit_unless_it_is_listed(validators, path):
    assert fits(validators[kind_of(path)], path) == (path.name in UNSEEN_FILES)


def test_the_schema_sees_most_of_what_does_not_load():
    names = {path.name for path in bad_files()}
    assert UNSEEN_FILES <= names, "listed, but not there"
    assert len(UNSEEN_FILES) < len(names) / 2
