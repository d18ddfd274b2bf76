import type { Socket } from 'node:net';

/** What travels through the door: JSON's values and bytes; integers that a number cannot hold
 *  exactly are bigint. */
export type Value =
  | null | boolean | number | bigint | string | Uint8Array | Value[] | { [key: string]: Value };

export interface Tool { name: string; summary: string }
export interface Fact { key: string; value: Value; run: string; writtenMs: number }
export interface Entry { key: string; size: number; run: string; writtenMs: number }
export interface Decision {
  reasoning: string[];
  alternatives: { action: string; score: number }[];
  confidence: number;
  output?: Value;
}
export type Level = 'debug' | 'info' | 'warning' | 'error';

export declare class Memory {
  private constructor();
  fact(key: string): Promise<Fact | undefined>;
  get(key: string): Promise<Value | undefined>;
  get<T>(key: string, otherwise: T): Promise<Value | T>;
  put(key: string, value: Value): Promise<void>;
  delete(key: string): Promise<boolean>;
  list(prefix: string, limit?: number): Promise<Entry[]>;
}

export declare class Run {
  private constructor();
  static open(socket?: Socket): Promise<Run>;
  readonly input: Value;
  readonly trigger: { source: string; event: string };
  readonly id: string;
  readonly skill: string;
  readonly workspace: string;
  readonly memory: Memory;
  tools(): Promise<Tool[]>;
  tool(name: string, args?: { [name: string]: Value }): Promise<Value>;
  decide(decision: Decision): Promise<string>;
  log(message: string, level?: Level): Promise<void>;
  close(): void;
}

export interface ErrorFields {
  code?: number; type?: string; rule?: string; line?: number;
  field?: string; allowed?: string; retry?: boolean;
}

export declare class PraxaError extends Error {
  constructor(message: string, fields?: ErrorFields);
  /** JSON-RPC code. */
  readonly code: number;
  readonly type: string;
  /** Rule and line of the policy; '' and 0 where none decided. */
  readonly rule: string;
  readonly line: number;
  /** The argument or parameter at fault. */
  readonly field: string;
  /** What would have been accepted. */
  readonly allowed: string;
  /** The same call may succeed later. */
  readonly retry: boolean;
}

export declare class InternalError extends PraxaError {}
export declare class ProtocolError extends PraxaError {}
export declare class PolicyError extends PraxaError {}
export declare class WorkspaceScopeError extends PraxaError {}
export declare class TriggerNotAllowedError extends PraxaError {}
export declare class SkillPausedError extends PraxaError {}
export declare class SkillDigestError extends PraxaError {}
export declare class ToolNotAllowedError extends PraxaError {}
export declare class ToolArgumentError extends PraxaError {}
export declare class ToolScopeError extends PraxaError {}
export declare class MemoryNamespaceError extends PraxaError {}
export declare class SubAgentDispatchError extends PraxaError {}
export declare class BudgetExceededError extends PraxaError {}
export declare class RateLimitError extends PraxaError {}
export declare class ApprovalRequiredError extends PraxaError {}
export declare class ApprovalDeniedError extends PraxaError {}
export declare class ApprovalExpiredError extends PraxaError {}
export declare class CredentialRefusedError extends PraxaError {}
export declare class CredentialUnavailableError extends PraxaError {}
export declare class AuditUnavailableError extends PraxaError {}
export declare class ConfinementError extends PraxaError {}
export declare class ToolFailedError extends PraxaError {}
export declare class NotFoundError extends PraxaError {}
export declare class LimitError extends PraxaError {}
export declare class RunEndedError extends PraxaError {}
export declare class ModelNotAllowedError extends PraxaError {}

/** The error for an error object of the protocol. */
export declare function fromWire(error: unknown): PraxaError;
