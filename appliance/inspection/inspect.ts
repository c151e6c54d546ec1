import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import type { FileInspection } from '../../policies/schemas/inspection.js';
import type { ByteSource, Examination } from './format.js';
import type { Death, InspectionPool } from './pool.js';
import { fileSource } from './source.js';
import { judge } from './verdict.js';

const CHUNK_BYTES = 1024 * 1024;

/** SM3 (GB/T 32905) of the whole content, lower-case hex. */
export async function sm3Of(source: ByteSource): Promise<string> {
  const hash = createHash('sm3');
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) hash.update(await source.read(offset, CHUNK_BYTES));
  return hash.digest('hex');
}

/**
 * 单个文件的检测: identified, measured and judged; nothing is stored.
 * @param path what the result is reported under
 * @param name declared file name, without folders
 */
export async function inspectSource(pool: InspectionPool, source: ByteSource, path: string, name = basename(path)): Promise<FileInspection> {
  const [sm3, outcome] = await Promise.all([sm3Of(source), pool.examine(source, name)]);
  const examination = typeof outcome === 'string' ? fatalExamination(outcome) : outcome;
  const { identified, facts } = examination;
  const { verdict, findings } = judge(examination);
  return {
    path,
    bytes: source.size,
    sm3,
    format: { mime: identified.mime, name: identified.name, version: identified.version, puid: identified.puid },
    facts: {
      encrypted: facts.encrypted,
      compressed: facts.compressed,
      signed: facts.signed,
      sealImage: facts.sealImage,
      activeContent: facts.activeContent,
      extensionMismatch: facts.extensionMismatch,
      valid: facts.valid,
      ...(facts.pages === undefined ? {} : { pages: facts.pages }),
    },
    verdict,
    findings: [...findings],
  };
}

export async function inspectFile(pool: InspectionPool, path: string): Promise<FileInspection> {
  const source = await fileSource(path);
  try {
    return await inspectSource(pool, source, path);
  } finally {
    await source.close();
  }
}

/** Files held open at a time; the pool examines fewer still. */
const OPEN_FILES = 16;

/** Many loose files, in their order, never more of them open than `OPEN_FILES`. */
export async function inspectFiles(pool: InspectionPool, paths: readonly string[]): Promise<FileInspection[]> {
  const found = new Array<FileInspection>(paths.length);
  const rest = paths.entries();
  await Promise.all(Array.from({ length: OPEN_FILES }, async () => {
    for (const [position, path] of rest) found[position] = await inspectFile(pool, path);
  }));
  return found;
}

const DEATHS: Readonly<Record<Death, { key: string; evidence: string }>> = {
  time: { key: 'file.over-limits', evidence: '检测超时' },
  memory: { key: 'file.over-limits', evidence: '内存超限' },
  crash: { key: 'file.over-limits', evidence: '解析进程异常终止' },
};

/** The file that ended its examiner: nothing is known but that no reader should be asked to open it. */
export function fatalExamination(death: Death): Examination {
  const unknown = { encrypted: null, compressed: null, signed: null, sealImage: null, activeContent: null, extensionMismatch: null, valid: null };
  return {
    identified: { mime: 'application/octet-stream', name: '未识别格式', version: null, puid: null },
    facts: unknown,
    observations: [DEATHS[death]],
  };
}
