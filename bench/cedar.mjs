// Cedar's WebAssembly build, driven line by line by bench/cedar.c.
//
// Input: a line with the policies as a JSON string; then lines of JSON, each a request to keep; then
// lines "ask": the kept requests are decided in turn. Output: "ready", then for each ask a line
// "1 microseconds" (allowed) or "0 microseconds".
import { createInterface } from "node:readline";
import { createRequire } from "node:module";

const require = createRequire(process.argv[2] + "/");
const cedar = require("@cedar-policy/cedar-wasm/nodejs");
const calls = [];
let next = 0;

const input = createInterface({ input: process.stdin });
input.on("line", (line) => {
  if (line === "ask") {
    const call = calls[next++ % calls.length];
    const from = process.hrtime.bigint();
    const answer = cedar.statefulIsAuthorized(call);
    const us = Number(process.hrtime.bigint() - from) / 1000;
    if (answer.type !== "success") throw new Error(JSON.stringify(answer));
    process.stdout.write(`${answer.response.decision === "allow" ? 1 : 0} ${us}\n`);
  } else if (line.startsWith('"')) {
    const parsed = cedar.preparsePolicySet("bench", { staticPolicies: JSON.parse(line) });
    if (parsed.type !== "success") throw new Error(JSON.stringify(parsed));
    process.stdout.write("ready\n");
  } else {
    const { tool, args, trigger } = JSON.parse(line);
    calls.push({
      principal: { type: "Skill", id: "s" },
      action: { type: "Action", id: tool },
      resource: { type: "Workspace", id: "acme" },
      context: { args, trigger },
      preparsedPolicySetId: "bench",
      entities: [],
    });
  }
});
