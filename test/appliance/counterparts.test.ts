import test from 'ava';
import { verifyCard } from '../../appliance/counterparts/card.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { readCard, writeCard } from '../../secrecy/counterpart-card.js';
import { openTestBox } from '../helpers/box.js';
import type { Client } from '../helpers/box.js';
import { done } from '../helpers/marked.js';

interface Code { readonly code: string; readonly facts?: Readonly<Record<string, unknown>> }
interface Own { readonly box: string; readonly fingerprint: string; readonly unit: string }
interface Row { readonly id: string; readonly box: string; readonly state: string; readonly inForce: boolean; readonly fingerprint: string; readonly version: number }
const listed = async (client: Client) => done(await client.get<{ total: number; rows: readonly Row[]; own: Own }>('counterpart.list'));
async function sign(client: Client, approval: string): Promise<string> {
  const ready = done(await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '指纹已电话核对一致' }));
  return done(await client.post<{ state: string }>('approval.sign', { approval, opinion: '指纹已电话核对一致', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}

test('第二十六、四十二条: a card goes out signed and always the same; another box is in force with two signatures over its fingerprint, and no longer once suspended', async (t) => {
  t.timeout(120_000);
  const box = await openTestBox(t);
  const archive = await openTestBox(t, { mode: 'repository' });
  const [custodian, officer, head] = [await box.as('yangjing'), await box.as('zhoumin'), await box.as('wangzhenhua')];
  const theirs = (await (await archive.as('yangjing')).get('counterpart.card')).bytes;
  const mine = (await custodian.get('counterpart.card')).bytes;
  t.deepEqual((await custodian.get('counterpart.card')).bytes, mine);
  const { own } = await listed(await archive.as('yangjing'));

  t.is((await (await box.as('linxiao')).get<Code>('counterpart.list')).body.code, 'E_DENIED');
  t.is((await officer.post<Code>('counterpart.register', { card: theirs.toString('utf8'), reason: '移交对口馆' })).body.code, 'E_DENIED', 'who compares does not ask');
  t.is((await custodian.post<Code>('counterpart.register', { card: mine.toString('utf8'), reason: '试登记' })).body.facts?.['fault'], 'own');

  const asked = done(await custodian.post<{ approval: string; fingerprint: string }>('counterpart.register', { card: theirs.toString('utf8'), reason: '移交对口馆' }));
  t.is(asked.fingerprint, own.fingerprint, 'both boxes read out the same fingerprint');
  t.is((await listed(custodian)).total, 0);
  t.is(await sign(officer, asked.approval), 'requested', 'one person cannot');
  t.is((await listed(custodian)).total, 0);
  t.is(await sign(head, asked.approval), 'done');
  const { rows: [row] } = await listed(custodian);
  t.like(row, { box: own.box, state: 'in_force', inForce: true, fingerprint: own.fingerprint });
  t.is((await custodian.post<Code>('counterpart.register', { card: theirs.toString('utf8'), reason: '再登记' })).body.code, 'E_DUPLICATE');

  const opener = await archive.running.services.transport.opener();
  const card = readCard(theirs)?.card;
  const provider = new NodeProvider();
  t.deepEqual(Buffer.from(opener.unwrap(provider.sm2Encrypt(Buffer.from('half'), opener.publicKey))).toString(), 'half');
  t.true(card?.encryption.includes('BEGIN CERTIFICATE'));

  t.is((await custodian.post<Code>('counterpart.suspend', { counterpart: row?.id, reason: '对方更换设备', seenVersion: 1 })).body.code, 'E_DENIED');
  t.is((await officer.post<Code>('counterpart.suspend', { counterpart: row?.id, reason: '对方更换设备', seenVersion: 9 })).body.code, 'E_STALE_VERSION');
  t.is(done(await officer.post<{ state: string }>('counterpart.suspend', { counterpart: row?.id, reason: '对方更换设备', seenVersion: 1 })).state, 'suspended');
  t.false((await listed(custodian)).rows[0]?.inForce ?? true);
  t.is((await officer.post<Code>('counterpart.suspend', { counterpart: row?.id, reason: '再停', seenVersion: 2 })).body.code, 'E_STATE_INVALID');

  // Any flipped byte of the card is noticed, with the kind of fault.
  const at = new Date().toISOString();
  const faults = new Set<string>();
  for (let place = 0; place < theirs.length; place += 37) {
    const changed = Buffer.from(theirs);
    changed[place] = (changed[place] ?? 0) ^ 1;
    const { fault } = verifyCard(provider, changed, { box: 'SZ-OTHER', rehearsal: true }, at);
    t.not(fault, null, `byte ${String(place)}`);
    faults.add(fault ?? '');
  }
  t.true(faults.has('shape') && faults.has('signature'));
  const verdict = (change: object, when = at) => { const signed = readCard(theirs); return signed && verifyCard(provider, writeCard({ ...signed, card: { ...signed.card, ...change } }), { box: 'SZ-OTHER', rehearsal: true }, when).fault; };
  t.is(verdict({}), null);
  t.is(verdict({ unit: '另一个馆' }), 'signature');
  t.is(verdict({ rehearsal: false }), 'rehearsal');
  t.is(verdict({ box: 'SZ-ANOTHER' }), 'serial');
  t.is(verdict({ encryption: card?.chain[0] }), 'encryption');
  t.is(verdict({}, '2040-01-01T00:00:00.000Z'), 'expired');
  t.is(verdict({}, '2020-01-01T00:00:00.000Z'), 'not-yet-valid');
});
