// The Node SDK against a broker that says what each test needs.

import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { decodeMulti, encode } from '@msgpack/msgpack';
import * as praxa from 'praxa';

const WOKE = {
  trigger: { source: 'cli', event: 'review' },
  input: { repo: 'pay' },
  run: 'rn_01ARZ3NDEKTSV4RRFFQ69G5FAV',
  skill: 'sk_code-review',
  workspace: 'ws_acme',
};

const result = (value) => (id) => encode([1, id, null, value], { useBigInt64: true });
const error = (type, more = {}) => (id) =>
  encode([1, id, { code: -1, type, message: 'no', rule: '', line: 0, field: '', allowed: '',
    retry: false, ...more }, null]);

/** Answers each call by the next of answers: a function of its id; null ends the connection. */
function started(t, ...answers) {
  const dir = mkdtempSync(join(tmpdir(), 'praxa-sdk-'));
  const calls = [];
  const all = [result(WOKE), ...answers];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (data) => {
      for (const [kind, id, method, params] of decodeMulti(data)) {
        assert.equal(kind, 0);
        assert.equal(params.length, 1);
        calls.push([method, params[0]]);
        const answer = all.shift();
        if (!answer) return socket.destroy();
        const reply = answer(id);
        // In pieces: a reader must put them together.
        for (let at = 0; at < reply.length; at += 7) socket.write(reply.subarray(at, at + 7));
      }
    });
  });
  return new Promise((resolve) => {
    server.listen(join(dir, 's'), async () => {
      const socket = connect(join(dir, 's'));
      const run = await praxa.Run.open(socket);
      t.after(() => {
        run.close();
        server.close();
        rmSync(dir, { recursive: true });
      });
      resolve({ run, calls });
    });
  });
}

test('a run knows what woke it', async (t) => {
  const { run, calls } = await started(t);
  assert.deepEqual(run.input, { repo: 'pay' });
  assert.deepEqual(run.trigger, { source: 'cli', event: 'review' });
  assert.deepEqual([run.id, run.skill, run.workspace], [WOKE.run, 'sk_code-review', 'ws_acme']);
  assert.deepEqual(calls, [['run.input', {}]]);
});

test('a tool is called with its arguments', async (t) => {
  const { run, calls } = await started(t, result({ files: [] }));
  assert.deepEqual(await run.tool('git.read.diff', { commit: '1234567' }), { files: [] });
  assert.deepEqual(calls[1],
    ['tool.call', { tool: 'git.read.diff', arguments: { commit: '1234567' } }]);
});

test('memory reads, writes and deletes', async (t) => {
  const found = { found: true, value: { n: 1 }, run: 'rn_x', written_ms: 1700000000000n };
  const { run, calls } = await started(t, result({ found: false }), result({ found: false }),
    result(found), result(found), result(null), result({ existed: true }));
  assert.equal(await run.memory.get('ws/ws_acme/a'), undefined);
  assert.equal(await run.memory.get('ws/ws_acme/a', 7), 7);
  assert.deepEqual(await run.memory.get('ws/ws_acme/a'), { n: 1 });
  assert.deepEqual(await run.memory.fact('ws/ws_acme/a'),
    { key: 'ws/ws_acme/a', value: { n: 1 }, run: 'rn_x', writtenMs: 1700000000000 });
  await run.memory.put('ws/ws_acme/a', [1, null, new Uint8Array([0])]);
  assert.equal(await run.memory.delete('ws/ws_acme/a'), true);
  assert.equal(calls[5][0], 'memory.put');
});

test('no integer loses its last digits', async (t) => {
  const { run } = await started(t, result({ found: true, value: 9007199254740993n, run: 'r',
    written_ms: 1 }), result(null));
  assert.equal(await run.memory.get('ws/ws_acme/a'), 9007199254740993n);
  await run.memory.put('ws/ws_acme/a', 9007199254740993n);
});

test('a long list is read page by page, and stops at its limit', async (t) => {
  const page = (keys, more) =>
    result({ keys: keys.map((key) => ({ key, size: 1, run: 'r', written_ms: 2 })), more });
  const { run, calls } = await started(t, page(['p/a', 'p/b'], true), page(['p/c'], false),
    page(['p/a'], true));
  const all = await run.memory.list('p/', 1000);
  assert.deepEqual(all.map((entry) => entry.key), ['p/a', 'p/b', 'p/c']);
  assert.deepEqual(calls[2], ['memory.list', { prefix: 'p/', limit: 256, after: 'p/b' }]);
  assert.equal((await run.memory.list('p/', 1)).length, 1);
  assert.deepEqual(await run.memory.list('p/', 0), []);
});

test('a decision returns its event, and a log line has a level', async (t) => {
  const { run, calls } = await started(t, result({ event: 'ae_1' }), result(null));
  const event = await run.decide({ reasoning: ['small'], confidence: 0.5,
    alternatives: [{ action: 'approve', score: 1 }] });
  assert.equal(event, 'ae_1');
  assert.deepEqual(calls[1][1], { reasoning: ['small'], confidence: 0.5, output: null,
    alternatives: [{ action: 'approve', score: 1 }] });
  await run.log('hello', 'warning');
  assert.deepEqual(calls[2], ['run.log', { level: 'warning', message: 'hello' }]);
});

test('replies settle their own calls, in whatever order they come', async (t) => {
  const ids = [];
  const later = (id) => (ids.push(id), new Uint8Array());
  const both = (id) => Buffer.concat([result('second')(id), result('first')(ids[0])]);
  const { run } = await started(t, later, both);
  assert.deepEqual(await Promise.all([run.tool('a'), run.tool('b')]), ['first', 'second']);
});

test('an error is thrown by its name with all it says', async (t) => {
  const said = { code: -31009, message: 'not this commit', rule: 'tools.git.read.diff.allow.commit',
    line: 15, field: 'commit', allowed: 'equal to $.commit' };
  const { run } = await started(t, error('ToolArgumentError', said), error('NewError'));
  await assert.rejects(run.tool('git.read.diff'), (caught) => {
    assert(caught instanceof praxa.ToolArgumentError && caught instanceof praxa.PraxaError);
    const { message, code, rule, line, field, allowed } = caught;
    assert.deepEqual({ code, message, rule, line, field, allowed }, said);
    assert.equal(caught.name, 'ToolArgumentError');
    return true;
  });
  // One that this version does not know keeps its name.
  await assert.rejects(run.tools(), { name: 'NewError', type: 'NewError' });
});

test('a message above the limit is not sent, nor what msgpack cannot say', async (t) => {
  const { run, calls } = await started(t, result(null));
  await assert.rejects(run.memory.put('ws/ws_acme/a', 'x'.repeat(1 << 20)), praxa.LimitError);
  await assert.rejects(run.memory.put('ws/ws_acme/a', Symbol('x')), praxa.ProtocolError);
  await run.log('still works');
  assert.deepEqual(calls.map(([method]) => method), ['run.input', 'run.log']);
});

test('a closed door is the end of the run', async (t) => {
  const { run } = await started(t, null);
  await assert.rejects(run.tools(), praxa.RunEndedError);
  await assert.rejects(run.tools(), praxa.RunEndedError);
});

for (const [what, reply] of Object.entries({
  'another id': (id) => encode([1, id + 1, null, 1]),
  'too short': (id) => encode([1, id, null]),
  'a notification': () => encode([2, 'x', {}]),
  'a number': () => encode(7),
  'an error that is no map': (id) => encode([1, id, 'no map', null]),
  'no MessagePack': () => new Uint8Array(8).fill(0xc1),
}))
  test(`a reply that is none is a ProtocolError: ${what}`, async (t) => {
    const { run } = await started(t, reply);
    await assert.rejects(run.tools(), praxa.ProtocolError);
  });
