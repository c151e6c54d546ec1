import { ArchiveError } from '../../core/errors.js';
import type { Instant } from '../../core/ports.js';
import { CARD_TYPE, cardBytes, writeCard } from '../../secrecy/counterpart-card.js';
import type { CounterpartCard } from '../../secrecy/counterpart-card.js';
import type { Box } from '../box.js';
import { certificatePem, parseCertificate } from '../crypto/certificate.js';
import type { PublicKey } from '../crypto/provider.js';
import { counterpartRepository } from '../store/repositories/counterparts.js';

/** A new key is made when less than this is left of the old one: cards given out before stay good to their day. */
const RENEW_BEFORE_MS = 90 * 86_400_000;
const YEAR_MS = 365 * 86_400_000;

/** What opens the half of an envelope that was sealed for this box. */
export interface TransportOpener { readonly serial: string; readonly publicKey: PublicKey; unwrap(wrapped: Uint8Array): Uint8Array }

export interface TransportKeys {
  /** Makes the first key, and the next one in time. Needs an unlocked box; does nothing on a locked one. */
  ensure(): Promise<void>;
  /** 本机名片 as a file: always the same bytes until the next key. */
  card(): Promise<Uint8Array>;
  /** By the digest on an envelope's label, for an earlier key; the newest without one. @throws ArchiveError `E_DECRYPT_FAILED` where the box never had it */
  opener(digest?: string): Promise<TransportOpener>;
}

/** 本机的封套密钥: its private half rests sealed under the highest level key, and its certificate goes out on the card. */
export function transportKeys(box: Box, years: number): TransportKeys {
  const { clock, crypto, keys, profile, sealing, reader, store, identity } = box;
  const repository = () => counterpartRepository(reader, sealing);

  async function make(): Promise<void> {
    const now = clock.now();
    const wanted: Instant = new Date(Date.parse(now) + years * YEAR_MS).toISOString();
    const wish = [wanted, keys.identity.certificate.notAfter, keys.identity.authority.notAfter].sort()[0] ?? wanted;
    const key = crypto.generateKeyPair();
    const certificate = certificatePem(keys.certify({ subject: { country: 'CN', organizationalUnit: 'envelope', commonName: identity.serial }, publicKey: key.publicKey, notBefore: now, notAfter: wish, keyUsage: ['keyEncipherment'] }));
    // As the certificate says it: whole seconds.
    const until = parseCertificate(certificate).notAfter;
    const card: CounterpartCard = {
      type: CARD_TYPE, unit: profile.unitName, mode: profile.mode, fonds: profile.fonds.map(({ fonds, name }) => ({ fonds, name })), systemLevel: profile.systemLevel, rehearsal: profile.rehearsal,
      box: identity.serial, chain: identity.chain, encryption: certificate, issuedAt: now, validUntil: until,
    };
    const signed = { card, signature: Buffer.from(identity.sign(cardBytes(card))).toString('base64url') };
    const secret = crypto.exportPrivateKey(key);
    const id = box.ids.uuid();
    await store.write(box.systemCall('counterpart.make-key'), async (tx) => {
      await tx.allow();
      await tx.counterparts.addKey({ id, digest: digestOf(key.publicKey), certificate, card: Buffer.from(writeCard(signed)).toString('utf8'), madeAt: now, validUntil: until, privateKey: Buffer.from(secret).toString('base64') });
      tx.audit({ action: 'counterpart.make-key', object: id, objectType: 'counterpart', detail: { validUntil: until } });
    });
    secret.fill(0);
  }
  const digestOf = (key: PublicKey): string => Buffer.from(box.sm3(key)).toString('hex');

  return {
    async ensure() {
      if (keys.state === 'locked') return;
      const last = await repository().card();
      if (last === undefined || Date.parse(last.validUntil) - RENEW_BEFORE_MS < Date.parse(clock.now())) await make();
    },
    async card() {
      const last = await repository().card();
      if (last === undefined) throw new ArchiveError('E_STATE_INVALID', { state: 'no transport key' });
      return Buffer.from(last.card, 'utf8');
    },
    async opener(digest) {
      const found = await repository().key(digest);
      if (found === undefined) throw new ArchiveError('E_DECRYPT_FAILED', { why: 'transport key' });
      const der = Buffer.from(found.privateKey, 'base64');
      const key = crypto.loadPrivateKey(der);
      der.fill(0);
      return { serial: identity.serial, publicKey: key.publicKey, unwrap: (wrapped) => crypto.sm2Decrypt(wrapped, key) };
    },
  };
}
