import { ArchiveError } from '../../core/errors.js';
import type { Clock, Ids, Level, ReadTools, UnitOfWork, WriteTools } from '../../core/ports.js';
import type { TerminalClear, TerminalList, TerminalRegister, TerminalRetire } from '../../policies/schemas/terminal.js';
import type { CryptoProvider } from '../crypto/provider.js';
import type { ServerCall } from '../call.js';
import type { PeopleRepository, Person } from '../store/repositories/people.js';
import type { Terminal, TerminalRepository } from '../store/repositories/terminals.js';
import { cleanText } from '../../core/text.js';
import { holders } from './offices.js';
import { samePerson } from '../../secrecy/separation.js';

type Tx = { readonly people: PeopleRepository; readonly terminals: TerminalRepository };

/** What a terminal signs when somebody signs in at it: the words, the box, its number and the challenge. */
export const terminalMessage = (box: string, no: string, challenge: string): string => `shouzang terminal\n${box}\n${no}\n${challenge}\n`;

export interface TerminalServiceParts {
  readonly store: UnitOfWork<Tx & WriteTools, Tx & ReadTools>;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly systemLevel: Level;
  readonly required: () => Promise<boolean>;
}

/** 终端登记: the system officer registers it, the security officer says how far it is cleared and whom it is bound to. */
export function terminalService(parts: TerminalServiceParts) {
  const { store, clock, ids } = parts;
  const plain = (text: string, at: string): string => {
    const cleaned = cleanText(text, false);
    if (!cleaned.ok || cleaned.text === '') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at, message: '文字为空或含有不可见字符' }]);
    return cleaned.text;
  };
  const known = async (tx: Tx, id: string): Promise<Terminal> => {
    const terminal = await tx.terminals.get(id);
    if (terminal === undefined) throw new ArchiveError('E_NOT_FOUND');
    if (terminal.state === 'retired') throw new ArchiveError('E_STATE_INVALID', { state: terminal.state });
    return terminal;
  };

  return {
    async list(call: ServerCall, input: TerminalList) {
      const { page = 1, size = 50 } = input;
      return store.read(call, async (tx) => {
        await tx.allow();
        const { rows, total } = await tx.terminals.list({ offset: (page - 1) * size, limit: size });
        return {
          page, size, total, required: await parts.required(), systemLevel: parts.systemLevel,
          rows: await Promise.all(rows.map(async (one) => ({ ...one, personName: one.person === null ? null : (await tx.people.get(one.person))?.name ?? '' }))),
        };
      });
    },

    async register(call: ServerCall, input: TerminalRegister) {
      const id = ids.uuid();
      await store.write(call, async (tx) => {
        await tx.allow();
        if (await tx.terminals.byNo(input.no) ?? await tx.terminals.byKey(input.publicKey)) throw new ArchiveError('E_DUPLICATE', { no: input.no });
        await tx.terminals.add({
          id, no: input.no, publicKey: input.publicKey, state: 'registered', level: 0, person: null, registeredBy: call.person, registeredAt: clock.now(), clearedBy: null, clearedAt: null,
          retiredAt: null, location: plain(input.location, '/location'), serial: input.serial ?? null, mac: input.mac ?? null, reason: null, version: 1,
        });
        tx.audit({ action: call.act, object: id, objectType: 'terminal', detail: { no: input.no } });
      });
      return { id };
    },

    async clear(call: ServerCall, input: TerminalClear) {
      if (input.level > parts.systemLevel) throw new ArchiveError('E_CLS_OVER_SYSTEM_LEVEL', { level: input.level, systemLevel: parts.systemLevel });
      return store.write(call, async (tx) => {
        await tx.allow();
        const terminal = await known(tx, input.terminal);
        const all = await holders(tx);
        const of = (person: string) => all.find((one) => one.person === person) ?? { person, tokens: [] };
        if (samePerson(of(terminal.registeredBy), of(call.person))) throw new ArchiveError('E_SOD_SELF_APPROVAL', { terminal: terminal.id });
        if (input.person !== null && (await tx.people.get(input.person))?.status !== 'active') throw new ArchiveError('E_INPUT_INVALID', {}, [{ at: '/person', message: '没有这个在用的账号，请从列表中选择' }]);
        await tx.terminals.save({ ...terminal, state: 'cleared', level: input.level as Level, person: input.person, clearedBy: call.person, clearedAt: clock.now(), reason: input.reason }, input.seenVersion);
        // A lower level or another person counts at once: whoever sits there signs in again.
        const ended = input.level < terminal.level || input.person !== terminal.person ? await tx.terminals.endSessions(terminal.id, clock.now()) : 0;
        tx.audit({ action: call.act, object: terminal.id, objectType: 'terminal', detail: { from: terminal.level, to: input.level, person: input.person, sessions: ended } });
        return {};
      });
    },

    async retire(call: ServerCall, input: TerminalRetire) {
      return store.write(call, async (tx) => {
        await tx.allow();
        const terminal = await known(tx, input.terminal);
        await tx.terminals.save({ ...terminal, state: 'retired', retiredAt: clock.now(), reason: input.reason }, input.seenVersion);
        const ended = await tx.terminals.endSessions(terminal.id, clock.now());
        tx.audit({ action: call.act, object: terminal.id, objectType: 'terminal', detail: { sessions: ended } });
        return {};
      });
    },
  };
}

export interface TerminalProof { readonly no: string; readonly signature: string }

/**
 * Which terminal somebody signs in at: `null` where none proved itself and none is asked for.
 * @throws ArchiveError `E_TERMINAL_REQUIRED` for a terminal that is unknown, not cleared, retired, or bound to another
 */
export function provenTerminal(parts: { readonly crypto: CryptoProvider; readonly box: string; readonly required: boolean }, found: Terminal | undefined, proof: TerminalProof | undefined, challenge: string): Terminal | null {
  const refuse = (why: string): ArchiveError => new ArchiveError('E_TERMINAL_REQUIRED', { why, ...(found === undefined ? {} : { terminal: found.id }) });
  if (proof === undefined) {
    if (parts.required) throw refuse('none');
    return null;
  }
  const holds = found?.state === 'cleared'
    && parts.crypto.verify(Buffer.from(terminalMessage(parts.box, proof.no, challenge)), Buffer.from(proof.signature, 'base64url'), Buffer.from(found.publicKey, 'hex'));
  if (found !== undefined && holds) return found;
  // A terminal that is not cleared is as good as none: where none is asked for, it signs in without one.
  if (!parts.required && (found === undefined || found.state !== 'cleared')) return null;
  throw refuse(found === undefined ? 'unknown' : found.state === 'cleared' ? 'signature' : found.state);
}

/** @throws ArchiveError `E_TERMINAL_REQUIRED` */
export function checkBound(terminal: Terminal | null, person: Person): void {
  if (terminal !== null && terminal.person !== null && terminal.person !== person.id) throw new ArchiveError('E_TERMINAL_REQUIRED', { why: 'bound', terminal: terminal.id });
}
