"""What an auditor takes away verifies without Praxa: only SHA-256 and Ed25519, from the
specifications of C2SP (tlog-tiles, tlog-proof, signed-note) and RFC 6962."""

import base64
import hashlib
import re
import subprocess

import msgpack
import pytest

from stack import PATIENCE, WORKSPACE, Finished

SPKI_ED25519 = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, before the 32 bytes


def leaf_hash(entry):
    return hashlib.sha256(b"\0" + entry).digest()


def root_of(hashes):
    if not hashes:
        return hashlib.sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    split = 1
    while split * 2 < len(hashes):
        split *= 2
    return hashlib.sha256(b"\1" + root_of(hashes[:split]) + root_of(hashes[split:])).digest()


def path_of(index):
    text = f"{index:03d}"
    text = text.zfill(-(-len(text) // 3) * 3)
    groups = [text[i : i + 3] for i in range(0, len(text), 3)]
    return "/".join([f"x{group}" for group in groups[:-1]] + groups[-1:])


def check_note(note, vkey, place):
    """The signed text's lines, after its signature verified under openssl."""
    name, key_id, key = vkey.strip().split("+", 2)
    text, signatures = note.rsplit("\n\n", 1)
    text += "\n"
    raw = base64.b64decode(key)
    assert hashlib.sha256(f"{name}\n".encode() + raw).digest()[:4].hex() == key_id
    line = next(s for s in signatures.splitlines() if s.startswith(f"— {name} "))
    signature = base64.b64decode(line.split(" ")[2])
    assert signature[:4].hex() == key_id
    for file, data in (("key", SPKI_ED25519 + raw[1:]), ("text", text.encode()), ("sig", signature[4:])):
        (place / file).write_bytes(data)
    subprocess.run(
        ["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", place / "key",
         "-rawin", "-in", place / "text", "-sigfile", place / "sig"],
        check=True, capture_output=True)
    origin, size, root = text.splitlines()[:3]
    assert origin == name
    return int(size), base64.b64decode(root)


def entries_of(folder, size):
    for bundle in range(-(-size // 256)):
        width = min(256, size - bundle * 256)
        path = folder / "tile" / "entries" / path_of(bundle)
        data = (path if width == 256 else path.with_name(path.name + ".p") / str(width)).read_bytes()
        for _ in range(width):
            length = int.from_bytes(data[:2], "big")
            yield data[2 : 2 + length]
            data = data[2 + length :]
        assert data == b""


@pytest.fixture
def place(stack):
    """A folder that goes with the stack's."""
    path = stack.base / "place"
    path.mkdir()
    return path


WORK = {"calls": [["tool.call", {"tool": "probe.echo", "arguments": {"text": "hi"}}]]}


def log_of(stack):
    return stack.state / "audit" / WORKSPACE


def praxa(stack, *arguments):
    done = subprocess.run(stack.command(*arguments), capture_output=True, text=True, timeout=PATIENCE)
    return Finished(done.returncode, done.stdout, done.stderr)


def test_an_export_is_the_log_to_a_verifier_that_knows_nothing_of_us(stack, place):
    assert stack.run(WORK).status == 0
    out = place / "export"
    done = praxa(stack, "audit", "export", "--log", log_of(stack), "--to", out)
    assert done.status == 0, done
    vkey = (log_of(stack) / "log.vkey").read_text()
    assert (out / "policy").read_text() == f"log {vkey.strip()}\nquorum none\n"
    size, root = check_note((out / "checkpoint").read_text(), vkey, place)
    entries = list(entries_of(out, size))
    hashes = [leaf_hash(entry) for entry in entries]
    assert len(entries) == size and root_of(hashes) == root
    # The tile of hashes says the same, and the records are MessagePack.
    assert (out / "tile" / "0" / "000.p" / str(size)).read_bytes() == b"".join(hashes)
    records = [msgpack.unpackb(entry) for entry in entries]
    assert [record["index"] for record in records] == list(range(size))
    assert {"run.admitted", "call.intent", "decision", "run.ended"} <= {r["kind"] for r in records}


def test_an_export_never_writes_into_a_folder_that_is_there(stack, place):
    assert stack.run(WORK).status == 0
    done = praxa(stack, "audit", "export", "--log", log_of(stack), "--to", place)
    assert done.status != 0 and "is there already" in done.err, done
    assert list(place.iterdir()) == []


def test_a_receipt_proves_its_record_and_no_other(stack, place):
    assert stack.run(WORK).status == 0
    key = log_of(stack) / "log.vkey"
    events = [event["auditEventId"] for event in stack.records()]
    for event in events:
        done = praxa(stack, "audit", "receipt", event, "--log", log_of(stack), "--to", place)
        assert done.status == 0, done

    def check(proof, entry):
        return praxa(stack, "audit", "check-receipt", place / f"{proof}.tlog-proof",
                     "--entry", place / f"{entry}.entry", "--key", key)

    for event in events:
        done = check(event, event)
        assert done.status == 0 and event in done.out, done
    done = check(events[0], events[1])
    assert done.status != 0 and "another" in done.err, done
    # By the specification, without Praxa.
    proof = (place / f"{events[3]}.tlog-proof").read_text()
    head, note = proof.split("\n\n", 1)
    first, index, *path = head.splitlines()
    assert first == "c2sp.org/tlog-proof@v1" and index == "index 3"
    size, root = check_note(note, key.read_text(), place)
    node = leaf_hash((place / f"{events[3]}.entry").read_bytes())
    at, last = 3, size - 1
    for line in path:
        sibling = base64.b64decode(line)
        if at & 1 or at == last:
            node = hashlib.sha256(b"\1" + sibling + node).digest()
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + sibling).digest()
        at, last = at >> 1, last >> 1
    assert last == 0 and node == root


def test_a_record_that_is_not_there_has_no_receipt(stack, place):
    assert stack.run(WORK).status == 0
    missing = "ae_01ARZ3NDEKTSV4RRFFQ69G5FAV"
    done = praxa(stack, "audit", "receipt", missing, "--log", log_of(stack), "--to", place)
    assert done.status != 0 and re.search("no record ae_", done.err), done
    done = praxa(stack, "audit", "receipt", "nonsense", "--log", log_of(stack), "--to", place)
    assert done.status != 0 and "auditEventId" in done.err, done
    assert list(place.iterdir()) == []
