import { ArchiveError } from '../../core/errors.js';
import type { Sm3 } from '../../core/ports.js';

/** 清单 of a report set: report-format.md. */
export interface Manifest {
  readonly report: string;
  readonly box: string;
  readonly generated: string;
  readonly level: number;
  readonly checkpoint: { readonly size: number; readonly root: string };
  readonly files: readonly ManifestFile[];
}

export interface ManifestFile {
  readonly name: string;
  readonly bytes: number;
  readonly sm3: string;
  readonly parts: readonly ManifestPart[];
}

export interface ManifestPart { readonly from: number; readonly to: number; readonly sm3: string }

/** Bytes of one part. */
export const PART_BYTES = 16_384;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export function manifestFile(sm3: Sm3, name: string, content: Uint8Array): ManifestFile {
  const parts: ManifestPart[] = [];
  if (content.length > PART_BYTES) {
    for (let from = 0; from < content.length; from += PART_BYTES) {
      const part = content.subarray(from, from + PART_BYTES);
      parts.push({ from, to: from + part.length - 1, sm3: hex(sm3(part)) });
    }
  }
  return { name, bytes: content.length, sm3: hex(sm3(content)), parts };
}

export function manifestText(manifest: Manifest): string {
  const lines = [
    'shouzang-report-manifest 1', `report ${manifest.report}`, `box ${manifest.box}`, `generated ${manifest.generated}`, `level ${String(manifest.level)}`,
    `checkpoint ${String(manifest.checkpoint.size)} ${manifest.checkpoint.root}`,
  ];
  for (const file of manifest.files) {
    lines.push(`file ${file.sm3} ${String(file.bytes)} ${file.name}`, ...file.parts.map((part) => `part ${part.sm3} ${String(part.from)} ${String(part.to)}`));
  }
  return `${lines.join('\n')}\n`;
}

const HEAD = /^shouzang-report-manifest 1\nreport (R\d{2}-\d{8}-(?:\d{4}|\d{8}))\nbox (\S+)\ngenerated (\S+)\nlevel ([0-4])\ncheckpoint (\d+) ([A-Za-z0-9+/]{43}=)\n/;
const FILE = /^file ([0-9a-f]{64}) (\d+) ([A-Za-z0-9.-]+)$/;
const PART = /^part ([0-9a-f]{64}) (\d+) (\d+)$/;

/** @throws ArchiveError `E_INPUT_INVALID` naming the line that has another shape */
export function readManifest(text: string): Manifest {
  const head = HEAD.exec(text);
  const refuse = (line: number): never => { throw new ArchiveError('E_INPUT_INVALID', { what: 'manifest' }, [{ at: `第${String(line)}行`, message: '不是报表清单的写法' }]); };
  if (!head) return refuse(1);
  const [all, report = '', box = '', generated = '', level = '', size = '', root = ''] = head;
  const files: (ManifestFile & { readonly parts: ManifestPart[] })[] = [];
  const lines = text.slice(all.length).split('\n');
  if (lines.pop() !== '') refuse(7 + lines.length);
  for (const [index, line] of lines.entries()) {
    const file = FILE.exec(line);
    const part = PART.exec(line);
    const last = files.at(-1);
    if (file) files.push({ sm3: file[1] ?? '', bytes: Number(file[2]), name: file[3] ?? '', parts: [] });
    else if (part && last) last.parts.push({ sm3: part[1] ?? '', from: Number(part[2]), to: Number(part[3]) });
    else refuse(7 + index);
  }
  return { report, box, generated, level: Number(level), checkpoint: { size: Number(size), root }, files };
}
