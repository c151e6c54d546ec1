import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import fc from 'fast-check';
import { openDatabase } from '../../../appliance/store/database.js';
import { migrate } from '../../../appliance/store/migrations/index.js';
import { sqlOn } from '../../../appliance/store/sql.js';
import type { Duty } from '../../../policies/schemas/secrecy.js';
import { checkGrant, type HeldGrant } from '../../../secrecy/separation.js';
import { codeOf, shipped } from '../../helpers/secrecy.js';

const T = (n: number): string => new Date(Date.UTC(2026, 0, 1, n)).toISOString();
const OFFICES: readonly string[] = ['sysadmin', 'secadmin', 'auditadmin'];

/** What SQL was written with, by whatever hand: a grant, a revocation, or a revocation taken back. */
const step = fc.record({
  kind: fc.constantFrom('grant' as const, 'grant' as const, 'grant' as const, 'revoke' as const, 'restore' as const),
  person: fc.constantFrom('A', 'B'), duty: fc.constantFrom<Duty>('sysadmin', 'secadmin', 'auditadmin', 'archivist', 'reader'), from: fc.integer({ min: 0, max: 20 }), length: fc.option(fc.integer({ min: 1, max: 10 })), which: fc.nat(12),
});

test('law: whatever is written into duty_grant, by whatever statement, no account holds an office of the three beside another duty', async (t) => {
  t.timeout(120_000);
  const folder = await mkdtemp(path.join(tmpdir(), 'shouzang-offices-'));
  const database = await openDatabase(path.join(folder, 'box.db'));
  t.teardown(async () => { await database.close(); await rm(folder, { recursive: true, force: true }); });
  await migrate(database.writer);
  const sql = sqlOn(database.writer);
  const { conflicts } = await shipped();
  await sql.run("INSERT INTO department VALUES ('D1', 'Z109', '办公室', 0)");
  for (const id of ['A', 'B']) {
    await sql.run(`INSERT INTO person (id, account, department, sealed, status, clearance, created_at, created_by, version) VALUES ($1, $1, 'D1', x'00', 'active', 0, '', 'system', 1)`, id);
  }
  let [written, refused] = [0, 0];
  const tried = async (text: string, ...values: (string | null)[]): Promise<boolean> => {
    try {
      await sql.run(text, ...values);
      written += 1;
      return true;
    } catch (error) {
      if (!/E_(?:SOD_CONFLICT|GRANT_OPEN_ENDED)/u.test(String((error as { parent?: Error }).parent?.message))) throw error;
      refused += 1;
      return false;
    }
  };
  await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 30 }), async (steps) => {
    await sql.run('BEGIN');
    try {
      let held: (HeldGrant & { readonly id: string; readonly ends: string | null })[] = [];
      for (const [n, { kind, person, duty, from, length, which }] of steps.entries()) {
        const one = held[which % Math.max(1, held.length)];
        if (kind === 'grant') {
          const until = length === null ? null : T(from + length);
          const next = { id: `G${String(n)}`, person, duty, fonds: '*', from: T(from), until, ends: until };
          const allowed = codeOf(() => { checkGrant(conflicts, [], held, next); }) === null && !(OFFICES.includes(duty) && until === null);
          const done = await tried("INSERT INTO duty_grant (id, person, duty, fonds, sealed, valid_from, valid_until, granted_by, granted_at) VALUES ($1, $2, $3, '*', x'00', $4, $5, 'system', '')", next.id, person, duty, next.from, until);
          // Rules and database agree on every grant of one account.
          if (done !== allowed) return false;
          if (done) held.push(next);
        } else if (one !== undefined) {
          const until = kind === 'revoke' ? T(from + 1) : null;
          const now = until === null || (one.ends !== null && one.ends < until) ? one.ends : until;
          if (now !== null && now <= one.from) continue;
          if (await tried('UPDATE duty_grant SET revoked_at = $1 WHERE id = $2', until, one.id)) held = held.map((each) => (each.id === one.id ? { ...each, until: now } : each));
        }
      }
      for (let hour = 0; hour <= 32; hour += 1) for (const person of ['A', 'B']) {
        const rows = await sql.all<{ duty: string }>("SELECT DISTINCT duty FROM duty_grant WHERE person = $1 AND valid_from <= $2 AND coalesce(revoked_at, '9999') > $2 AND coalesce(valid_until, '9999') > $2", person, T(hour));
        if (rows.length > 1 && rows.some(({ duty }) => OFFICES.includes(duty))) return false;
      }
      return true;
    } finally {
      await sql.run('ROLLBACK');
    }
  }), { numRuns: 200 });
  t.log(`${String(written)} written, ${String(refused)} refused`);
  t.true(written > 50 && refused > 50);
});
