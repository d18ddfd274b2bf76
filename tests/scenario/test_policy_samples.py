"""examples/policies: a sample for each feature. Each loads, is laid out, holds what it says of itself,
and together they have every key of the language."""

import json
import pathlib
import re
import subprocess
import tempfile

import pytest
import yaml

from stack import BUILD

ROOT = pathlib.Path(__file__).resolve().parents[2]
SAMPLES = ROOT / "examples" / "policies"
NOT_YET = re.compile(r"^# Not enforced by praxad yet, which refuses this policy: (.+)\.$", re.M)


def samples():
    return sorted(SAMPLES.glob("*.policy.yaml"))


def praxa(*arguments):
    return subprocess.run([BUILD / "praxa", *map(str, arguments)], capture_output=True, text=True)


def unenforced(path):
    """The keys that the sample says praxad does not enforce."""
    said = NOT_YET.search(path.read_text(encoding="utf-8"))
    return said.group(1).split(", ") if said else []


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_a_sample_is_sound_and_says_what_is_not_enforced(path):
    done = praxa("policy", "check", path)
    keys = unenforced(path)
    assert ", sound\n" in done.stdout, done.stderr
    assert done.returncode == (1 if keys else 0), done.stderr
    lines = [line for line in done.stderr.splitlines() if "is not enforced" in line]
    for line in lines:
        assert any(key in line for key in keys), f"the sample does not say: {line}"
    for key in keys:
        assert any(key in line for line in lines), f"praxad enforces {key} by now: say so in the sample"


@pytest.mark.parametrize("path", [path for path in samples() if unenforced(path)], ids=lambda path: path.name)
def test_what_is_not_enforced_does_not_run(path):
    event = yaml.safe_load(path.read_text(encoding="utf-8"))["trigger"][0]["event"]
    with tempfile.TemporaryDirectory(prefix="praxa-") as state:
        done = praxa("run", path, "--event", event, "--input", "{}", "--state", state)
    assert done.returncode == 21 and "PolicyError" in done.stderr, done
    assert "does not enforce" in done.stderr


@pytest.mark.parametrize("path", samples(), ids=lambda path: path.name)
def test_a_sample_is_laid_out_and_has_no_warning(path):
    assert praxa("policy", "format", "--check", path).returncode == 0
    assert praxa("policy", "lint", path).returncode == 0
    assert "# yaml-language-server: $schema=../../docs/policy.schema.json\n" in path.read_text()


def test_the_tests_of_the_samples_pass_and_miss_nothing():
    done = praxa("policy", "test", SAMPLES / "tested.policy.yaml")
    assert done.returncode == 0, done
    assert "mutation score: 100 %" in done.stdout


def resolve(schema, root, path):
    """What a reference leads to. Its keys count once, wherever the table is used."""
    if "$ref" not in schema:
        return schema, path
    name = schema["$ref"].rsplit("/", 1)[1]
    return root["$defs"][name], f"{{{name}}}"


def keys_of_schema(whole):
    """Every path of keys; names of the file's own are a star."""
    todo, walked, keys = [(whole, "")], set(), set()
    while todo:
        schema, path = todo.pop()
        schema, path = resolve(schema, whole, path)
        if id(schema) in walked:
            continue
        walked.add(id(schema))
        todo += [(choice, path) for choice in schema.get("anyOf", [])]
        todo += [(value, f"{path}.{name}") for name, value in schema.get("properties", {}).items()]
        keys |= {f"{path}.{name}" for name in schema.get("properties", {})}
        if isinstance(schema.get("additionalProperties"), dict):
            todo.append((schema["additionalProperties"], f"{path}.*"))
        if "items" in schema:
            todo.append((schema["items"], path))
    return keys


def keys_of_value(value, schema, root, path=""):
    """The same for what a file has."""
    schema, path = resolve(schema, root, path)
    for choice in schema.get("anyOf", []):
        yield from keys_of_value(value, choice, root, path)
    if isinstance(value, list) and "items" in schema:
        for item in value:
            yield from keys_of_value(item, schema["items"], root, path)
    for name, member in value.items() if isinstance(value, dict) else ():
        if name in schema.get("properties", {}):
            yield f"{path}.{name}"
            yield from keys_of_value(member, schema["properties"][name], root, f"{path}.{name}")
        elif isinstance(schema.get("additionalProperties"), dict):
            yield from keys_of_value(member, schema["additionalProperties"], root, f"{path}.*")


@pytest.mark.parametrize("kind, pattern", [("policy", "*.policy.yaml"), ("tools", "*.tools.yaml")])
def test_every_key_of_the_language_is_in_a_sample(kind, pattern):
    schema = json.loads((ROOT / "docs" / f"{kind}.schema.json").read_text())
    used = set()
    for path in SAMPLES.glob(pattern):
        used |= set(keys_of_value(yaml.safe_load(path.read_text(encoding="utf-8")), schema, schema))
    missing = keys_of_schema(schema) - used
    assert missing == set(), "no sample in examples/policies shows these"
