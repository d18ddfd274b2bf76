// The client: MessagePack-RPC over the run's door (docs/protocol.md).

import { Socket } from 'node:net';
import { Decoder, encode } from '@msgpack/msgpack';
import { LimitError, ProtocolError, RunEndedError, fromWire } from './errors.js';

const DOOR_FD = 3;
const FRAME_BYTES_MAX = 1024 * 1024; // the broker ends a run that sends more in one message
const REPLY_BYTES_MAX = 4 * FRAME_BYTES_MAX;
const PAGE = 256;

// 64-bit integers come as BigInt, so that none loses its last digits; those that a number holds
// exactly become one.
function plain(value) {
  if (typeof value === 'bigint') {
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object' || value instanceof Uint8Array) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

class Door {
  #socket;
  #next = 0;
  #waiting = new Map(); // id: {resolve, reject}
  #ended = null; // why nothing can be asked any more

  constructor(socket) {
    this.#socket = socket;
    socket.on('error', (error) => this.#end(new RunEndedError(`the broker is gone: ${error.message}`)));
    this.#read();
  }

  call(method, params) {
    if (this.#ended !== null) return Promise.reject(this.#ended);
    let data;
    this.#next = (this.#next + 1) >>> 0;
    const id = this.#next;
    try {
      data = encode([0, id, method, [params]], { useBigInt64: true, ignoreUndefined: true });
    } catch (error) {
      return Promise.reject(new ProtocolError(`this cannot be sent: ${error.message}`));
    }
    if (data.length > FRAME_BYTES_MAX)
      return Promise.reject(
        new LimitError(`the message has ${data.length} bytes`, {
          allowed: `at most ${FRAME_BYTES_MAX} bytes`,
        }));
    return new Promise((resolve, reject) => {
      // A program that waits for nothing may end, as it would without a door.
      this.#socket.ref?.();
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(data);
    });
  }

  close() {
    this.#end(new RunEndedError('the door was closed by the Skill'));
    this.#socket.destroy();
  }

  async #read() {
    const decoder = new Decoder({
      useBigInt64: true,
      maxStrLength: REPLY_BYTES_MAX,
      maxBinLength: REPLY_BYTES_MAX,
    });
    try {
      for await (const reply of decoder.decodeStream(this.#socket)) this.#settle(reply);
      this.#end(new RunEndedError('the broker closed the door'));
    } catch (error) {
      this.#end(
        this.#ended ?? (error instanceof ProtocolError
          ? error
          : new ProtocolError(`the broker's reply is malformed: ${error.message}`)));
      this.#socket.destroy();
    }
  }

  #settle(reply) {
    const one = Array.isArray(reply) && reply.length === 4 && reply[0] === 1;
    const call = one ? this.#waiting.get(reply[1]) : undefined;
    if (call === undefined) throw new ProtocolError('the broker sent something that is not a reply');
    this.#waiting.delete(reply[1]);
    if (this.#waiting.size === 0) this.#socket.unref?.();
    if (reply[2] !== null) call.reject(fromWire(plain(reply[2])));
    else call.resolve(plain(reply[3]));
  }

  #end(why) {
    this.#ended ??= why;
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const call of waiting) call.reject(this.#ended);
  }
}

/** Memory facts. Keys look like ws/<workspace>/<namespace>/<name>; the policy says which namespaces
 *  are open. */
export class Memory {
  #door;

  constructor(door) {
    this.#door = door;
  }

  /** The fact with its provenance, or undefined. */
  async fact(key) {
    const found = await this.#door.call('memory.get', { key });
    if (!found.found) return undefined;
    return { key, value: found.value, run: found.run, writtenMs: found.written_ms };
  }

  /** The value, or otherwise where there is none. */
  async get(key, otherwise = undefined) {
    const fact = await this.fact(key);
    return fact === undefined ? otherwise : fact.value;
  }

  /** Writes a value of at most 64 KiB; it is durable when this is fulfilled. */
  async put(key, value) {
    await this.#door.call('memory.put', { key, value });
  }

  /** Deletes; true where there was something. */
  async delete(key) {
    return (await this.#door.call('memory.delete', { key })).existed;
  }

  /** At most limit keys beneath prefix, which ends with a slash, in order. */
  async list(prefix, limit = PAGE) {
    const entries = [];
    let more = limit > 0;
    while (more) {
      const page = await this.#door.call('memory.list', {
        prefix,
        limit: Math.min(limit - entries.length, PAGE),
        after: entries.at(-1)?.key,
      });
      for (const { key, size, run, written_ms: writtenMs } of page.keys)
        entries.push({ key, size, run, writtenMs });
      more = page.more && page.keys.length > 0 && entries.length < limit;
    }
    return entries;
  }
}

/** This run: what woke it, and what it may do. */
export class Run {
  #door;

  /** Connects to the door, fd 3, or to socket, which then belongs to the run. */
  static async open(socket = new Socket({ fd: DOOR_FD, readable: true, writable: true })) {
    const door = new Door(socket);
    return new Run(door, await door.call('run.input', {}));
  }

  /** Use Run.open(). */
  constructor(door, woke) {
    this.#door = door;
    this.input = woke.input;
    this.trigger = woke.trigger;
    this.id = woke.run;
    this.skill = woke.skill;
    this.workspace = woke.workspace;
    this.memory = new Memory(door);
  }

  /** The tools that the policy allows. */
  async tools() {
    return (await this.#door.call('tool.list', {})).tools;
  }

  /** Calls a tool; what it answered. */
  tool(name, args = {}) {
    return this.#door.call('tool.call', { tool: name, arguments: args });
  }

  /** Records a decision; the id of its audit event, which is durable by then. */
  async decide({ reasoning, alternatives, confidence, output }) {
    const decision = { reasoning, alternatives, confidence, output: output ?? null };
    return (await this.#door.call('decision.record', decision)).event;
  }

  /** Records a line: debug, info, warning or error, at most 4096 bytes. */
  async log(message, level = 'info') {
    await this.#door.call('run.log', { level, message });
  }

  /** Closes the door; the run ends when the Skill does. */
  close() {
    this.#door.close();
  }
}
