import { newEnforcer, newModelFromString, type Enforcer, type RoleManager } from 'casbin';
import { ArchiveError, type ErrorDetail } from '../core/errors.js';
import type { ActRow, ActsFile, DutiesFile, Duty, DutyRow } from '../policies/schemas/secrecy.js';
import { MAC, SCOPE, STATE, isMacRule, isScopeRule, isStateRule, stateAllows, type MacRule, type ScopeRule, type StateRule } from './rules.js';
import type { Subject, Target } from './subject.js';

/** One row of `access.csv`, every word of it known. */
export interface AccessRow {
  readonly duty: Duty;
  readonly act: string;
  readonly mac: MacRule;
  readonly scope: ScopeRule;
  readonly state: StateRule;
  readonly effect: 'allow' | 'deny';
  /** The row as it is quoted in the ledger. */
  readonly text: string;
}

/** One row of `conflicts.csv`: two duties one natural person may not hold (`global`) or not use in one matter (`matter`). */
export interface Conflict { readonly a: Duty; readonly b: Duty; readonly scope: 'global' | 'matter'; readonly reason: string }

export interface AccessPolicy {
  readonly duties: ReadonlyMap<Duty, DutyRow>;
  readonly acts: ReadonlyMap<string, ActRow>;
  readonly rows: ReadonlyMap<string, readonly AccessRow[]>;
  readonly conflicts: readonly Conflict[];
  /** By kind of object, the act whose permission lets a person know that a thing exists. */
  readonly shownBy: Readonly<Record<string, string>>;
  /** Whether the duty is held in the fonds; `null` asks for any fonds, `''` for a thing whose fonds cannot be read: nobody's. */
  holds(who: Subject, duty: Duty, fonds: string | null): boolean;
  /** Casbin's answer, remembered per duties held, act and outcome of the named rules. */
  permits(who: Subject, act: string, what: Target | null): boolean;
}

export interface PolicySources {
  readonly model: string;
  readonly access: string;
  readonly conflicts: string;
  readonly duties: DutiesFile;
  readonly acts: ActsFile;
}

/**
 * Reads the access policy with suspicion: Casbin alone takes a row without effect for an allow, loses a `Deny` with a capital and
 * drops a misspelt section, all silently.
 * @throws ArchiveError `E_POLICY_INVALID` with every place that is wrong
 */
export async function loadPolicy(sources: PolicySources): Promise<AccessPolicy> {
  const wrong: ErrorDetail[] = [];
  const duties = new Map(sources.duties.duties.map((row) => [row.key, row]));
  const acts = new Map(sources.acts.acts.map((row) => [row.act, row]));
  if (duties.size !== sources.duties.duties.length) wrong.push({ at: 'duties.json', message: '岗位重复' });
  if (acts.size !== sources.acts.acts.length) wrong.push({ at: 'acts.json', message: '操作重复' });
  checkModel(sources.model, wrong);
  const rows = accessRows(sources.access, duties, acts, wrong);
  const conflicts = conflictRows(sources.conflicts, duties, wrong);
  const byAct = new Map<string, AccessRow[]>();
  for (const row of rows) byAct.set(row.act, [...(byAct.get(row.act) ?? []), row]);
  for (const act of acts.keys()) if (!byAct.has(act)) wrong.push({ at: 'access.csv', message: `操作「${act}」没有任何权限行` });
  for (const show of Object.values(sources.acts.shownBy)) if (!acts.has(show)) wrong.push({ at: 'acts.json', message: `无法识别的操作「${show}」` });
  if (wrong.length > 0) throw new ArchiveError('E_POLICY_INVALID', { places: wrong.length }, wrong);
  const enforcers = new Map<string, Enforcer>();
  for (const [act, own] of byAct) enforcers.set(act, await enforcerOf(sources.model, own));
  return { duties, acts, rows: byAct, conflicts, shownBy: sources.acts.shownBy, holds, permits: remembered(enforcers) };
}

/** The cells of each line that is not blank and not a comment, with its number. No quoting: a quote is an unknown word. */
function lines(text: string): { readonly cells: readonly string[]; readonly at: number }[] {
  return text.replace(/^\uFEFF/u, '').split(/\r?\n/u)
    .map((line, index) => ({ cells: line.split(',').map((cell) => cell.trim()), at: index + 1, line: line.trim() }))
    .filter(({ line }) => line !== '' && !line.startsWith('#'));
}

function accessRows(text: string, duties: ReadonlyMap<string, DutyRow>, acts: ReadonlyMap<string, ActRow>, wrong: ErrorDetail[]): AccessRow[] {
  const rows: AccessRow[] = [];
  const seen = new Set<string>();
  for (const { cells, at } of lines(text)) {
    const refuse = (message: string) => { wrong.push({ at: `access.csv:${at}`, message }); };
    const [p = '', duty = '', act = '', mac = '', scope = '', state = '', effect = ''] = cells;
    const known = duties.get(duty);
    const row = acts.get(act);
    if (cells.length !== 7 || p !== 'p') { refuse('应为 7 格: p, 岗位, 操作, 密级规则, 范围规则, 状态规则, 效果'); continue; }
    if (known === undefined) { refuse(`无法识别的岗位「${duty}」`); continue; }
    if (row === undefined) { refuse(`无法识别的操作「${act}」`); continue; }
    if (!isMacRule(mac) || !isScopeRule(scope) || !isStateRule(state)) {
      refuse(`无法识别的规则「${!isMacRule(mac) ? mac : !isScopeRule(scope) ? scope : state}」`); continue;
    }
    if (effect !== 'allow' && effect !== 'deny') { refuse(`无法识别的效果「${effect}」`); continue; }
    const bare = mac === '*' && scope === '*' && state === '*';
    if (effect === 'deny' && !bare) { refuse('禁止行不得附条件'); continue; }
    if (effect === 'allow' && row.object === 'none' && !bare) { refuse('该操作没有客体，不得附规则'); continue; }
    if (effect === 'allow' && row.object !== 'none' && (mac === '*' || scope === '*')) { refuse('该操作有客体，须指明密级规则和范围规则'); continue; }
    if (effect === 'allow' && row.object !== 'none' && known.kind === 'implicit') { refuse('有客体的操作不得授予全体登录人员'); continue; }
    if (effect === 'allow' && row.write && duty === 'inspector') { refuse('检查员不得有写操作'); continue; }
    const words = [duty, act, mac, scope, state, effect].join(', ');
    if (seen.has(words)) { refuse('重复的行'); continue; }
    seen.add(words);
    rows.push({ duty: known.key, act, mac, scope, state, effect, text: words });
  }
  return rows;
}

function conflictRows(text: string, duties: ReadonlyMap<string, DutyRow>, wrong: ErrorDetail[]): Conflict[] {
  const rows: Conflict[] = [];
  const seen = new Set<string>();
  for (const { cells, at } of lines(text)) {
    const refuse = (message: string) => { wrong.push({ at: `conflicts.csv:${at}`, message }); };
    const [first = '', second = '', scope = '', why = ''] = cells;
    const [a, b] = [duties.get(first), duties.get(second)];
    const pair = [first, second].sort().join(' ');
    if (cells.length !== 4 || why === '') refuse('应为 4 格: 岗位, 岗位, 范围, 理由');
    else if (a === undefined || b === undefined || a.kind === 'implicit' || b.kind === 'implicit') refuse(`无法识别的岗位「${a === undefined ? first : second}」`);
    else if (scope !== 'global' && scope !== 'matter') refuse(`无法识别的范围「${scope}」`);
    else if (first === second || seen.has(pair)) refuse('岗位与自身互斥，或重复的行');
    else {
      seen.add(pair);
      rows.push({ a: a.key, b: b.key, scope, reason: why });
    }
  }
  const box = [...duties.values()].filter(({ kind }) => kind === 'box').map(({ key }) => key);
  const clash = (x: Duty, y: Duty) => rows.some(({ a, b, scope }) => scope === 'global' && ((a === x && b === y) || (a === y && b === x)));
  for (const x of box) for (const { key: y, kind } of duties.values()) {
    if (x !== y && kind !== 'implicit' && !clash(x, y)) wrong.push({ at: 'conflicts.csv', message: `三员「${x}」与「${y}」须互斥` });
  }
  return rows;
}

/** The only model the box starts with: sections, definitions and matcher terms, each exactly once. No operator but `&&` and `==`. */
const MODEL: Readonly<Record<string, string>> = {
  request_definition: 'r = sub, fonds, act, obj',
  policy_definition: 'p = duty, act, mac, scope, state, eft',
  role_definition: 'g = _, _, _',
  policy_effect: 'e = some(where (p.eft == allow)) && !some(where (p.eft == deny))',
  matchers: 'm = g(r.sub.held, p.duty, r.fonds) && r.act == p.act && mac(r.sub, r.obj, p.mac) && scope(r.sub, r.obj, p.scope) && state(r.obj, p.state)',
};

function checkModel(text: string, wrong: ErrorDetail[]): void {
  const found = text.split(/\r?\n/u).map((line) => line.trim()).filter((line) => line !== '' && !line.startsWith('#'));
  const wanted = Object.entries(MODEL).flatMap(([section, definition]) => [`[${section}]`, definition]);
  found.forEach((line, index) => {
    if (line !== wanted[index]) wrong.push({ at: 'access.model.conf', message: `无法识别的规则「${line}」` });
  });
  if (found.length < wanted.length) wrong.push({ at: 'access.model.conf', message: `缺少「${wanted[found.length] ?? ''}」` });
}

const heldIn = (held: string, duty: string, fonds: string | null): boolean =>
  held.split(' ').some((word) => word === `${duty}@*` || (fonds === null ? word.startsWith(`${duty}@`) : word === `${duty}@${fonds}`));

const holds = (who: Subject, duty: Duty, fonds: string | null): boolean => fonds !== '' && heldIn(who.held, duty, fonds);

/** RBAC with domains: the link between a person's grants and a duty in a fonds, read from the request, so that a revoked grant ends at once. */
class GrantLinks implements RoleManager {
  syncedHasLink(held: string, duty: string, fonds?: string): boolean {
    return fonds !== undefined && fonds !== NO_FONDS && heldIn(held, duty, fonds === ANY_FONDS ? null : fonds);
  }
  hasLink(held: string, duty: string, fonds?: string): Promise<boolean> { return Promise.resolve(this.syncedHasLink(held, duty, fonds)); }
  clear(): Promise<void> { return Promise.resolve(); }
  addLink(): Promise<void> { return Promise.reject(new ArchiveError('E_POLICY_INVALID', { link: 'grants come with the request' })); }
  deleteLink(): Promise<void> { return this.addLink(); }
  getRoles(): Promise<string[]> { return Promise.resolve([]); }
  getUsers(): Promise<string[]> { return Promise.resolve([]); }
  getDomains(): Promise<string[]> { return Promise.resolve([]); }
  getAllDomains(): Promise<string[]> { return Promise.resolve([]); }
  printRoles(): Promise<void> { return Promise.resolve(); }
}

/** Stands for "no object, any fonds". `target()` never gives an empty fonds, so nothing stored can pass for it. */
const ANY_FONDS = '';
/** Stands for a fonds that cannot be read. What is stored under this very name is refused with it. */
const NO_FONDS = '\n';

async function enforcerOf(model: string, rows: readonly AccessRow[]): Promise<Enforcer> {
  const enforcer = await newEnforcer(newModelFromString(model));
  enforcer.setRoleManager(new GrantLinks());
  await enforcer.buildRoleLinks();
  await enforcer.addFunction('mac', (who: Subject, what: Target | null, name: MacRule) => what === null || MAC[name](who, what));
  await enforcer.addFunction('scope', (who: Subject, what: Target | null, name: ScopeRule) => what === null || SCOPE[name](who, what));
  await enforcer.addFunction('state', (what: Target | null, name: StateRule) => what === null || stateAllows(name, what));
  await enforcer.addPolicies(rows.map((row) => [row.duty, row.act, row.mac, row.scope, row.state, row.effect]));
  return enforcer;
}

const MAC_NAMES = Object.keys(MAC) as MacRule[];
const SCOPE_NAMES = Object.keys(SCOPE) as ScopeRule[];
const STATE_NAMES = Object.keys(STATE) as StateRule[];
const REMEMBERED_AT_MOST = 10_000;

/** One bit per named rule: with the duties held and the act, all that the matcher can see. */
function outcome(who: Subject, what: Target | null): string {
  if (what === null) return '-';
  let bits = 0;
  for (const name of MAC_NAMES) bits = bits * 2 + (MAC[name](who, what) ? 1 : 0);
  for (const name of SCOPE_NAMES) bits = bits * 2 + (SCOPE[name](who, what) ? 1 : 0);
  for (const name of STATE_NAMES) bits = bits * 2 + (stateAllows(name, what) ? 1 : 0);
  return bits.toString(32);
}

function remembered(enforcers: ReadonlyMap<string, Enforcer>): AccessPolicy['permits'] {
  const memory = new Map<string, boolean>();
  return (who, act, what) => {
    const fonds = what === null ? ANY_FONDS : what.fonds ?? NO_FONDS;
    const key = `${act} ${outcome(who, what)} ${JSON.stringify(fonds)} ${who.held}`;
    const known = memory.get(key);
    if (known !== undefined) return known;
    const enforcer = enforcers.get(act);
    const answer = enforcer !== undefined && enforcer.enforceSync(who, fonds, act, what);
    if (memory.size >= REMEMBERED_AT_MOST) memory.clear();
    memory.set(key, answer);
    return answer;
  };
}
