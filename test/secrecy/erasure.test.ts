import test from 'ava';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { ArchiveError } from '../../core/errors.js';
import { paperFaults, paperText, requireSeparate, signPaper, type DestructionOrder } from '../../secrecy/erasure.js';
import { digestOf, tombstoneFault, tombstoneText, type TombstoneStatement } from '../../secrecy/tombstone.js';

const codeOf = (work: () => unknown): string | null => {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof ArchiveError) return error.code;
    throw error;
  }
};
const provider = new NodeProvider();
const sm3 = (...parts: readonly Uint8Array[]): Uint8Array => provider.sm3(...parts);
const holder = (person: string) => ({ person, tokens: [person === 'P9' ? 'P1' : person] });

test('第三十九条: 申请、执行、监销 are different people; two accounts of one key are one person', (t) => {
  const parts = { applicant: 'P1', executor: 'P2', supervisors: ['P3', 'P4'] };
  t.notThrows(() => { requireSeparate(parts, holder); });
  for (const same of [{ executor: 'P1' }, { supervisors: ['P2', 'P3'] }, { supervisors: ['P3', 'P1'] }, { executor: 'P9' }, { supervisors: ['P9', 'P4'] }, { supervisors: ['P3', 'P3'] }]) {
    t.is(codeOf(() => { requireSeparate({ ...parts, ...same }, holder); }), 'E_SOD_CONFLICT', JSON.stringify(same));
  }
});

const order = paperText({
  type: 'shouzang-destruction-order/v1', box: 'SZ-1', number: 'XH-2026-0001', fonds: 'Z109', level: 1, reason: '期满', basis: 'regulation', place: '库房', frozenAt: '2026-05-06T00:00:00.000Z', applicant: 'P1', approval: 'A', approver: 'P5', items: [],
  signers: [{ person: 'P2', account: 'p2', certificateSerial: 'c2', part: '执行' }, { person: 'P3', account: 'p3', certificateSerial: 'c3', part: '监销' }],
} satisfies DestructionOrder);
const by = (person: string, signature = order) => ({ person, token: person, certificateSerial: `c${person.slice(1)}`, signature, at: '2026-05-06T00:00:01.000Z' });
/** Stands for SM2: a signature is the text itself. */
const verify = (text: string, { signature }: { readonly signature: string }): boolean => signature === text;

test('第三十九条: only those whom the list names sign it, each once, over exactly its text', (t) => {
  const one = signPaper(order, [], by('P3'), verify);
  t.is(one.length, 1);
  t.is(codeOf(() => signPaper(order, one, by('P3'), verify)), 'E_STATE_INVALID');
  t.is(codeOf(() => signPaper(order, one, by('P4'), verify)), 'E_DENIED');
  t.is(codeOf(() => signPaper(order, one, { ...by('P2'), certificateSerial: 'other' }, verify)), 'E_DENIED');
  t.is(codeOf(() => signPaper(order, one, by('P2', `${order} `), verify)), 'E_SIGNATURE_INVALID');
  const batch = { order, orderSignatures: one, certificate: null, certificateSignatures: [], state: 'frozen' as const };
  t.deepEqual(paperFaults(batch, () => verify), []);
  t.deepEqual(paperFaults({ ...batch, certificate: order }, () => verify).length, 1, 'once it was carried out the order must have every signature');
  t.deepEqual(paperFaults({ ...batch, orderSignatures: [by('P3', 'x')] }, () => verify), ['清册：p3 的签名校验未通过']);
});

test('第三十九条: a tombstone holds while signature, box, record, state and description are what they were', (t) => {
  const description = { title: '演练通知', author: ['演练局'] };
  const key = provider.generateKeyPair();
  const statement: TombstoneStatement = {
    type: 'shouzang-tombstone/v1', box: 'SZ-1', record: 'R1', electronicRecordCode: 'E1', archivalCode: 'Z109-1', archivalYear: 2010, documentDate: '2010-01-01', retention: 'D10', level: 1, mark: null, classification: null,
    description: digestOf(sm3, description), events: { count: 0, sm3: digestOf(sm3, []) }, contents: [], appraisal: null, batch: 'XH-2026-0001', destroyedAt: '2026-05-06T00:00:00.000Z', applicant: 'P1', approval: 'A', executor: 'P2', supervisors: ['P3', 'P4'],
    places: ['key', 'vault'], origin: 'destroyed',
  };
  const text = tombstoneText(statement);
  t.false(text.includes('演练'), 'it names no title');
  const kept = { statement: text, signature: provider.sign(Buffer.from(text), key) };
  const genuine = (message: Uint8Array, signature: Uint8Array): boolean => provider.verify(message, signature, key.publicKey);
  const about = { box: 'SZ-1', record: 'R1', state: 'destroyed', description };
  t.is(tombstoneFault(kept, about, sm3, genuine), null);
  t.is(tombstoneFault(undefined, about, sm3, genuine), 'missing');
  t.is(tombstoneFault({ ...kept, statement: text.replace('D10', 'D30') }, about, sm3, genuine), 'signature');
  t.is(tombstoneFault(kept, { ...about, record: 'R2' }, sm3, genuine), 'foreign');
  t.is(tombstoneFault(kept, { ...about, box: 'SZ-2' }, sm3, genuine), 'foreign');
  t.is(tombstoneFault(kept, { ...about, state: 'filed' }, sm3, genuine), 'alive');
  t.is(tombstoneFault(kept, { ...about, description: { ...description, title: '另一件' } }, sm3, genuine), 'description');
});
