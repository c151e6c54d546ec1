/** `capture --package`: judged here first with `--dry-run`, else sent through the door of the box, which judges it again and takes it in. */
import { open, stat } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError, isErrorCode } from '../../core/errors.js';
import type { ImportFinding } from '../../core/package-import.js';
import type { Level } from '../../core/ports.js';
import type { Client } from '../remote/client.js';
import { answered, signedIn, type PersonOptions } from './remote.js';
import { EXIT, type Io, type Outcome } from './verb.js';

interface PackageOptions extends Omit<PersonOptions, 'as'> {
  readonly package: string;
  readonly as?: string;
  readonly fonds?: string;
  readonly department?: string;
  readonly reason?: string;
  readonly dryRun?: boolean;
}
interface Shown { readonly id: string; readonly batch: string; readonly number: string; readonly state: string; readonly version: number; readonly form: string | null; readonly total: number; readonly done: number; readonly findings: readonly ImportFinding[]; readonly warnings: readonly ImportFinding[]; readonly running: { readonly done: number; readonly total: number } | null; readonly segmentBytes: number }

const SHOWN = 50;
const POLL_MILLISECONDS = 500;
const FORMS: Readonly<Record<string, string>> = { filing: '归档信息包', eep: '电子文件封装包', bagit: 'BagIt 包', folder: '文件夹与目录' };
const inWords = (findings: readonly ImportFinding[]): string[] => [...findings.slice(0, SHOWN).map(({ code, entry, text }) => `  ${entry}：${text}（${code}）`), ...(findings.length > SHOWN ? [`  其余 ${String(findings.length - SHOWN)} 处略`] : [])];

export async function capturePackage(io: Io, options: PackageOptions, level: Level | undefined): Promise<Outcome> {
  if (options.dryRun === true) return dryRun(options.package);
  const { as, reason } = options;
  if (as === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--as', message: '请指定以哪个账号办理，或加 --dry-run 只试行' }]);
  if (reason === undefined) throw new ArchiveError('E_OFFLINE_REASON_REQUIRED', {}, [{ at: '--reason', message: '请填写不能在线归档的原因' }]);
  const { client } = await signedIn(io, { ...options, as });
  const taken = await answered(async () => send(io, client, { ...options, reason }, level));
  await client.post('session.sign-out', {});
  const [first] = taken.findings;
  if (first !== undefined) throw new ArchiveError(isErrorCode(first.code) ? first.code : 'E_PKG_BROKEN', { import: taken.id }, taken.findings.map(({ entry, text }) => ({ at: entry, message: text })));
  return {
    exit: EXIT.good, data: { dryRun: false, import: taken.id, batch: taken.batch, number: taken.number, form: taken.form, state: taken.state, items: taken.done, warnings: taken.warnings },
    lines: [`${FORMS[taken.form ?? ''] ?? ''}，批次 ${taken.number}：收入 ${String(taken.done)} 件，提醒 ${String(taken.warnings.length)} 处`, ...inWords(taken.warnings)],
  };
}

async function dryRun(place: string): Promise<Outcome> {
  const [{ openParcelAt }, { loadPolicies }, { catalogueRules }, { readCatalogueFile }, { packageRoom }, { verifyTools }, { NodeProvider }, { Bulk }] = await Promise.all([
    import('../exchange/open.js'), import('../policies.js'), import('../capture/intake.js'), import('../capture/catalogue-file.js'), import('../packages/compose.js'), import('./verify.js'), import('../crypto/node-provider.js'), import('../content/bulk.js'),
  ]);
  const policies = loadPolicies();
  const rules = catalogueRules(policies);
  const limits = policies.content('capture.json');
  const bulk = new Bulk({ threads: 1 });
  const provider = new NodeProvider();
  try {
    const { two } = await verifyTools(undefined, undefined);
    const room = packageRoom({ provider, bulk, two, scheme: rules.scheme, dictionaries: rules.dictionaries });
    const parcel = await openParcelAt({
      rules, room, limits: { entries: limits.packageEntries, unpackedBytes: limits.packageBytes, ratio: limits.packageRatio },
      readList: async (body) => { const parts: Uint8Array[] = []; for await (const part of body) parts.push(part); return readCatalogueFile(Buffer.concat(parts), rules); },
    }, place);
    await parcel.close();
    const good = parcel.findings.length === 0;
    return {
      exit: good ? EXIT.good : EXIT.finding, data: { dryRun: true, form: parcel.form, name: parcel.name, items: parcel.total, findings: parcel.findings, warnings: parcel.warnings },
      lines: [`${FORMS[parcel.form] ?? ''} ${parcel.name}：${String(parcel.total)} 件，问题 ${String(parcel.findings.length)} 处，提醒 ${String(parcel.warnings.length)} 处`, ...inWords(parcel.findings), good ? '试行通过，可以导入' : '未导入'],
    };
  } finally {
    await bulk.close();
  }
}

async function send(io: Io, client: Client, options: PackageOptions & { readonly reason: string }, level: Level | undefined): Promise<Shown> {
  const { person } = await client.get<{ person: { department: string; currentLevel: Level } }>('session.current', {});
  if (level !== undefined && level !== person.currentLevel) await client.post('session.switch-level', { level });
  const fonds = options.fonds ?? (await client.get<{ fonds: readonly { fonds: string }[] }>('scheme.list', {})).fonds[0]?.fonds ?? '';
  const place = path.resolve(options.package);
  const found = await stat(place);
  const source = found.isFile() ? { kind: 'file', fileName: path.basename(place), bytes: found.size } : { kind: 'medium', place };
  const begun = await client.post<{ import: string; segmentBytes: number }>('import.begin', { fonds, department: options.department ?? person.department, offlineReason: options.reason, source });
  if (found.isFile()) await upload(client, begun, place);
  const checked = await settled(io, client, begun.import);
  if (checked.state !== 'checked') return checked;
  await client.post('import.take', { import: checked.id, seenVersion: checked.version });
  return settled(io, client, checked.id);
}

async function upload(client: Client, begun: { readonly import: string; readonly segmentBytes: number }, place: string): Promise<void> {
  const handle = await open(place, 'r');
  try {
    for (let offset = 0; ;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(begun.segmentBytes), 0, begun.segmentBytes, offset);
      const answer = await client.put<{ done: boolean; offset: number }>('import.upload', { import: begun.import, offset }, buffer.subarray(0, bytesRead));
      if (answer.done) return;
      if (bytesRead === 0) throw new ArchiveError('E_FIXITY_FAILED', { found: offset });
      offset = answer.offset;
    }
  } finally {
    await handle.close();
  }
}

async function settled(io: Io, client: Client, id: string): Promise<Shown> {
  for (;;) {
    const one = await client.get<Shown>('import.show', { import: id });
    if (one.running === null && !['checking', 'taking'].includes(one.state)) return one;
    if (one.running !== null) io.stderr.write(`${one.state === 'taking' ? '已收入' : '已核对'} ${String(one.running.done)}/${String(one.running.total)}\n`);
    await new Promise((resolve) => { setTimeout(resolve, POLL_MILLISECONDS); });
  }
}
