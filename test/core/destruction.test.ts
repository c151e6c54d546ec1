import test from 'ava';
import fc from 'fast-check';
import {
  DESTRUCTION_EVENTS, DESTRUCTION_STATES, DESTRUCTION_TRANSITIONS, holdsItsRecords, isReversible, isSettled, nextDestruction, outcomeOf, requireOrderSigned, requireSettled, requireSupervisors, settleStep, type DestructionEvent, type DestructionState,
  type ErasureStep, type StepState,
} from '../../core/destruction.js';
import { ArchiveError } from '../../core/errors.js';

const codeOf = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
};

const CELLS: Readonly<Record<DestructionState, string>> = {
  drafted: 'submit>appraised cancel>cancelled', appraised: 'submit>appraised approve>approved cancel>cancelled', approved: 'freeze>frozen cancel>cancelled', frozen: 'sign>frozen execute>executing cancel>cancelled',
  executing: 'settle>executing fail>partial_failed verify>verified', partial_failed: 'settle>partial_failed resume>executing', verified: 'sign>verified close>closed', closed: '', cancelled: '',
};
test('第三十九条: every state of a destruction × every event, the refused ones too', (t) => {
  t.deepEqual(Object.keys(DESTRUCTION_TRANSITIONS).sort(), Object.keys(CELLS).sort());
  for (const state of DESTRUCTION_STATES) {
    const cells = new Map(CELLS[state].split(' ').filter((cell) => cell !== '').map((cell) => cell.split('>') as [string, DestructionState]));
    for (const event of DESTRUCTION_EVENTS) {
      const to = cells.get(event);
      if (to === undefined) t.is(codeOf(() => nextDestruction(state, event)), 'E_STATE_INVALID', `${state} ${event}`);
      else t.is(nextDestruction(state, event), to);
    }
  }
});

test('第三十九条: no order of events reaches verified without approval, freezing and execution; once it was executed there is no way back', (t) => {
  fc.assert(fc.property(fc.array(fc.constantFrom(...DESTRUCTION_EVENTS), { maxLength: 40 }), (events) => {
    let state: DestructionState = 'drafted';
    const done: DestructionEvent[] = [];
    for (const event of events) {
      try {
        state = nextDestruction(state, event);
        done.push(event);
      } catch {
        continue;
      }
      if (done.includes('execute')) t.false(isReversible(state));
    }
    if (state === 'verified' || state === 'closed') {
      t.deepEqual(done.filter((event) => ['approve', 'freeze', 'execute', 'verify'].includes(event)), ['approve', 'freeze', 'execute', 'verify']);
    }
    t.is(holdsItsRecords(state), state !== 'closed' && state !== 'cancelled');
  }), { numRuns: 500 });
});

const step = (state: StepState): ErasureStep => ({ id: state, seq: 1, place: 'backup', ref: 'b', record: null, state, before: null, told: null, at: null, settlement: null });
test('第三十九条: a copy out of reach blocks with E_DESTROY_BACKUP_RESIDUE until it is removed or registered', (t) => {
  t.deepEqual((['done', 'settled'] as const).map((state) => outcomeOf([step(state)])), ['settled', 'settled']);
  t.is(outcomeOf([step('done'), step('residue')]), 'residue');
  t.is(outcomeOf([step('residue'), step('failed')]), 'failed');
  t.is(outcomeOf([step('failed'), step('overwritten')]), 'open');
  for (const state of ['open', 'overwritten', 'failed', 'residue'] as const) {
    t.false(isSettled(step(state)));
    t.is(codeOf(() => { requireSettled([step('done'), step(state)]); }), 'E_DESTROY_BACKUP_RESIDUE');
  }
  t.notThrows(() => { requireSettled([step('done'), step('settled')]); });
});

test('第三十九条: what is left is registered with a day to look again, ahead and not too far; nothing but residue is settled', (t) => {
  const act = { by: 'P1', at: '2026-05-06T00:00:00.000Z', today: '2026-05-06', latest: '2027-05-07' };
  const how = { kind: 'residue' as const, reference: 'CL-1', note: '介质在外', residueUntil: '2026-08-01' };
  t.like(settleStep(step('residue'), how, act), { state: 'settled', settlement: { ...how, by: 'P1' } });
  for (const day of [null, '2026-05-06', '2026-01-01', '2027-05-08']) t.is(codeOf(() => settleStep(step('residue'), { ...how, residueUntil: day }, act)), 'E_INPUT_INVALID', String(day));
  t.is(codeOf(() => settleStep(step('residue'), { ...how, kind: 'removed' }, act)), 'E_INPUT_INVALID');
  t.like(settleStep(step('residue'), { ...how, kind: 'medium_destroyed', residueUntil: null }, act), { state: 'settled' });
  for (const state of ['open', 'overwritten', 'done', 'failed', 'settled'] as const) t.is(codeOf(() => settleStep(step(state), how, act)), 'E_STATE_INVALID', state);
});

test('第三十九条: one supervisor, or one named twice, is E_DESTROY_TWO_PERSON; so is an order that not every supervisor signed', (t) => {
  for (const few of [[], ['P1'], ['P1', 'P1']]) t.is(codeOf(() => { requireSupervisors(few, { minSupervisors: 2 }); }), 'E_DESTROY_TWO_PERSON');
  t.notThrows(() => { requireSupervisors(['P1', 'P2'], { minSupervisors: 2 }); });
  const signed = (person: string) => ({ person, token: person, certificateSerial: person, signature: '', at: '' });
  t.is(codeOf(() => { requireOrderSigned({ supervisors: ['P1', 'P2'], orderSignatures: [signed('P1'), signed('P9')] }); }), 'E_DESTROY_TWO_PERSON');
  t.notThrows(() => { requireOrderSigned({ supervisors: ['P1', 'P2'], orderSignatures: [signed('P2'), signed('P1')] }); });
});
