import { canonicalBytes } from '../../core/canonical.js';
import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import { packChanges, packStatement, requireRunnable } from '../../core/rule-pack.js';
import type { RulePackActivate, RulePackEnter, RulePackList, RulePackPreview, RulePackShow } from '../../policies/schemas/rule-pack.js';
import type { TestItems } from '../../policies/schemas/test-items.js';
import { canonical, checkSignature } from '../../secrecy/signing.js';
import type { Signature, VerifySignature } from '../../secrecy/signing.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { insert } from '../store/sql.js';
import type { Sql } from '../store/sql.js';

interface Row { version: string; sm3: string; content: string; signer: string; certificate: string; statement: string; signature: string; entered_at: string; in_force_at: string | null; in_force: number | null }

export interface RulePackParts {
  readonly box: Pick<Box, 'store' | 'clock' | 'sm3' | 'crypto' | 'identity' | 'policies' | 'reader' | 'keys' | 'systemCall'>;
  readonly verifierFor: (certificate: string, at: Instant) => VerifySignature;
  /** Whether a signature over the message was made by this box. */
  readonly madeHere: (message: Uint8Array, signature: Uint8Array) => boolean;
  readonly nameOf: (person: string) => Promise<string>;
}

/** The box itself signs the table that came with it. */
const BOX = 'box';

/**
 * 检测规则包 (DA/T 70-2018 as versions): each bound by its digest and a signature, of the box for the one that it shipped with, of the 安全保密管理员 for others.
 * One is in force; put in force by somebody else than its signer. What does not hold is not run: `E_RULE_PACK_TAMPERED`.
 */
export function rulePacks({ box, verifierFor, madeHere, nameOf }: RulePackParts) {
  const { store, clock, policies } = box;
  const shipped = policies.content('test-items.json');
  const digest = (content: TestItems): string => Buffer.from(box.sm3(canonicalBytes(content))).toString('hex');
  let current: TestItems | null = shipped;

  const tampered = (version: string): ArchiveError => new ArchiveError('E_RULE_PACK_TAMPERED', { version }, [{ at: version, message: '规则包与登记的摘要或签名不符' }]);

  /** @throws ArchiveError `E_RULE_PACK_TAMPERED` */
  function verified(row: Row): TestItems {
    const content = JSON.parse(row.content) as TestItems;
    const statement = canonical({ ...packStatement(content, digest(content), row.signer) });
    if (digest(content) !== row.sm3 || content.version !== row.version || statement !== row.statement) throw tampered(row.version);
    if (row.signer === BOX) {
      if (!madeHere(Buffer.from(statement), Buffer.from(row.signature, 'base64url'))) throw tampered(row.version);
      return content;
    }
    const signature = JSON.parse(row.signature) as Signature;
    try {
      checkSignature(verifierFor(row.certificate, signature.at), statement, signature);
    } catch (error) {
      if (error instanceof ArchiveError) throw tampered(row.version);
      throw error;
    }
    return content;
  }

  const rowOf = async (sql: Sql, version: string): Promise<Row | undefined> => sql.one<Row>('SELECT * FROM rule_pack WHERE version = $1', version);

  async function get(sql: Sql, version: string): Promise<TestItems> {
    const row = await rowOf(sql, version);
    if (row === undefined) throw new ArchiveError('E_NOT_FOUND', { version }, [{ at: '/pack', message: '没有这个版本的规则包' }]);
    return verified(row);
  }

  async function refresh(sql: Sql): Promise<void> {
    const row = await sql.one<Row>('SELECT * FROM rule_pack WHERE in_force = 1');
    try {
      current = row === undefined ? shipped : verified(row);
    } catch (error) {
      current = null;
      if (!(error instanceof ArchiveError)) throw error;
    }
  }

  const shownRow = async (row: Row) => {
    let holds = true;
    try { verified(row); } catch { holds = false; }
    return { version: row.version, sm3: row.sm3, signer: row.signer, signerName: row.signer === BOX ? '随机' : await nameOf(row.signer), enteredAt: row.entered_at, inForceAt: row.in_force_at, inForce: row.in_force === 1, holds, items: (JSON.parse(row.content) as TestItems).items.length };
  };

  async function signerOf(tx: { people: { get(id: string): Promise<{ id: string; token: string | null; certificate: string | null; certificateSerial: string | null } | undefined> } }, id: string) {
    const person = await tx.people.get(id);
    if (person?.certificate == null || person.certificateSerial === null || person.token === null) throw new ArchiveError('E_CERT_INVALID', { person: id });
    return { person: person.id, token: person.token, certificateSerial: person.certificateSerial, certificate: person.certificate };
  }

  return {
    /** The table in force. @throws ArchiveError `E_RULE_PACK_TAMPERED` */
    current(): TestItems {
      if (current === null) throw tampered('');
      return current;
    },
    get,

    /**
     * At every unlocking: the table that ships is entered under the box's own signature, and put in force where nobody chose another. The same version
     * with another content is no new version: somebody changed the file.
     */
    async begin(): Promise<void> {
      if (box.keys.state !== 'unlocked') return;
      const known = await rowOf(box.reader, shipped.version);
      if (known !== undefined && known.sm3 !== digest(shipped)) {
        current = null;
        return;
      }
      if (known === undefined) {
        await store.write(box.systemCall('rulepack.enter'), async (tx) => {
          await tx.allow();
          const sm3 = digest(shipped);
          const statement = canonical({ ...packStatement(shipped, sm3, BOX) });
          const at = clock.now();
          const chosen = await tx.sql.one<{ signer: string }>('SELECT signer FROM rule_pack WHERE in_force = 1');
          const takes = chosen === undefined || chosen.signer === BOX;
          if (takes) await tx.sql.run('UPDATE rule_pack SET in_force = NULL WHERE in_force = 1');
          await insert(tx.sql, 'rule_pack', {
            version: shipped.version, sm3, content: Buffer.from(canonicalBytes(shipped)).toString('utf8'), signer: BOX, certificate: box.identity.chain[0] ?? '', statement,
            signature: Buffer.from(box.identity.sign(Buffer.from(statement))).toString('base64url'), entered_at: at, in_force_at: takes ? at : null, in_force: takes ? 1 : null,
          });
          tx.audit({ action: 'rulepack.enter', object: shipped.version, objectType: 'rulepack', detail: { sm3, items: shipped.items.length, shipped: true } });
        });
      }
      await refresh(box.reader);
    },

    async list(call: ServerCall, _input: RulePackList) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const rows = await tx.sql.all<Row>('SELECT * FROM rule_pack ORDER BY entered_at DESC, version DESC');
        tx.audit({ action: call.act, detail: { rows: rows.length } });
        return { rows: await Promise.all(rows.map(shownRow)), fileHolds: rows.every((row) => row.version !== shipped.version || row.sm3 === digest(shipped)), shipped: shipped.version };
      });
    },

    /** One pack whole, with what it changes against another (the one in force unless named). */
    async show(call: ServerCall, input: RulePackShow) {
      return store.read(call, async (tx) => {
        await tx.allow();
        const row = await rowOf(tx.sql, input.version);
        if (row === undefined) throw new ArchiveError('E_NOT_FOUND');
        const against = input.against === undefined ? await tx.sql.one<Row>('SELECT * FROM rule_pack WHERE in_force = 1') : await rowOf(tx.sql, input.against);
        if (against === undefined && input.against !== undefined) throw new ArchiveError('E_NOT_FOUND');
        const content = JSON.parse(row.content) as TestItems;
        tx.audit({ action: call.act, object: row.version, objectType: 'rulepack' });
        return { pack: await shownRow(row), statement: row.statement, content, against: against?.version ?? null, changes: against === undefined ? [] : packChanges(JSON.parse(against.content) as TestItems, content) };
      });
    },

    /** What is to be signed, and what the pack would change. */
    async preview(call: ServerCall, input: RulePackPreview) {
      return store.read(call, async (tx) => {
        await tx.allow();
        requireRunnable(input.content);
        if (await rowOf(tx.sql, input.content.version) !== undefined) throw new ArchiveError('E_DUPLICATE', { version: input.content.version }, [{ at: '/content/version', message: '这个版本已登记，改动须用新的版本号' }]);
        const sm3 = digest(input.content);
        return { version: input.content.version, sm3, statement: canonical({ ...packStatement(input.content, sm3, call.person) }), changes: current === null ? [] : packChanges(current, input.content) };
      });
    },

    /** 登记: signed by the one who brings it; not yet in force. */
    async enter(call: ServerCall, input: RulePackEnter) {
      return store.write(call, async (tx) => {
        await tx.allow();
        requireRunnable(input.content);
        const { version } = input.content;
        if (await rowOf(tx.sql, version) !== undefined) throw new ArchiveError('E_DUPLICATE', { version }, [{ at: '/content/version', message: '这个版本已登记，改动须用新的版本号' }]);
        const { certificate, ...signer } = await signerOf(tx, call.person);
        const sm3 = digest(input.content);
        const statement = canonical({ ...packStatement(input.content, sm3, call.person) });
        const signature: Signature = { ...signer, signature: input.signature, at: clock.now() };
        checkSignature(verifierFor(certificate, signature.at), statement, signature);
        await insert(tx.sql, 'rule_pack', { version, sm3, content: Buffer.from(canonicalBytes(input.content)).toString('utf8'), signer: call.person, certificate, statement, signature: JSON.stringify(signature), entered_at: signature.at, in_force_at: null, in_force: null });
        tx.audit({ action: call.act, object: version, objectType: 'rulepack', detail: { sm3, items: input.content.items.length } });
        return { version, sm3 };
      });
    },

    /** 启用: by somebody else than its signer; checked once more. */
    async activate(call: ServerCall, input: RulePackActivate) {
      const done = await store.write(call, async (tx) => {
        await tx.allow();
        const row = await rowOf(tx.sql, input.version);
        if (row === undefined) throw new ArchiveError('E_NOT_FOUND');
        if (row.signer === call.person) throw new ArchiveError('E_SOD_SELF_APPROVAL', { version: row.version });
        const content = verified(row);
        requireRunnable(content);
        const before = await tx.sql.one<{ version: string }>('SELECT version FROM rule_pack WHERE in_force = 1');
        if (before?.version === row.version) throw new ArchiveError('E_STATE_INVALID', { version: row.version }, [{ at: '/version', message: '这个版本已在用' }]);
        await tx.sql.run('UPDATE rule_pack SET in_force = NULL WHERE in_force = 1');
        await tx.sql.run('UPDATE rule_pack SET in_force = 1, in_force_at = $1 WHERE version = $2', clock.now(), row.version);
        tx.audit({ action: call.act, object: row.version, objectType: 'rulepack', detail: { before: before?.version ?? null } });
        return { version: row.version, before: before?.version ?? null };
      });
      await refresh(box.reader);
      return done;
    },
  };
}
export type RulePacks = ReturnType<typeof rulePacks>;
