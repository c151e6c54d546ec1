/** 文字识别 beside the requests: text kept as a sealed file behind its scan, its words put into the index of the record's level. */
import { searchedTexts } from '../../core/description.js';
import { ArchiveError } from '../../core/errors.js';
import type { ComputerFile } from '../../core/holdings.js';
import { isArchived, isRecordState } from '../../core/record.js';
import { indexTerms } from '../../core/search-terms.js';
import type { ScansFile } from '../../policies/schemas/scan.js';
import type { Box } from '../box.js';
import type { ScanReader } from './reader.js';
import { scanRows } from './rows.js';

export interface ScanWorkParts {
  readonly box: Pick<Box, 'store' | 'vault' | 'clock' | 'ids' | 'reader' | 'keys' | 'systemCall' | 'entries'>;
  readonly policy: ScansFile;
  readonly reader: ScanReader;
  readonly searchedKeys: readonly string[];
  readonly late: (error: unknown) => void;
}

const GONE: readonly string[] = ['withdrawn', 'pending_destruction', 'destroyed'];
const ACT = 'scan.recognise';
/** Records whose level changed lose the words of their scans until the next look. */
const LOOK_MS = 1000;

export function scanWork({ box, policy, reader, searchedKeys, late }: ScanWorkParts) {
  const { store, vault, clock, ids } = box;
  const { ocr } = policy;
  let running: Promise<void> | undefined;
  let [stopping, again] = [false, false];
  let timer: NodeJS.Timeout | undefined;
  const call = () => box.systemCall(ACT);
  const rows = () => scanRows(box.reader);

  async function loop(): Promise<void> {
    while (!stopping && box.keys.state === 'unlocked') {
      const next = await rows().waiting();
      if (next !== undefined) { await recognise(next.file, next.attempts); continue; }
      const record = await rows().unindexed();
      if (record === undefined) return;
      await index(record);
    }
  }

  async function ended(file: string, state: 'failed' | 'absent', why: string): Promise<void> {
    await store.write(call(), async (tx) => {
      await tx.allow();
      await scanRows(tx.sql).ended(file, state, null, null);
      tx.audit({ action: ACT, object: file, objectType: 'file', result: 'failed', reason: why, detail: { state } });
    });
  }

  async function recognise(id: string, attempts: number): Promise<void> {
    await store.housekeep(async (sql) => scanRows(sql).attempted(id));
    if (attempts >= ocr.attempts) return ended(id, 'failed', 'E_FMT_UNREADABLE');
    const into = ids.uuid();
    try {
      const { file, row } = await store.read(call(), async (tx) => {
        await tx.allow();
        const [scan, own] = [await scanRows(tx.sql).get(id), await tx.files.get(id)];
        const record = own && await tx.records.get(own.record);
        if (scan === undefined || own === undefined || record === undefined || GONE.includes(record.state)) throw new ArchiveError('E_NOT_FOUND');
        return { file: own, row: scan };
      });
      const source = await vault.source(file.object);
      let read: Awaited<ReturnType<ScanReader['recognise']>>;
      try { read = await reader.recognise(source, file.mime, row.technical.pages, row.technical.dpi); } finally { await source.close(); }
      const text = Buffer.from(read.text, 'utf8');
      await vault.begin(into, file.level);
      await vault.append(into, 0, once(text), text.length);
      const { bytes, sm3 } = await vault.finish(into);
      await store.write(call(), async (tx) => {
        await tx.allow();
        const own = await tx.files.get(id);
        const record = own && await tx.records.get(own.record);
        if (own === undefined || record === undefined || own.level !== file.level || GONE.includes(record.state)) throw new ArchiveError('E_NOT_FOUND');
        const at = clock.now();
        await tx.objects.keep({ id: into, level: file.level, bytes, sm3, storedAt: at });
        const next: ComputerFile = {
          ...own, id: ids.uuid(), upload: null, object: into, bytes, sm3, mime: 'text/plain', format: '识别文字（派生）', puid: null, verdict: 'accept', facts: { derivedFrom: own.id }, findings: [],
          sealed: { fileName: `${own.sealed.fileName.replace(/\.[A-Za-z0-9]{1,8}$/u, '')}.txt` }, replacedBy: own.id, receivedAt: at,
        };
        await tx.files.add(next);
        // Recognised anew: the text before is erased, as nothing refers to it any more.
        const before = row.textFile === null ? undefined : await tx.files.get(row.textFile);
        if (before !== undefined) await tx.objects.erase(before.object, at);
        await scanRows(tx.sql).ended(id, 'done', next.id, { tool: read.tool, pages: read.pages, characters: read.text.replace(/\s/gu, '').length, confidence: read.confidence, at });
        const detail = { file: id, text: next.id, tool: read.tool, pages: read.pages, confidence: read.confidence, sm3 };
        tx.audit({ action: ACT, object: record.id, objectType: 'record', objectLevel: record.level, detail });
        tx.afterCommit(async () => { await vault.promote(into); if (before !== undefined) await vault.erase(before.object); });
      });
    } catch (error) {
      if (stopping) return await store.housekeep(async (sql) => scanRows(sql).attempted(id, -1));
      if ((await store.read(call(), async (tx) => { await tx.allow(); return tx.objects.get(into); })) === undefined) await vault.discard(into);
      if (!(error instanceof ArchiveError)) late(error);
      await ended(id, error instanceof ArchiveError && error.code === 'E_CONVERSION_TOOL' ? 'absent' : 'failed', error instanceof ArchiveError ? error.code : 'E_INTERNAL');
    }
  }

  /** Description and recognised words of a record in one row of the index, blind under the level that the record has now. */
  async function index(id: string): Promise<void> {
    const texts = await rows().textsOf(id);
    const words: string[] = [];
    for (const { object } of texts) {
      const sealed = await vault.open(object);
      try { words.push(Buffer.from(await sealed.readRange(0, sealed.bytes)).toString('utf8')); } finally { await sealed.close(); }
    }
    await store.write(call(), async (tx) => {
      await tx.allow();
      const record = await tx.records.get(id);
      if (record === undefined || GONE.includes(record.state)) throw new ArchiveError('E_NOT_FOUND', { record: id });
      // Before filing nothing is searched; filing itself asks for this again.
      const filed = isRecordState(record.state) && isArchived(record.state);
      if (filed) await tx.records.indexWords(record, indexTerms([...searchedTexts(record.description, searchedKeys), record.archivalCode ?? '', ...words]));
      await scanRows(tx.sql).indexed(texts.map(({ file }) => file));
      tx.audit({ action: 'scan.index', object: id, objectType: 'record', objectLevel: record.level, detail: { texts: texts.length } });
    });
  }

  const begin = (): void => {
    if (stopping) return;
    if (running !== undefined) { again = true; return; }
    running = (async () => { do { again = false; await loop(); } while (again && !stopping); })().catch(late).finally(() => { running = undefined; });
  };
  // Whatever wrote the words of a record anew (filing, another level) left those of its scans out.
  box.entries((entries) => {
    if (stopping || timer !== undefined || !entries.some(({ objectType, action }) => objectType === 'record' && !action.startsWith('record.read'))) return;
    timer = setTimeout(() => { timer = undefined; begin(); }, LOOK_MS);
    timer.unref();
  });

  return {
    begin,
    /** For whoever waits: takes a look now. */
    async settled(): Promise<void> { begin(); while (running !== undefined) await running; },
    async stop(): Promise<void> {
      stopping = true;
      clearTimeout(timer);
      await reader.close();
      await running;
    },
  };
}
async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> { yield await Promise.resolve(bytes); }
export type ScanWork = ReturnType<typeof scanWork>;
