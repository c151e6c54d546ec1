import { fileTypeFromBuffer } from 'file-type';
import { isEicar } from './eicar.js';
import { EXAMINERS } from './examiners.js';
import { claimsNoText, extensionMismatch, extensionOf } from './extension.js';
import type { ByteSource, Examination, ExamineLimits, Examiner, FileFacts, Identified, Inner, Observation } from './format.js';
import { startsAsZip } from './containers/zip.js';
import { endsAsZip } from './formats/zip.js';
import { nameObservations } from './names.js';
import { inspectionPolicy } from './policy.js';

/** Bytes of the head every examiner is shown. */
export const HEAD_BYTES = 65_536;

/** Unpacked bytes allowed to content inside other content. */
const INNER_BYTES = 64 * 1024 * 1024;

const UNKNOWN: Identified = { mime: 'application/octet-stream', name: '未识别格式', version: null, puid: null };

/**
 * 格式识别与检查: the bytes decide, never the name. The declared name is used for two questions only, whether it claims another
 * format (GD-1-9) and whether it is itself a hazard (GD-1-6).
 */
export async function examineContent(
  source: ByteSource,
  name: string,
  limits: ExamineLimits,
  examiners: readonly Examiner[] = EXAMINERS,
): Promise<Examination> {
  const found = source.size === 0 ? EMPTY : await dispatch(source, name, limits, examiners);
  const observations: Observation[] = [...found.observations];
  let facts = found.facts;
  if (await isEicar(source)) {
    observations.push({ key: 'file.eicar', evidence: 'EICAR 测试特征' });
    facts = { ...facts, activeContent: true };
  }
  const told = observations.some((observation) => observation.key === 'file.polyglot');
  if (!told && found.facts.compressed !== true && !startsAsZip(await source.read(0, 4)) && (await endsAsZip(source))) {
    observations.push({ key: 'file.polyglot', evidence: 'ZIP' });
  }
  if (found.identified.mime === 'text/plain' && claimsNoText(name)) {
    observations.push({ key: 'file.not-as-named', evidence: '' });
    facts = { ...facts, valid: false, extensionMismatch: true };
  }
  observations.push(...nameObservations(name));
  return { identified: registered(found.identified), facts: withExtension(facts, name, found.identified.mime), observations };
}

async function dispatch(source: ByteSource, name: string, limits: ExamineLimits, examiners: readonly Examiner[]): Promise<Examination> {
  const head = await source.read(0, HEAD_BYTES);
  const deeper = { ...limits, depth: limits.depth - 1, unpackedBytes: Math.min(limits.unpackedBytes, INNER_BYTES) };
  const inner: Inner = (content, title) =>
    limits.depth <= 0 ? Promise.resolve(null) : examineContent(content, title, deeper, examiners);
  for (const examiner of examiners) {
    if (!(await examiner.claims(head, source))) continue;
    try {
      return await examiner.examine(source, name, limits, inner);
    } catch (cause) {
      return failed(await byMagic(head), cause);
    }
  }
  return unidentified(source, head, name);
}

/** A parser that gave up is a fact about the file: it could not be read to the end. */
function failed(identified: Identified, cause: unknown): Examination {
  const evidence = cause instanceof RangeError ? '超出读取限额' : '解析中止';
  return {
    identified,
    facts: { ...NOTHING, encrypted: null, valid: false },
    observations: [{ key: cause instanceof RangeError ? 'file.too-large' : 'file.unreadable', evidence }],
  };
}

async function unidentified(source: ByteSource, head: Buffer, name: string): Promise<Examination> {
  const identified = await byMagic(head);
  if (identified.mime !== UNKNOWN.mime) return { identified, facts: NOTHING, observations: [] };
  const claimed = inspectionPolicy().extensions.has(extensionOf(name));
  if (claimed) {
    const observations = [{ key: 'file.not-as-named', evidence: '' }];
    return { identified, facts: { ...NOTHING, valid: false, extensionMismatch: true }, observations };
  }
  if (extensionOf(name) === '' || (await looksRandom(source))) {
    return { identified, facts: { ...NOTHING, encrypted: null, valid: null }, observations: [{ key: 'file.unidentified', evidence: '' }] };
  }
  return { identified, facts: NOTHING, observations: [] };
}

async function byMagic(head: Buffer): Promise<Identified> {
  const type = await fileTypeFromBuffer(head).catch(() => undefined);
  if (type === undefined) return UNKNOWN;
  return { mime: type.mime, name: inspectionPolicy().formats.get(type.mime)?.name ?? type.ext.toUpperCase(), version: null, puid: null };
}

/** Near eight bits of entropy per byte from the first byte on: ciphertext or noise, no format (私有密文, 第十七条). */
async function looksRandom(source: ByteSource): Promise<boolean> {
  const sample = await source.read(0, HEAD_BYTES);
  if (sample.length < 1024) return false;
  const counts = new Float64Array(256);
  for (const byte of sample) counts[byte] = (counts[byte] ?? 0) + 1;
  let bits = 0;
  for (const count of counts) if (count > 0) bits -= (count / sample.length) * Math.log2(count / sample.length);
  return bits > 8 - 300 / sample.length;
}

function registered(identified: Identified): Identified {
  const row = inspectionPolicy().formats.get(identified.mime);
  return row === undefined ? identified : { ...identified, puid: identified.puid ?? row.puid };
}

function withExtension(facts: FileFacts, name: string, mime: string): FileFacts {
  if (facts.extensionMismatch !== null) return facts;
  return { ...facts, extensionMismatch: mime === UNKNOWN.mime && inspectionPolicy().extensions.has(extensionOf(name)) ? null : extensionMismatch(name, mime) };
}

/** What holds of bytes about which nothing worse is known. */
const NOTHING: FileFacts = {
  encrypted: false,
  compressed: false,
  signed: false,
  sealImage: false,
  activeContent: false,
  extensionMismatch: null,
  valid: true,
};

const EMPTY: Examination = {
  identified: { mime: 'application/x-empty', name: '空文件', version: null, puid: null },
  facts: { ...NOTHING, extensionMismatch: false, valid: false },
  observations: [{ key: 'file.empty', evidence: '' }],
};
