import { request } from 'node:https';
import type { IncomingHttpHeaders } from 'node:http';
import type { Box } from '../../appliance/box.js';
import { NodeProvider } from '../../appliance/crypto/node-provider.js';
import { openKeyFile, readKeyFile } from '../../appliance/crypto/key-file.js';
import { signInMessage } from '../../appliance/identity/sign-in.js';
import type { RehearsalPerson } from './box.js';

export interface Raw { readonly status: number; readonly headers: IncomingHttpHeaders; readonly text: string; readonly code: string; readonly facts: Readonly<Record<string, unknown>> }

/** A request as an attacker would write it: the path is sent as it stands, nothing is added. */
export async function raw(url: string, method: string, path: string, headers: Readonly<Record<string, string | number>> = {}, body?: Buffer | string): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(url);
    let answered = false;
    const outgoing = request({ hostname, port, method, path, headers, rejectUnauthorized: false, agent: false }, (incoming) => {
      answered = true;
      const parts: Buffer[] = [];
      const end = (): void => {
        const text = Buffer.concat(parts).toString('utf8');
        const problem = (incoming.headers['content-type'] ?? '').includes('json') ? JSON.parse(text) as { code?: string; facts?: Record<string, unknown> } : {};
        resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, text, code: problem.code ?? '', facts: problem.facts ?? {} });
        outgoing.destroy();
      };
      incoming.on('data', (part: Buffer) => parts.push(part));
      incoming.on('error', reject);
      incoming.on('end', end);
    });
    outgoing.on('error', (error) => { if (!answered) reject(error); });
    outgoing.end(body);
  });
}

/** What a browser holds of a session. */
export interface Held { readonly cookie: string; readonly csrf: string }

const provider = new NodeProvider();

export interface Attempt { readonly account: string; readonly password?: string; /** Whose key signs; the account's own unless said. */ readonly keyOf?: string; readonly challenge?: string; readonly signedFor?: string }

/** One attempt to sign in, in which anything may be wrong. */
export async function attempt(url: string, what: Attempt): Promise<Raw & { readonly challenge: string }> {
  const json = { 'content-type': 'application/json' };
  const { people } = JSON.parse((await raw(url, 'GET', '/api/rehearsal.people')).text) as { people: RehearsalPerson[] };
  const signer = people.find((one) => one.account === (what.keyOf ?? what.account)) ?? people[0];
  const made = JSON.parse((await raw(url, 'POST', '/api/session.challenge', json, JSON.stringify({ account: what.account }))).text) as { challenge: string; box: string };
  const challenge = what.challenge ?? made.challenge;
  const key = await openKeyFile(provider, readKeyFile(signer?.keyFile ?? ''), signer?.pin ?? '');
  const signature = Buffer.from(provider.sign(Buffer.from(signInMessage(made.box, what.signedFor ?? what.account, challenge)), key)).toString('base64url');
  const body = JSON.stringify({ account: what.account, password: what.password ?? signer?.password, challenge, signature });
  return { ...await raw(url, 'POST', '/api/session.sign-in', json, body), challenge };
}

/** Signs in and keeps the cookie and the token, for requests written by hand. */
export async function hold(url: string, account: string): Promise<Held> {
  const [cookie = ''] = (await attempt(url, { account })).headers['set-cookie'] ?? [];
  const pair = cookie.split(';')[0] ?? '';
  const { csrfToken } = JSON.parse((await raw(url, 'GET', '/api/session.current', { cookie: pair })).text) as { csrfToken: string };
  return { cookie: pair, csrf: csrfToken };
}

/** Every row of every table but the ledger's, the alarms' (which refusals may raise) and of how far background rounds are: what a refusal must leave as it was. */
export async function photograph(box: Box): Promise<string> {
  const tables = await box.reader.all<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE 'audit_%' AND name NOT IN ('alarm', 'box_round') ORDER BY name");
  const photo: Record<string, unknown> = {};
  for (const { name } of tables) photo[name] = await box.reader.all(`SELECT * FROM ${name}`);
  return JSON.stringify(photo);
}

export interface Entered { readonly action: string; readonly result: string; readonly reason: string | null; readonly actor: string; readonly detail: string }

export const entriesSince = async (box: Box, size: number): Promise<readonly Entered[]> =>
  box.reader.all<Entered>('SELECT action, result, reason, actor, detail FROM audit_entry WHERE seq >= $1 ORDER BY seq', size);
