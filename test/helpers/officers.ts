import type { ExecutionContext } from 'ava';
import { certificatePem } from '../../appliance/crypto/certificate.js';
import type { Answer, Client, TestBox } from './box.js';

/** What the officers do with people, as their tests need it. */

export interface Code { readonly code?: string }
export interface Row { readonly id: string; readonly account: string; readonly status: string; readonly version: number; readonly grants: readonly { id: string; duty: string; revokedAt: string | null; validUntil: string | null }[] }

export function movable(start = '2026-11-23T01:00:00.000Z') {
  const time = { now: Date.parse(start) };
  return { time, clock: { now: () => new Date(time.now += 1).toISOString(), today: () => new Date(time.now + 8 * 3_600_000).toISOString().slice(0, 10) } };
}
export const HOUR = 3_600_000;
export const rowOf = async (client: Client, account: string): Promise<Row> => {
  const { body } = await client.get<{ rows: readonly Row[] }>('person.list', { size: 200 });
  const found = body.rows.find((one) => one.account === account);
  if (!found) throw new Error(`no person ${account}`);
  return found;
};
export const ok = <T>(t: ExecutionContext, answer: Answer<T>): T => {
  t.is(answer.status, 200, JSON.stringify(answer.body));
  return answer.body;
};
export async function sign(t: ExecutionContext, client: Client, approval: string): Promise<string> {
  const ready = ok(t, await client.post<{ statement: string; version: number }>('approval.preview', { approval, verdict: 'grant', opinion: '同意' }));
  return ok(t, await client.post<{ state: string }>('approval.sign', { approval, opinion: '同意', signature: client.sign(ready.statement), seenVersion: ready.version })).state;
}
export const newcomer = async (t: ExecutionContext, box: TestBox, sysadmin: Client, account: string): Promise<string> => {
  const { keys, crypto, clock } = box.running.box;
  const certificate = certificatePem(keys.certify({
    subject: { country: 'CN', commonName: account }, publicKey: crypto.generateKeyPair().publicKey, notBefore: clock.now(), notAfter: '2099-01-01T00:00:00.000Z', keyUsage: ['digitalSignature'],
  }));
  return ok(t, await sysadmin.post<{ id: string }>('person.create', { account, name: '新来人', position: '科员', department: 'DAS', initialPassword: 'Anfang-2026-Gut!', certificate })).id;
};
