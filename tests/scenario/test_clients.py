"""Clients that people have already, unmodified, through the door of a real run."""

import pathlib
import sys

import pytest

from stack import digest_of

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
from node import NODE, install_sdk  # noqa: E402

NODE_SKILL = """\
import { Run, ToolArgumentError, ToolNotAllowedError } from 'praxa';

const run = await Run.open();
const tools = (await run.tools()).map((tool) => tool.name);
const [first, second] = await Promise.all([
  run.tool('probe.echo', { text: 'one' }), run.tool('probe.echo', { text: 'two' })]);
const refused = [];
for (const attempt of [
  () => run.tool('probe.forbidden', {}),
  () => run.tool('probe.echo', { text: 'longer than ten' })]) {
  try {
    await attempt();
  } catch (error) {
    if (!(error instanceof ToolArgumentError) && !(error instanceof ToolNotAllowedError)) throw error;
    refused.push([error.type, error.rule, error.line > 0]);
  }
}
const key = `ws/${run.workspace}/probe/own/node`;
await run.memory.put(key, { big: 9007199254740993n, list: [1, 2.5, null, 'x'] });
const fact = await run.memory.fact(key);
await run.decide({ reasoning: ['asked'], alternatives: [], confidence: 1,
  output: { input: run.input, tools, first, second, refused, big: fact.value.big, by: fact.run === run.id } });
"""

NVIM_SKILL = """\
import socket
from pynvim.msgpack_rpc import AsyncSession, EventLoop, MsgpackStream, Session


class OpenSocket(EventLoop):  # the transport for a path, on a socket that is connected already
    def _connect_socket(self, sock):
        self._loop.run_until_complete(self._loop.create_unix_connection(self._fact, sock=sock))


door = Session(AsyncSession(MsgpackStream(OpenSocket("socket", socket.socket(fileno=3)))))
door.error_wrapper = lambda error: RuntimeError(error)  # Neovim's own errors are pairs
door.request(b"nvim_set_client_info", "client", {}, "remote", {}, {}, async_=True)
woke = door.request("run.input")
tools = [tool["name"] for tool in door.request("tool.list", {})["tools"]]
answer = door.request("tool.call", {"tool": "probe.echo", "arguments": {"text": "hi"}})
try:
    door.request("tool.call", {"tool": "probe.forbidden"})
    refused = None
except Exception as error:
    refused = str(error)
door.request("run.log", {"level": "info", "message": "from its client"}, async_=True)
door.request("decision.record", {"reasoning": ["asked"], "alternatives": [], "confidence": 1,
             "output": {"input": woke["input"], "tools": tools, "answer": answer, "refused": refused}})
"""

FORBIDDEN = "tools.probe.forbidden"


@pytest.mark.skipif(NODE is None, reason="no Node.js in /usr")
def test_messagepack_of_npm_by_our_sdk(stack):
    bundle = stack.base / "skill"
    install_sdk(bundle)
    (bundle / "skill.js").write_text(NODE_SKILL)
    # V8 reserves address space far beyond what it uses.
    stack.write_policy(
        lambda text: text.replace("/usr/bin/python3, /skill/probe.py", f"{NODE}, /skill/skill.js")
        .replace("profile: python", "profile: node", 1).replace("memory: 512MiB", "memory: 8GiB"))
    done = stack.run({"n": 1})
    assert done.status == 0, done
    output = stack.of("decision")[0]["output"]
    assert output == {
        "input": {"n": 1}, "tools": ["probe.echo", "probe.fail"],
        "first": {"text": "one"}, "second": {"text": "two"},
        "refused": [["ToolNotAllowedError", FORBIDDEN, True],
                    ["ToolArgumentError", "tools.probe.echo.allow.text", True]],
        "big": 9007199254740993, "by": True}
    assert stack.verify().status == 0


def test_the_client_of_neovim(stack):
    pytest.importorskip("pynvim", reason="pynvim is not there")
    (stack.base / "skill" / "nvim.py").write_text(NVIM_SKILL)
    stack.write_policy(lambda text: text.replace("/skill/probe.py", "/skill/nvim.py"))
    done = stack.run({"n": 1})
    assert done.status == 0, done
    output = stack.of("decision")[0]["output"]
    assert output["input"] == {"n": 1} and output["tools"] == ["probe.echo", "probe.fail"], done
    assert "ToolNotAllowedError" in output["refused"] and FORBIDDEN in output["refused"]
    assert [r["method"] for r in stack.of("call.read")].count("run.log") == 1
