import { ArchiveError, type ErrorCode } from '../core/errors.js';
import type { Decision as PlainDecision, Reason } from '../core/ports.js';
import type { ActRow } from '../policies/schemas/secrecy.js';
import type { AccessPolicy, AccessRow } from './duties.js';
import { levelName } from './level.js';
import { MAC, SCOPE, stateAllows, type MacRule, type ScopeRule } from './rules.js';
import { asWriter, type Subject, type SystemPolicy, type Target } from './subject.js';

export interface Decision extends PlainDecision {
  readonly act: string;
  /** The rows of `access.csv` that let the act through, or the denies that stopped it. Empty: the default, deny. */
  readonly matched: readonly string[];
}

const LAW = { mac: '保密法(2024)第二十一条', scope: '保密法(2024)第二十一条', system: '保密法实施条例(2024)第三十二条', duty: '保密法实施条例(2024)第三十四条', state: '办法第三条', device: '办法第四十二条', inspector: '办法第十条', approval: '保密法(2024)第十六条' };

const reason = (rule: string, passed: boolean, code: ErrorCode, good: string, bad: string, article: string): Reason =>
  ({ rule, passed, code: passed ? null : code, text: passed ? good : bad, article });

/**
 * 访问判定: default deny, a deny overrides, every reason collected. Order of design §3: system level, mandatory rule, need-to-know,
 * duty, state, separation, environment. Without a target the duty alone is decided (lists are then limited by the compiled filter).
 * @throws ArchiveError `E_POLICY_INVALID` for an act that `acts.json` does not name
 */
export function decide(policy: AccessPolicy, system: SystemPolicy, asker: Subject, act: string, what: Target | null): Decision {
  const row = policy.acts.get(act);
  const rows = policy.rows.get(act);
  if (row === undefined || rows === undefined) throw new ArchiveError('E_POLICY_INVALID', { act }, [{ at: 'acts.json', message: `无法识别的操作「${act}」` }]);
  const who = row.write ? asWriter(asker) : asker;
  const aim = row.object === 'none' ? null : what;
  const held = rows.filter(({ duty }) => policy.holds(who, duty, aim === null ? null : aim.fonds ?? ''));
  const permitted = policy.permits(who, act, aim);
  const matched = permitted ? held.filter((one) => one.effect === 'allow' && fits(one, who, aim)) : held.filter(({ effect }) => effect === 'deny');
  const reasons = [
    ...(aim === null ? [] : systemReasons(system, who, aim)),
    ...(aim === null ? [] : ruleReasons(bindingRows(rows, held, matched), who, aim)),
    dutyReason(row, held),
    ...separationReasons(row, policy, who, aim),
  ];
  const around = ['systemLevel', 'separation', 'environment'];
  const allowed = permitted && reasons.every(({ rule, passed }) => passed || !around.includes(rule));
  return { allowed, act, reasons, matched: matched.map(({ text }) => text) };
}

/** What binds the person is what their own rows name; a person without the duty is told what the act asks of anybody. */
function bindingRows(all: readonly AccessRow[], held: readonly AccessRow[], matched: readonly AccessRow[]): readonly AccessRow[] {
  const allows = (rows: readonly AccessRow[]) => rows.filter(({ effect }) => effect === 'allow');
  if (allows(matched).length > 0) return allows(matched);
  return allows(held).length > 0 ? allows(held) : allows(all);
}

export function fits(row: AccessRow, who: Subject, what: Target | null): boolean {
  return what === null || (MAC[row.mac](who, what) && SCOPE[row.scope](who, what) && stateAllows(row.state, what));
}

function systemReasons(system: SystemPolicy, who: Subject, what: Target): Reason[] {
  const unread = what.levelKnown ? '' : '（密级缺失或无法识别，按本机最高密级处理）';
  const device = !system.requireTerminal || (who.terminal.registered && who.terminal.level >= what.level);
  return [
    reason('systemLevel', what.level <= system.level, 'E_CLS_OVER_SYSTEM_LEVEL',
      `客体密级${levelName(what.level)}${unread}，不高于本机保护等级`, `客体密级${levelName(what.level)}高于本机保护等级${levelName(system.level)}`, LAW.system),
    reason('environment', device, 'E_DEVICE_LEVEL', system.requireTerminal ? '终端密级足够' : '本机不限定终端', '终端未登记或密级低于客体，请换用相应密级的终端', LAW.device),
  ];
}

function ruleReasons(rows: readonly AccessRow[], who: Subject, what: Target): Reason[] {
  const once = <T>(words: readonly T[]) => [...new Set(words)];
  return [
    ...once(rows.map(({ mac }) => mac)).map((name) => macReason(name, who, what)),
    ...once(rows.map(({ scope }) => scope)).map((name) => scopeReason(name, who, what)),
    ...once(rows.map(({ state }) => state)).map((name) =>
      reason('state', stateAllows(name, what), 'E_STATE_INVALID', '当前状态允许该操作', '当前状态不允许该操作', LAW.state)),
  ];
}

function macReason(name: MacRule, who: Subject, what: Target): Reason {
  const passed = MAC[name](who, what);
  if (name === 'equals' && MAC.dominates(who, what)) {
    return reason('mac', passed, 'E_MAC_WRITE_DOWN', `会话密级与客体密级同为${levelName(what.level)}`,
      `会话密级${levelName(who.ceiling)}与客体密级${levelName(what.level)}不同，请先切换会话密级`, LAW.mac);
  }
  const why = what.level > who.clearance ? `客体密级${levelName(what.level)}高于本人涉密等级${levelName(who.clearance)}`
    : what.level > who.ceiling ? `客体密级${levelName(what.level)}高于会话密级${levelName(who.ceiling)}，请先切换会话密级` : '不具备该件要求的专项知悉类别';
  return reason('mac', passed, 'E_MAC_READ_UP', '本人涉密等级与会话密级足够', why, LAW.mac);
}

function scopeReason(name: ScopeRule, who: Subject, what: Target): Reason {
  const good = what.level === 0 ? '公开件' : name === 'own' ? '本人经办' : who.emergencies.includes(what.id) ? '应急访问期间准许知悉' : who.openings.includes(what.id) ? '利用申请已批准，在阅览时限内' : '在知悉范围内';
  const bad = name === 'own' ? '不是本人经办' : what.level >= 2 ? '不在知悉范围内，确需知悉请报单位负责人批准' : '不是本部门的内部件，也不在知悉范围内';
  return reason('scope', SCOPE[name](who, what), 'E_NEED_TO_KNOW', good, bad, LAW.scope);
}

function dutyReason(row: ActRow, held: readonly AccessRow[]): Reason {
  const denied = held.some(({ effect }) => effect === 'deny');
  const allowed = held.some(({ effect }) => effect === 'allow');
  return reason('duty', allowed && !denied, 'E_DENIED', `岗位职责包括「${row.name}」`,
    denied ? `本岗位禁止「${row.name}」` : `岗位职责不包括「${row.name}」，可向安全保密管理员申请`, LAW.duty);
}

function separationReasons(row: ActRow, policy: AccessPolicy, who: Subject, what: Target | null): Reason[] {
  const reasons: Reason[] = [];
  if (row.write && policy.holds(who, 'inspector', null)) reasons.push(reason('separation', false, 'E_INSPECTOR_READ_ONLY', '', '检查员只读，不得办理', LAW.inspector));
  if (row.twoPerson && what !== null) {
    const drafter = what.drafter;
    const own = drafter === null || drafter.person === who.person || drafter.tokens.some((token) => who.tokens.includes(token));
    reasons.push(reason('separation', !own, 'E_SOD_SELF_APPROVAL', '审批人与拟定人不是同一人', drafter === null ? '没有登记拟定人，不能审批' : '不得审批本人拟定的事项', LAW.approval));
  }
  return reasons;
}

/** The id of a target that is only about to be made, such as a batch to be opened: there is nothing to hide yet. */
export const NOT_YET_MADE = '';

/** Whether the person may learn that the thing exists at all: whoever may not have it shown, may not. */
export function mayKnowOf(policy: AccessPolicy, system: SystemPolicy, who: Subject, act: string, what: Target): boolean {
  const object = policy.acts.get(act)?.object;
  const show = object === undefined || object === 'none' ? undefined : policy.shownBy[object];
  if (what.id === NOT_YET_MADE) return true;
  return show !== undefined && decide(policy, system, who, show, what).allowed;
}

/**
 * The gate: the decision, or the refusal as the person may see it. Facts carry the true codes for the ledger; a thing the person
 * may not know of answers `E_NOT_FOUND`, exactly as if it were not there.
 * @throws ArchiveError the refusal
 */
export function authorize(policy: AccessPolicy, system: SystemPolicy, who: Subject, act: string, what: Target | null): Decision {
  const decision = decide(policy, system, who, act, what);
  if (decision.allowed) return decision;
  const codes = decision.reasons.flatMap(({ code }) => (code === null ? [] : [code]));
  const hidden = what !== null && !mayKnowOf(policy, system, who, act, what);
  throw new ArchiveError(hidden ? 'E_NOT_FOUND' : outwardCode(codes), { act, codes, matched: decision.matched });
}

/** The code that says most about what to do next; a duty that is missing comes before everything it would have asked for. */
function outwardCode(codes: readonly string[]): ErrorCode {
  const order: readonly ErrorCode[] = ['E_INSPECTOR_READ_ONLY', 'E_DENIED', 'E_SOD_SELF_APPROVAL', 'E_CLS_OVER_SYSTEM_LEVEL', 'E_DEVICE_LEVEL', 'E_MAC_WRITE_DOWN', 'E_STATE_INVALID', 'E_MAC_READ_UP', 'E_NEED_TO_KNOW'];
  return order.find((code) => codes.includes(code)) ?? 'E_DENIED';
}
