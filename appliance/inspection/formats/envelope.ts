import { examined, format } from '../examination.js';
import type { Examination, Examiner, Identified } from '../format.js';

/** Content types of CMS (RFC 5652) and of its SM2 profile (GB/T 35275, formerly GM/T 0010), as DER object identifiers. */
const CONTENT_TYPES: readonly { readonly oid: string; readonly signed: boolean; readonly encrypted: boolean; readonly name: string }[] = [
  { oid: '06092a864886f70d010702', signed: true, encrypted: false, name: '签名数据' },
  { oid: '06092a864886f70d010703', signed: false, encrypted: true, name: '数字信封' },
  { oid: '06092a864886f70d010704', signed: true, encrypted: true, name: '签名与数字信封' },
  { oid: '06092a864886f70d010706', signed: false, encrypted: true, name: '加密数据' },
  { oid: '060b2a864886f70d0109100117', signed: false, encrypted: true, name: '认证加密数据' },
  { oid: '060a2a811ccf550601040202', signed: true, encrypted: false, name: '签名数据（SM2）' },
  { oid: '060a2a811ccf550601040203', signed: false, encrypted: true, name: '数字信封（SM2）' },
  { oid: '060a2a811ccf550601040204', signed: true, encrypted: true, name: '签名与数字信封（SM2）' },
  { oid: '060a2a811ccf550601040205', signed: false, encrypted: true, name: '加密数据（SM2）' },
];

/** CMS and OpenPGP wrappings, which are no documents, and electronic seal data files (GB/T 38540 / GM/T 0031). */
export const envelopeExaminer: Examiner = {
  claims: (head) => Promise.resolve(envelopeOf(head) !== null),
  async examine(source): Promise<Examination> {
    const found = envelopeOf(await source.read(0, 65_536));
    if (found === null) throw new Error('envelope examiner without an envelope');
    return found;
  },
};

function envelopeOf(head: Buffer): Examination | null {
  return sealOf(head) ?? cmsOf(unarmoured(head)) ?? pgpOf(head);
}

/** PEM of a CMS message, decoded; other bytes as they are. */
function unarmoured(head: Buffer): Buffer {
  const pem = /^-----BEGIN (PKCS7|CMS)-----\s+([A-Za-z0-9+/=\s]+)/.exec(head.toString('latin1', 0, 4096));
  if (pem !== null) return Buffer.from(pem[2] ?? '', 'base64');
  return /^MI[A-Za-z0-9+/\r\n]{60,}/.test(head.toString('latin1', 0, 80)) ? Buffer.from(head.toString('latin1', 0, 4096), 'base64') : head;
}

/** Offset of the content of a DER or BER constructed value of the given tag, or -1. */
function inside(bytes: Buffer, at: number, tag: number): number {
  if (bytes[at] !== tag) return -1;
  const length = bytes[at + 1] ?? 0;
  if (length < 0x80) return at + 2;
  return length === 0x80 ? at + 2 : at + 2 + (length & 0x7f);
}

function cmsOf(bytes: Buffer): Examination | null {
  const at = inside(bytes, 0, 0x30);
  if (at < 0) return null;
  for (const { oid, signed, encrypted, name } of CONTENT_TYPES) {
    if (!bytes.subarray(at, at + oid.length / 2).equals(Buffer.from(oid, 'hex'))) continue;
    return examined(format('application/pkcs7-mime', 'CMS 封装'), { signed, encrypted }, [{ key: 'mail.envelope', evidence: name }]);
  }
  return null;
}

/** SESeal ::= SEQUENCE { eSealInfo SEQUENCE { header SEQUENCE { IA5String "ES", … (GB/T 38540-2020). */
function sealOf(bytes: Buffer): Examination | null {
  let at = 0;
  for (let depth = 0; depth < 4; depth++) {
    if (bytes.toString('latin1', at, at + 4) === '\x16\x02ES') return examined(SEAL, { valid: null, sealImage: false }, [{ key: 'seal.file', evidence: '' }]);
    at = inside(bytes, at, 0x30);
    if (at < 0) return null;
  }
  return null;
}

const SEAL: Identified = format('application/vnd.ses-seal', '电子印章数据');

/** Packets that begin an OpenPGP message (RFC 9580): encrypted session keys and encrypted data, or a signature. */
function pgpOf(head: Buffer): Examination | null {
  const armour = /^-----BEGIN PGP (MESSAGE|SIGNED MESSAGE|SIGNATURE)-----/.exec(head.toString('latin1', 0, 64))?.[1];
  if (armour !== undefined) return pgp(armour === 'MESSAGE', armour !== 'MESSAGE');
  const first = head[0] ?? 0;
  if ((first & 0x80) === 0 || head.length < 16) return null;
  const old = (first & 0x40) === 0;
  const tag = old ? (first >> 2) & 0x0f : first & 0x3f;
  const body = old ? [2, 3, 5, 1][first & 3] ?? 1 : (head[1] ?? 0) < 192 ? 2 : (head[1] ?? 0) < 224 ? 3 : 6;
  const version = head[body];
  if (tag === 1 && (version === 3 || version === 6) && /^[\x01\x02\x03\x10\x12\x16\x17\x19]$/.test(String.fromCharCode(head[body + 9] ?? 0))) return pgp(true, false);
  if (tag === 3 && (version === 4 || version === 5 || version === 6) && (head[body + 1] ?? 0) <= 13 && (head[body + 2] ?? 9) <= 4) return pgp(true, false);
  if (tag === 18 && (version === 1 || version === 2) && head.length > 64) return pgp(true, false);
  return null;
}

function pgp(encrypted: boolean, signed: boolean): Examination {
  return examined(format('application/pgp-encrypted', 'PGP 封装'), { encrypted, signed }, [{ key: 'mail.envelope', evidence: 'OpenPGP' }]);
}
