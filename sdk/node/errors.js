// The typed errors of Praxa. The names are those of common/fault.h. Each has what an agent needs to
// correct itself and a person to find the line in the policy.

/** What the broker refused, or what failed on the way to it. */
export class PraxaError extends Error {
  constructor(message, fields = {}) {
    super(message);
    const { code = -31001, type = 'InternalError', rule = '', line = 0 } = fields;
    const { field = '', allowed = '', retry = false } = fields;
    Object.assign(this, { code, type, rule, line, field, allowed, retry });
    this.name = type;
  }
}

const typed = (type, code) =>
  class extends PraxaError {
    constructor(message, fields = {}) {
      super(message, { code, ...fields, type });
    }
  };

export const InternalError = typed('InternalError', -31001);
export const ProtocolError = typed('ProtocolError', -31002);
export const PolicyError = typed('PolicyError', -31003);
export const WorkspaceScopeError = typed('WorkspaceScopeError', -31004);
export const TriggerNotAllowedError = typed('TriggerNotAllowedError', -31005);
export const SkillPausedError = typed('SkillPausedError', -31006);
export const SkillDigestError = typed('SkillDigestError', -31007);
export const ToolNotAllowedError = typed('ToolNotAllowedError', -31008);
export const ToolArgumentError = typed('ToolArgumentError', -31009);
export const ToolScopeError = typed('ToolScopeError', -31010);
export const MemoryNamespaceError = typed('MemoryNamespaceError', -31011);
export const SubAgentDispatchError = typed('SubAgentDispatchError', -31012);
export const BudgetExceededError = typed('BudgetExceededError', -31013);
export const RateLimitError = typed('RateLimitError', -31014);
export const ApprovalRequiredError = typed('ApprovalRequiredError', -31015);
export const ApprovalDeniedError = typed('ApprovalDeniedError', -31016);
export const ApprovalExpiredError = typed('ApprovalExpiredError', -31017);
export const CredentialRefusedError = typed('CredentialRefusedError', -31018);
export const CredentialUnavailableError = typed('CredentialUnavailableError', -31019);
export const AuditUnavailableError = typed('AuditUnavailableError', -31020);
export const ConfinementError = typed('ConfinementError', -31021);
export const ToolFailedError = typed('ToolFailedError', -31022);
export const NotFoundError = typed('NotFoundError', -31023);
export const LimitError = typed('LimitError', -31024);
export const RunEndedError = typed('RunEndedError', -31025);
export const ModelNotAllowedError = typed('ModelNotAllowedError', -31026);

const classes = {
  InternalError, ProtocolError, PolicyError, WorkspaceScopeError, TriggerNotAllowedError,
  SkillPausedError, SkillDigestError, ToolNotAllowedError, ToolArgumentError, ToolScopeError,
  MemoryNamespaceError, SubAgentDispatchError, BudgetExceededError, RateLimitError,
  ApprovalRequiredError, ApprovalDeniedError, ApprovalExpiredError, CredentialRefusedError,
  CredentialUnavailableError, AuditUnavailableError, ConfinementError, ToolFailedError,
  NotFoundError, LimitError, RunEndedError, ModelNotAllowedError,
};

/** The error for an error object of the protocol. A type that this version does not know is a
 *  PraxaError that keeps its name. */
export function fromWire(error) {
  if (error === null || typeof error !== 'object' || Array.isArray(error))
    return new ProtocolError('an error that is no map');
  const { message = '', type = 'InternalError', ...fields } = error;
  const Class = Object.hasOwn(classes, type) ? classes[type] : PraxaError;
  return new Class(String(message), { ...fields, type: String(type) });
}
