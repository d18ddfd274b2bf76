"""Reviews one commit by rules. No model is asked: this Skill shows the door, the cell and the record.

It reads its input, asks the broker for the commit's diff, weighs what it finds, remembers how large
commits of this repository usually are, and records its decision with reasons and alternatives.
"""

import re
import sys

import praxa

RISKY = [
    (re.compile(r"(^|/)(\.ci|\.github|\.gitlab-ci)"), "changes what CI runs"),
    (re.compile(r"(^|/)(Dockerfile|Makefile|meson\.build|.*\.service)$"), "changes how it is built or started"),
    (re.compile(r"(seccomp|sandbox|landlock|auth|crypto|vault|policy)", re.I), "touches a security boundary"),
]
SECRETS = [
    (re.compile(r"AKIA[0-9A-Z]{16}"), "an AWS access key"),
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----"), "a private key"),
    (re.compile(r"\bgh[pousr]_[A-Za-z0-9]{36}\b"), "a GitHub token"),
    (re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"), "a Slack token"),
    (re.compile(r"(?i)(password|secret|api_?key)\s*[:=]\s*['\"][^'\"\s]{12,}['\"]"), "a literal that looks like a secret"),
]
SOURCE = re.compile(r"\.(c|h|py|rs|go|js|ts|java)$")
TEST = re.compile(r"(^|/)(tests?|spec)(/|_)|(^|/)test[_-]|_test\.")
LARGE = 400


def is_test(path):
    return TEST.search(path) is not None


def added_lines(patch):
    """Yields (path, line) for each line that the patch adds."""
    path = "?"
    for line in patch.splitlines():
        if line.startswith("+++ "):
            path = line[6:] if line.startswith("+++ b/") else line[4:]
        elif line.startswith("+"):
            yield path, line[1:]


def find_secrets(patch):
    for path, line in added_lines(patch):
        for pattern, what in SECRETS:
            if pattern.search(line) and not is_test(path):
                yield f"{path} adds {what}"
                break


def findings(diff, usual):
    """Answers [(weight, reason)]; a weight of 1 is enough to ask for changes."""
    files = diff["files"]
    added = sum(f["added"] for f in files)
    found = [(1.0, reason) for reason in sorted(set(find_secrets(diff["patch"])))[:5]]
    for path in [f["path"] for f in files]:
        for pattern, why in RISKY:
            if pattern.search(path) and not is_test(path):
                found.append((0.08, f"{path} {why}"))
                break
    if added > LARGE:
        found.append((0.25, f"{added} added lines are more than anybody reads with care (over {LARGE})"))
    if usual and added > 4 * usual:
        found.append((0.1, f"{added} added lines, where this repository's commits usually add {usual}"))
    sources = [f["path"] for f in files if SOURCE.search(f["path"]) and not is_test(f["path"])]
    if sources and not any(is_test(f["path"]) for f in files):
        found.append((0.3, f"{len(sources)} source files change and no test does"))
    if diff["truncated"]:
        found.append((0.2, "the diff is longer than the tool shows; the rest was not read"))
    return found


def decide(found):
    """From weights to a verdict, scores for every alternative, and how sure the rules are."""
    # Many small worries are not one large one: only the largest three of the light ones count.
    heavy = sum(w for w, _ in found if w >= 0.25)
    light = sum(sorted((w for w, _ in found if w < 0.25), reverse=True)[:3])
    worry = min(1.0, heavy + light)
    scores = {
        "approve": round(1.0 - worry, 2),
        "comment": round(1.0 - abs(worry - 0.5) * 2, 2),
        "request_changes": round(worry, 2),
    }
    ranked = sorted(scores.items(), key=lambda item: item[1], reverse=True)
    margin = ranked[0][1] - ranked[1][1]
    return ranked, round(min(0.95, 0.5 + margin / 2), 2)


def learn(run, key, known, added):
    """Keeps a mean of commit sizes; a fact, not a model."""
    count = known["commits"] + 1
    mean = known["mean_added"] + (added - known["mean_added"]) / count
    run.memory.put(key, {"commits": count, "mean_added": round(mean, 1)})


def main():
    run = praxa.Run()
    repo, commit = run.input["repo"], run.input["commit"]
    key = f"ws/{run.workspace}/code-review/{repo}/sizes"
    known = run.memory.get(key) or {"commits": 0, "mean_added": 0}
    diff = run.tool("git.read.diff", commit=commit, context=3)
    print(f"read {len(diff['files'])} files of \"{diff['subject']}\"")

    found = findings(diff, round(known["mean_added"]) if known["commits"] >= 3 else 0)
    ranked, confidence = decide(found)
    verdict = ranked[0][0]
    reasons = [reason for _, reason in found[:20]] or ["small, tested, and nothing in it is risky"]
    learn(run, key, known, sum(f["added"] for f in diff["files"]))
    run.decide(
        reasoning=reasons,
        alternatives=[{"action": action, "score": score} for action, score in ranked],
        confidence=confidence,
        output={"verdict": verdict, "commit": diff["commit"], "subject": diff["subject"], "files": len(diff["files"])},
    )
    print(f"verdict: {verdict}")


if __name__ == "__main__":
    sys.exit(main())
