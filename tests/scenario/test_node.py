"""A Skill in JavaScript: Node.js under its own profile does what the profile promises."""

import pathlib

import pytest

NODE = next((path for path in ("/usr/bin/node", "/usr/local/bin/node") if pathlib.Path(path).exists()), None)

SKILL = """\
'use strict';
const fs = require('fs'), net = require('net'), path = require('path'), os = require('os');
const child = require('child_process');
const { Worker } = require('worker_threads');

async function main() {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'n'));
  await fs.promises.writeFile(path.join(dir, 'a'), 'text');
  fs.copyFileSync(path.join(dir, 'a'), path.join(dir, 'b'));
  fs.renameSync(path.join(dir, 'b'), path.join(dir, 'c'));
  fs.symlinkSync('a', path.join(dir, 'l'));
  if (fs.readFileSync(path.join(dir, 'l'), 'utf8') !== 'text') throw new Error('files');
  fs.rmSync(dir, { recursive: true });
  console.log('files');

  let sum = 0;
  for (let i = 0; i < 2e7; i++) sum += i % 7;
  console.log('jit', sum);

  await new Promise((done, fail) => {
    const worker = new Worker("require('worker_threads').parentPort.postMessage(1)", { eval: true });
    worker.on('message', done);
    worker.on('error', fail);
  });
  console.log('worker');

  await new Promise((done, fail) => {
    child.execFile('/bin/echo', ['x'], (error, out) => (error ? fail(error) : done(out)));
  });
  console.log('child');

  await new Promise((done) => require('zlib').gzip('a', done));
  await new Promise((done) => setTimeout(done, 5));
  console.log('pool');

  const refused = await new Promise((done) => {
    const socket = net.connect(9, '127.0.0.1');
    socket.on('error', (error) => done(error.code));
  });
  console.log('socket', refused);

  const door = new net.Socket({ fd: 3 });
  door.on('error', () => {});
  door.destroy();
  console.log('door');
}
main().catch((error) => { console.log(String(error)); process.exit(9); });
"""


@pytest.mark.skipif(NODE is None, reason="no Node.js in /usr")
def test_node_runs_under_its_profile(stack):
    (stack.base / "skill" / "skill.js").write_text(SKILL)
    # V8 reserves address space far beyond what it uses.
    stack.write_policy(
        lambda text: text.replace("/usr/bin/python3, /skill/probe.py", f"{NODE}, /skill/skill.js")
        .replace("profile: python", "profile: node")
        .replace("memory: 512MiB", "memory: 8GiB")
    )
    done = stack.run({})
    assert [record["exit_code"] for record in stack.of("run.ended")] == [0], done
    for line in ("files", "worker", "child", "pool", "socket EPERM", "door"):
        assert line in done.err, done
