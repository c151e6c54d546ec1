import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { TSchema } from '@sinclair/typebox';
import { ArchiveError, type ErrorDetail } from '../core/errors.js';
import { POLICY_FILES, POLICY_TEXTS, type PolicyContent, type PolicyFile } from '../policies/schemas/files.js';
import { inPackage } from './package-root.js';
import { checkFor } from './validation.js';

/** 策略: the rules of the box as data, checked as a whole before anything else starts. */
export interface Policies {
  /** The content of one JSON file, deeply frozen. */
  content<Name extends PolicyFile>(name: Name): PolicyContent<Name>;
  /** The text of one file that is not JSON. */
  text(name: string): string;
}

export interface PolicyShelf {
  readonly folder: string;
  readonly files: Readonly<Record<string, TSchema>>;
  readonly texts: readonly string[];
}

/** Files of the folder that are not rules: pages, sources, schemas. */
const BESIDES = ['.md', '.ts'];

export const SHIPPED: PolicyShelf = { folder: inPackage('policies'), files: POLICY_FILES, texts: POLICY_TEXTS };

/**
 * Reads and checks every file of `policies/`.
 * @throws ArchiveError `E_POLICY_INVALID` with each place as `file#/json/pointer` and a Chinese message; all files are read before it is thrown.
 */
export function loadPolicies(shelf: PolicyShelf = SHIPPED): Policies {
  const wrong: ErrorDetail[] = [];
  const contents = new Map<string, unknown>();
  const texts = new Map<string, string>();
  for (const name of namesIn(shelf.folder)) {
    if (!(name in shelf.files) && !shelf.texts.includes(name)) wrong.push({ at: name, message: '未登记的策略文件，请移出或在策略文件目录中登记' });
  }
  for (const [name, schema] of Object.entries(shelf.files)) {
    const text = readText(shelf.folder, name, wrong);
    if (text === null) continue;
    const value = parse(name, text, wrong);
    if (value === undefined) continue;
    const checked = checkFor(schema)(value);
    if (checked.ok) contents.set(name, freeze(checked.value));
    else wrong.push(...checked.details.map(({ at, message }) => ({ at: `${name}#${at}`, message })));
  }
  for (const name of shelf.texts) {
    const text = readText(shelf.folder, name, wrong);
    if (text !== null) texts.set(name, text);
  }
  if (wrong.length > 0) throw new ArchiveError('E_POLICY_INVALID', { files: wrong.length }, wrong);
  return {
    content: <Name extends PolicyFile>(name: Name) => contents.get(name) as PolicyContent<Name>,
    text: (name) => {
      const text = texts.get(name);
      if (text === undefined) throw new ArchiveError('E_POLICY_INVALID', {}, [{ at: name, message: '策略文件不存在或未登记' }]);
      return text;
    },
  };
}

/** Every file below the folder that must be a policy, with `/` between folders. */
function namesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => statSync(path.join(folder, name)).isFile() && !BESIDES.includes(path.extname(name)) && !path.basename(name).startsWith('.'))
    .map((name) => name.split(path.sep).join('/'))
    .sort();
}

function readText(folder: string, name: string, wrong: ErrorDetail[]): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path.join(folder, name)));
  } catch (error) {
    wrong.push({ at: name, message: error instanceof TypeError ? '不是 UTF-8 编码，请转存为 UTF-8' : '缺少策略文件，请从安装介质恢复' });
    return null;
  }
}

function parse(name: string, text: string, wrong: ErrorDetail[]): unknown {
  try {
    return JSON.parse(text);
  } catch {
    wrong.push({ at: name, message: '不是合法的 JSON，请检查括号、逗号和引号' });
    return undefined;
  }
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
