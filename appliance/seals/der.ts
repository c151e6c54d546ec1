import { fromBER } from 'asn1js';

/** One ASN.1 value with the very bytes it was read from, because signatures are over bytes and never over a rebuilt value. */
export interface Der {
  /** 0 universal, 2 context (as written in the identifier octet). */
  readonly tagClass: number;
  readonly tag: number;
  readonly constructed: boolean;
  /** Identifier, length and contents. */
  readonly raw: Buffer;
  /** Contents only; of a constructed OCTET STRING, its parts joined. */
  readonly content: Buffer;
  readonly children: readonly Der[];
}

export const TAG = {
  boolean: 1, integer: 2, bitString: 3, octetString: 4, oid: 6, utf8: 12, sequence: 16, set: 17, printable: 19, t61: 20, ia5: 22,
  utcTime: 23, generalizedTime: 24, universal: 28, bmp: 30,
} as const;

/**
 * Reads one BER or DER value; bytes after it are ignored (signature fields are padded with zeros).
 * @returns null when the bytes are not ASN.1.
 */
export function readDer(bytes: Uint8Array): Der | null {
  if (bytes.length < 2) return null;
  try {
    const { offset, result } = fromBER(Uint8Array.from(bytes));
    return offset === -1 ? null : convert(result, 0);
  } catch {
    return null;
  }
}

interface Block {
  readonly idBlock: { readonly tagClass: number; readonly tagNumber: number; readonly isConstructed: boolean; readonly blockLength: number };
  readonly lenBlock: { readonly blockLength: number };
  readonly valueBlock: object;
  readonly valueBeforeDecodeView: Uint8Array;
}

const DEPTH_LIMIT = 64;

function convert(block: Block, depth: number): Der {
  if (depth > DEPTH_LIMIT) throw new RangeError('ASN.1 nested too deeply');
  const { tagClass, tagNumber: tag, isConstructed: constructed } = block.idBlock;
  const raw = viewOf(block.valueBeforeDecodeView);
  const children = constructed ? childrenOf(block.valueBlock).map((child) => convert(child, depth + 1)) : [];
  const plain = raw.subarray(block.idBlock.blockLength + block.lenBlock.blockLength);
  const joined = tagClass === 1 && tag === TAG.octetString && constructed;
  return { tagClass: tagClass - 1, tag, constructed, raw, children, content: joined ? Buffer.concat(children.map((child) => child.content)) : plain };
}

function childrenOf(valueBlock: object): readonly Block[] {
  return 'value' in valueBlock && Array.isArray(valueBlock.value) ? (valueBlock.value as readonly Block[]).filter((one) => one.idBlock.tagClass !== 1 || one.idBlock.tagNumber !== 0) : [];
}

function viewOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function is(node: Der | undefined, tag: number): node is Der {
  return node !== undefined && node.tagClass === 0 && node.tag === tag;
}

export function isContext(node: Der | undefined, tag: number): node is Der {
  return node !== undefined && node.tagClass === 2 && node.tag === tag;
}

/** Dotted decimal of an OBJECT IDENTIFIER; null for anything else. */
export function oidOf(node: Der | undefined): string | null {
  if (!is(node, TAG.oid) || node.content.length === 0) return null;
  const arcs: bigint[] = [];
  let arc = 0n;
  for (const byte of node.content) {
    arc = (arc << 7n) | BigInt(byte & 0x7f);
    if ((byte & 0x80) === 0) {
      arcs.push(arc);
      arc = 0n;
    }
  }
  const [first = 0n, ...rest] = arcs;
  const top = first < 40n ? 0n : first < 80n ? 1n : 2n;
  return [top, first - top * 40n, ...rest].join('.');
}

/** Value of a small INTEGER; null when it is none or larger than 32 bits. */
export function intOf(node: Der | undefined): number | null {
  if (!is(node, TAG.integer) || node.content.length === 0 || node.content.length > 4) return null;
  return node.content.readIntBE(0, node.content.length);
}

/** Text of any of the string types. */
export function textOf(node: Der | undefined): string | null {
  if (node === undefined || node.tagClass !== 0) return null;
  switch (node.tag) {
    case TAG.utf8: case TAG.printable: case TAG.ia5: return node.content.toString('utf8');
    case TAG.t61: return node.content.toString('latin1');
    case TAG.bmp: return Buffer.from(node.content.subarray(0, node.content.length & ~1)).swap16().toString('utf16le');
    case TAG.universal: return [...Array(node.content.length >> 2).keys()].map((at) => String.fromCodePoint(node.content.readUInt32BE(at * 4) % 0x110000)).join('');
    default: return null;
  }
}

/** Bits of a BIT STRING, its count of unused bits left out. */
export function bitsOf(node: Der | undefined): Buffer | null {
  return is(node, TAG.bitString) && !node.constructed && node.content.length > 0 ? node.content.subarray(1) : null;
}

/** UTCTime or GeneralizedTime as RFC 3339; null when it is neither. */
export function timeOf(node: Der | undefined): string | null {
  if (!is(node, TAG.utcTime) && !is(node, TAG.generalizedTime)) return null;
  return instantOf(node.content.toString('latin1'));
}

/**
 * `20201010071120Z`, `201010071120Z`, `20201010151120+0800`, `2020-07-16 16:04:27`, `D:20200716160427+08'00'` → RFC 3339.
 * A time without zone is given without zone: it is the signer's clock and nobody can say which.
 */
export function instantOf(text: string): string | null {
  const trimmed = text.trim().replace(/^D:/, '');
  const short = /^(\d{2})(\d{10})(?=[Z+-]|$)/.exec(trimmed);
  const full = short === null ? trimmed : `${Number(short[1]) < 50 ? '20' : '19'}${trimmed}`;
  const match = /^(\d{4})[-/]?(\d{2})[-/]?(\d{2})(?:[ T]?(\d{2}):?(\d{2})(?::?(\d{2}))?(?:[.,]\d+)?)?\s*(Z|[+-]\d{2}'?:?\d{2}'?)?/.exec(full);
  if (match === null) return null;
  const [, year, month, day, hour, minute, second = '00', zone] = match;
  if (Number(month) < 1 || Number(month) > 12 || Number(day) < 1 || Number(day) > 31) return null;
  const date = `${year ?? ''}-${month ?? ''}-${day ?? ''}`;
  if (hour === undefined || minute === undefined) return date;
  const digits = zone?.replace(/[':]/g, '');
  return `${date}T${hour}:${minute}:${second}${digits === undefined ? '' : digits === 'Z' ? 'Z' : `${digits.slice(0, 3)}:${digits.slice(3)}`}`;
}
