"""The dependency law: common <- policy <- sandbox <- processes, by includes and by symbols."""

import re
import subprocess

import pytest

import tree

# What a folder may include besides its own headers.
BELOW = {
    "common": (),
    "policy": ("common",),
    "sandbox": ("common", "policy"),
    **{process: ("common", "policy", "sandbox") for process in tree.PROCESSES},
}

# Edges that the law would refuse, each with the reason why it may stand.
EXTRA = {
    ("cli", "audit/archive.h"): "praxa audit export|receipt is for auditors and asks no daemon",
    ("cli", "audit/index.h"): "praxa audit query reads the log by an index; it asks no daemon",
    ("cli", "audit/reader.h"): "praxa audit show|tail reads the log; a reader needs no daemon",
    ("cli", "audit/verify.h"): "praxa audit verify is an auditor's tool and asks no daemon",
    ("cli", "supervisor/enforced.h"): "praxa policy check says beforehand what praxad refuses",
}

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"')


def includes():
    for name in tree.files(".c", ".h"):
        for number, line in tree.lines(name):
            found = INCLUDE.match(line)
            if found:
                yield name, number, found.group(1)


def test_every_project_include_names_its_folder():
    bad = [
        f'{name}:{number}: "{header}"'
        for name, number, header in includes()
        if "/" not in header or header.startswith((".", "/"))
    ]
    assert bad == []


def test_every_include_follows_the_law():
    bad = []
    for name, number, header in includes():
        own, other = tree.folder(name), tree.folder(header)
        if own not in BELOW or other == own or other in BELOW[own]:
            continue
        if (own, header) not in EXTRA:
            bad.append(f'{name}:{number}: {own}/ may not include "{header}"')
    assert bad == []


def test_every_extra_edge_is_in_use():
    used = {(tree.folder(name), header) for name, _, header in includes()}
    assert [edge for edge in EXTRA if edge not in used] == []


def test_only_tests_include_tests():
    bad = [
        f"{name}:{number}"
        for name, number, header in includes()
        if tree.folder(header) == "tests" and tree.folder(name) != "tests"
    ]
    assert bad == []


# What of libcrypto can sign, or holds what signs. What verifies (EVP_DigestVerify, a public key from
# its parts) is not among it.
SIGNING = (
    r"EVP_(DigestSign|Sign|PKEY_(sign|keygen|paramgen|generate|Q_keygen|decrypt|derive|new_raw_private|get_raw_private"
    r"|new_mac|todata))|(PEM_read|d2i|i2d)_.*(Private|PKCS8)|(RSA|ECDSA|EC|DSA)_.*([Ss]ign|private|generate)"
)

# Binary, symbols that it may not contain, and why.
FORBIDDEN = [
    ("praxad", r"msgpack_unpack", "the supervisor decodes no byte that a Skill sent"),
    ("praxa-auditd", r"msgpack_unpack", "the log's writer stores bodies and does not read them"),
    ("praxad", SIGNING, "the supervisor checks signatures and cannot make one"),
    ("praxad", r"SSL_", "the supervisor speaks no TLS"),
    ("praxa-auditd", r"curl_|SSL_", "the log's writer has no network"),
    ("praxa-broker", r"EVP_(DigestSign|PKEY)", "only the log's writer signs"),
    ("praxa-init", r"EVP_|sqlite3_|json_load", "PID 1 of a cell links as little as it can"),
    ("praxad", r"sd_listen_fds|sd_notify", "no daemon links libsystemd (CVE-2024-3094)"),
    ("praxa-broker", r"sd_listen_fds|sd_notify", "no daemon links libsystemd (CVE-2024-3094)"),
    ("praxa-auditd", r"sd_listen_fds|sd_notify", "no daemon links libsystemd (CVE-2024-3094)"),
]


def symbols(binary):
    path = tree.build() / binary
    assert path.is_file(), f"{path} is not built"
    names = set()
    for table in ([], ["-D"]):
        command = ["nm", *table, str(path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        names.update(line.split()[-1].split("@")[0] for line in done.stdout.splitlines() if line)
    return names


@pytest.mark.parametrize("binary, pattern, why", FORBIDDEN)
def test_binary_does_not_contain(binary, pattern, why):
    found = sorted(name for name in symbols(binary) if re.match(pattern, name))
    assert found == [], f"{binary} contains them, but {why}"


@pytest.mark.parametrize("binary", sorted({row[0] for row in FORBIDDEN} | {"praxa"}))
def test_binary_is_hardened(binary):
    path = tree.build() / binary
    command = ["readelf", "-hldW", str(path)]
    head = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert re.search(r"Type:\s+DYN", head), "position-independent"
    assert "GNU_RELRO" in head, "relocations read-only"
    assert re.search(r"BIND_NOW|FLAGS_1.*NOW", head), "bound at start"
    assert re.search(r"GNU_STACK\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+RW\s", head), "no code on the stack"
