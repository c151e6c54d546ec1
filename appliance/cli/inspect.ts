import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileInspection, FourNature, Severity, Verdict } from '../../policies/schemas/inspection.js';
import { action, addVerb, EXIT, type Verb } from './verb.js';

const VERDICTS: Readonly<Record<Verdict, string>> = { accept: '合格', warn: '告警', reject: '不合格' };
const SEVERITIES: Readonly<Record<Severity, string>> = { reject: '不合格', warn: '告警', note: '提示' };
const PROPERTIES: Readonly<Record<FourNature, string>> = { authenticity: '真实性', integrity: '完整性', usability: '可用性', security: '安全性' };

export const inspectVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'inspect <path...>', '四性检测：检测文件或文件夹，不保存任何内容', 'four-property inspection of files and folders, nothing stored');
    action(command, io, async (paths) => {
      const [{ openPool }, { inspectFiles }] = await Promise.all([import('../inspection/pool.js'), import('../inspection/inspect.js')]);
      const pool = openPool();
      try {
        const found: string[] = [];
        for (const path of paths) found.push(...(await filesUnder(path)));
        const files = await inspectFiles(pool, found);
        return { exit: EXIT.good, data: { files }, lines: files.flatMap(inWords) };
      } finally {
        await pool.close();
      }
    });
  },
};

/** The file itself, or every regular file below the folder in order of name. Links inside a folder are not followed. */
async function filesUnder(path: string): Promise<string[]> {
  if (!(await stat(path)).isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    if (entry.isDirectory()) found.push(...(await filesUnder(join(path, entry.name))));
    else if (entry.isFile()) found.push(join(path, entry.name));
  }
  return found;
}

function inWords(file: FileInspection): string[] {
  const findings = file.findings.map((finding) => `    ${finding.code} ${PROPERTIES[finding.property]} ${SEVERITIES[finding.severity]}：${finding.message}（${finding.article}）`);
  return [`${VERDICTS[file.verdict]}  ${file.path}  ${file.format.name}`, ...findings];
}
