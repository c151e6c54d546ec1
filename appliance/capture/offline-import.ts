import { open } from 'node:fs/promises';
import { ArchiveError, type ErrorDetail } from '../../core/errors.js';
import type { Level } from '../../core/ports.js';
import { Refused, type Client } from '../remote/client.js';
import type { ListedFile, Preflight } from './preflight.js';

export interface OfflineImport {
  readonly client: Client;
  readonly catalogue: { readonly name: string; readonly bytes: Buffer; readonly sm3: string };
  readonly checked: Preflight;
  readonly fonds: string | undefined;
  readonly department: string | undefined;
  readonly level: Level | undefined;
  /** Told after each file that is in the box. */
  readonly told: (done: number, of: number) => void;
}

export interface CatalogueAnswer {
  readonly rows: number; readonly matched: number; readonly complete: number; readonly unlisted: readonly string[]; readonly problems: readonly ErrorDetail[]; readonly written?: number;
}

export interface Imported {
  readonly batch: string;
  readonly number: string;
  /** The batch was there already: this run went on with it. */
  readonly resumed: boolean;
  readonly files: { readonly sent: number; readonly continued: number; readonly already: number };
  readonly rows: number;
  readonly matched: number;
  readonly complete: number;
  readonly written: number;
  readonly states: Readonly<Record<string, number>>;
}

interface Batch { readonly id: string; readonly number: string; readonly fonds: string; readonly department: string; readonly level: Level; readonly openedBy: string; readonly offlineReason: string | null; readonly state: string }
interface Known { readonly name: string; readonly sm3: string }

const PAGE = 200;

/**
 * 离线导入 through the one door of the box. The batch is known again by the digest of the catalogue, which its 离线原因 bears, and the files by
 * name and digest: whatever broke, the same command goes on where it stopped, and a finished one changes nothing.
 * @throws ArchiveError, Refused: the refusals of the box; `E_NAME_COLLISION` where the batch has another file of the same name
 */
export async function importOffline(wish: OfflineImport): Promise<Imported> {
  const { client, catalogue, checked } = wish;
  const { person } = await client.get<{ person: { id: string; department: string; currentLevel: Level } }>('session.current', {});
  const level = wish.level ?? onlyOne(checked, 'securityLevel') ?? person.currentLevel;
  if (level !== person.currentLevel) await client.post('session.switch-level', { level });
  const fonds = wish.fonds ?? onlyOne(checked, 'fondsIdentifier') ?? (await soleFonds(client));
  const department = wish.department ?? person.department;
  const method = onlyOne(checked, 'captureMethod') ?? 'offline_upload';
  const offlineReason = `离线目录导入，目录 SM3 ${catalogue.sm3.slice(0, 32)}`;

  const known = await findBatch(client, (one) => one.openedBy === person.id && one.fonds === fonds && one.department === department && one.level === level && one.offlineReason === offlineReason && one.state !== 'withdrawn');
  if (known !== undefined && known.state !== 'open') return { batch: known.id, number: known.number, resumed: true, files: { sent: 0, continued: 0, already: checked.files.length }, rows: checked.reading.rowsRead, matched: 0, complete: 0, written: 0, states: await statesOf(client, known.id) };
  const opened = known === undefined ? await client.post<{ batch: string; number: string }>('capture.open', { fonds, department, method, offlineReason }) : { batch: known.id, number: known.number };

  const files = await sendAll(wish, opened.batch);
  const put = async (apply: boolean): Promise<CatalogueAnswer> => client.put<CatalogueAnswer>('capture.catalogue', { batch: opened.batch, fileName: catalogue.name, apply }, catalogue.bytes);
  const dry = await put(false);
  if (dry.problems.length > 0) throw new ArchiveError('E_CATALOGUE_INVALID', { problems: dry.problems.length }, dry.problems);
  const applied = await put(true);
  return {
    ...opened, resumed: known !== undefined, files, rows: applied.rows, matched: applied.matched, complete: applied.complete, written: applied.written ?? 0, states: await statesOf(client, opened.batch),
  };
}

/** The value that all rows agree on; `undefined` where no row has one. @throws ArchiveError `E_CATALOGUE_INVALID` where they differ */
function onlyOne<K extends 'securityLevel' | 'fondsIdentifier' | 'captureMethod'>({ reading }: Preflight, key: K): NonNullable<Preflight['reading']['entries'][number]['structure'][K]> | undefined {
  const values = [...new Set(reading.entries.flatMap(({ structure }) => structure[key] ?? []))];
  if (values.length > 1) throw new ArchiveError('E_CATALOGUE_INVALID', { key }, [{ at: { securityLevel: '密级', fondsIdentifier: '全宗号', captureMethod: '归档方式' }[key], message: '一次导入只能有一种，请按此分成几个目录' }]);
  return values[0] as NonNullable<Preflight['reading']['entries'][number]['structure'][K]> | undefined;
}

async function soleFonds(client: Client): Promise<string> {
  const { fonds } = await client.get<{ fonds: readonly { fonds: string }[] }>('scheme.list', {});
  const [first, second] = fonds;
  if (first === undefined || second !== undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--fonds', message: '本机有多个全宗，请指定全宗号' }]);
  return first.fonds;
}

async function findBatch(client: Client, is: (batch: Batch) => boolean): Promise<Batch | undefined> {
  for (let page = 1; ; page += 1) {
    const { rows, total } = await client.get<{ rows: readonly Batch[]; total: number }>('capture.list', { page, size: PAGE });
    const found = rows.find(is);
    if (found !== undefined || page * PAGE >= total) return found;
  }
}

const statesOf = async (client: Client, batch: string): Promise<Readonly<Record<string, number>>> =>
  (await client.get<{ states: Readonly<Record<string, number>> }>('capture.show', { batch, size: 1 })).states;

async function filesIn(client: Client, batch: string): Promise<Known[]> {
  const found: Known[] = [];
  for (let page = 1; ; page += 1) {
    const { records, total } = await client.get<{ records: readonly { files: readonly { sm3: string; sealed: { fileName: string; sm3Before?: string } }[] }[]; total: number }>('capture.show', { batch, page, size: PAGE });
    // A file whose signatures were taken out since is known by what it was.
    found.push(...records.flatMap((record) => record.files.map(({ sm3, sealed }) => ({ name: sealed.fileName.normalize('NFC'), sm3: sealed.sm3Before ?? sm3 }))));
    if (page * PAGE >= total) return found;
  }
}

async function sendAll({ client, checked, told }: OfflineImport, batch: string): Promise<Imported['files']> {
  const there = new Map((await filesIn(client, batch)).map(({ name, sm3 }) => [name, sm3]));
  const { rows } = await client.get<{ rows: readonly { upload: string; fileName: string; bytes: number; offset: number }[] }>('capture.uploads', { batch });
  const underWay = new Map(rows.map((row) => [`${row.fileName} ${String(row.bytes)}`, row]));
  const { segmentBytes } = (await client.get<{ limits: { segmentBytes: number } }>('capture.show', { batch, size: 1 })).limits;
  let [sent, continued, already] = [0, 0, 0];
  for (const file of checked.files) {
    const sm3 = there.get(file.name.normalize('NFC'));
    if (sm3 !== undefined && sm3 !== file.inspection.sm3) throw new ArchiveError('E_NAME_COLLISION', {}, [{ at: `第${String(file.line)}行「文件名」`, message: '批次中已有同名而内容不同的文件，请先撤回该件或改名' }]);
    if (sm3 === undefined) {
      const begun = underWay.get(`${file.name} ${String(file.inspection.bytes)}`);
      const taken = await send(client, batch, file, segmentBytes, begun);
      if (taken !== file.inspection.sm3) throw new ArchiveError('E_FIXITY_FAILED', { registered: file.inspection.sm3, found: taken });
      if (begun === undefined) sent += 1;
      else continued += 1;
    } else already += 1;
    told(sent + continued + already, checked.files.length);
  }
  return { sent, continued, already };
}

interface Segment { readonly done: boolean; readonly offset: number; readonly file?: { readonly sm3: string } }

/** @returns SM3 of the file as the box took it */
async function send(client: Client, batch: string, file: ListedFile, segmentBytes: number, begun: { readonly upload: string; readonly offset: number } | undefined): Promise<string> {
  const { upload, offset } = begun ?? (await client.post<{ upload: string; offset: number }>('capture.begin-upload', { batch, fileName: file.name, bytes: file.inspection.bytes }));
  const handle = await open(file.path, 'r');
  try {
    let at = offset;
    for (;;) {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(segmentBytes, file.inspection.bytes - at)), 0, undefined, at);
      const answer = await segment(client, upload, at, buffer.subarray(0, bytesRead));
      if (answer.done) return answer.file?.sm3 ?? '';
      if (answer.offset === at && bytesRead === 0) throw new ArchiveError('E_FIXITY_FAILED', { registered: file.inspection.bytes, found: at }, [{ at: `第${String(file.line)}行「文件名」`, message: '文件在导入途中变短，请核对后重新导入' }]);
      at = answer.offset;
    }
  } finally {
    await handle.close();
  }
}

async function segment(client: Client, upload: string, offset: number, bytes: Buffer): Promise<Segment> {
  try {
    return await client.put<Segment>('capture.upload', { upload, offset }, bytes);
  } catch (error) {
    const end = error instanceof Refused && error.code === 'E_UPLOAD_OFFSET' ? error.facts['offset'] : undefined;
    if (typeof end !== 'number') throw error;
    return { done: false, offset: end };
  }
}
