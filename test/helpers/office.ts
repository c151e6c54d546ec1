import { createHash } from 'node:crypto';
import PDFDocument from 'pdfkit';
import type { Client } from '../../appliance/remote/client.js';
import { Refused } from '../../appliance/remote/client.js';

const SEGMENT_BYTES = 1024 * 1024;

/** A small PDF of Latin text; `filler` bytes of noise stand in it as a stream that nothing shows. */
export async function smallPdf(text: string, filler: Buffer = Buffer.alloc(0)): Promise<Buffer> {
  const document = new PDFDocument({ size: 'A4', compress: false });
  const parts: Buffer[] = [];
  document.on('data', (part: Buffer) => parts.push(part));
  document.fontSize(16).text(text);
  if (filler.length > 0) document.ref({ Type: 'Filler' }).end(filler);
  document.end();
  await new Promise((resolve) => document.on('end', resolve));
  return Buffer.concat(parts);
}

/** What the box has said yes to: it may be killed at any time afterwards and must still know all of it. */
export interface Promised {
  /** Record → SM3 of its one file, and the 档号 once it was filed. */
  readonly records: Map<string, { readonly sm3: string; archivalCode: string | null }>;
  /** Upload → where it is to go on, if the box still says that it is open. */
  readonly uploads: Map<string, { readonly batch: string; readonly content: Buffer }>;
}

interface Taken { readonly done: boolean; readonly offset: number; readonly record: string; readonly state: string }

export const sm3 = (bytes: Uint8Array): string => createHash('sm3').update(bytes).digest('hex');

/** An archivist who captures and files without pause. Every step throws when the box dies under it. */
export class Archivist {
  /** Answers got so far, to time a kill by progress and not by the clock of a busy machine. */
  answers = 0;

  constructor(private readonly client: Client, private readonly promised: Promised) {}

  private async heard<T>(answer: Promise<T>): Promise<T> {
    const got = await answer;
    this.answers += 1;
    return got;
  }

  async open(): Promise<string> {
    return (await this.heard(this.client.post<{ batch: string }>('capture.open', { fonds: 'Z109', department: 'DAS', method: 'offline_upload' }))).batch;
  }

  async capture(batch: string, fileName: string, content: Buffer): Promise<Taken> {
    const { upload } = await this.heard(this.client.post<{ upload: string }>('capture.begin-upload', { batch, fileName, bytes: content.length }));
    this.promised.uploads.set(upload, { batch, content });
    return this.goOn(upload, content, 0);
  }

  private async goOn(upload: string, content: Buffer, from: number): Promise<Taken> {
    for (let offset = from; ; ) {
      const segment = content.subarray(offset, offset + SEGMENT_BYTES);
      const answer = await this.heard(this.client.put<Taken>('capture.upload', { upload, offset }, segment));
      offset += segment.length;
      if (!answer.done) continue;
      this.promised.records.set(answer.record, { sm3: sm3(content), archivalCode: null });
      this.promised.uploads.delete(upload);
      return answer;
    }
  }

  /** After a restart: what was begun is gone on with from where the box says it stands. @returns how many were finished that way */
  async resume(): Promise<number> {
    let finished = 0;
    for (const batch of new Set([...this.promised.uploads.values()].map((one) => one.batch))) {
      const { rows } = await this.heard(this.client.get<{ rows: { upload: string; offset: number; bytes: number }[] }>('capture.uploads', { batch }));
      for (const [upload, { content, batch: own }] of [...this.promised.uploads]) {
        if (own !== batch) continue;
        const open = rows.find((row) => row.upload === upload);
        // Not listed: it was taken whole before the box died, and only the answer was lost.
        if (open) { await this.goOn(upload, content, open.offset); finished += 1; }
        this.promised.uploads.delete(upload);
      }
    }
    return finished;
  }

  async file(batch: string): Promise<void> {
    const { rows } = await this.heard(this.client.get<{ rows: { id: string; version: number; state: string }[] }>('arrangement.list', { batch, state: 'inspected' }));
    if (rows.length === 0) return;
    await this.heard(this.client.post('arrangement.save', {
      batch, rows: rows.map((row) => ({
        record: row.id, seenVersion: row.version,
        facts: { categoryCode: 'WS', archivalYear: 2026, scheduleItemId: '6.2', documentDate: '2026-05-06', completedOn: '2026-05-06', orgOrFunction: 'DAS' },
        description: { title: `关于第${row.id.slice(0, 8)}号事项的通知`, author: ['演练局'] },
      })),
    }));
    const shown = await this.heard(this.client.get<{ batch: { version: number }; states: Record<string, number> }>('capture.show', { batch }));
    const items = shown.states['arranged'] ?? 0;
    await this.heard(this.client.post('capture.declare', { batch, seenVersion: shown.batch.version, counts: [{ category: 'WS', archivalYear: 2026, retention: 'D10', items, metadata: items }] }));
    const again = await this.heard(this.client.get<{ batch: { version: number } }>('capture.show', { batch }));
    const { filed } = await this.heard(this.client.post<{ filed: { record: string; archivalCode: string }[] }>('filing.file', { batch, seenVersion: again.batch.version, overdueReason: '演练补归' }));
    for (const { record, archivalCode } of filed) {
      const known = this.promised.records.get(record);
      if (known) known.archivalCode = archivalCode;
    }
  }

  /** Batches of three, over and over, until the box dies. A refusal is not a death: it is thrown on. */
  async work(name: string, big: boolean): Promise<void> {
    const noise = big ? Buffer.alloc(5 * SEGMENT_BYTES, name) : Buffer.alloc(0);
    for (let round = 0; ; round += 1) {
      const batch = await this.open();
      for (let n = 0; n < 3; n += 1) await this.capture(batch, `${name}-${String(round)}-${String(n)}.pdf`, await smallPdf(`${name} ${String(round)} ${String(n)}`, n === 1 ? noise : Buffer.alloc(0)));
      await this.file(batch);
    }
  }
}

/** True for what a dead peer causes, false for an answer of the box. */
export const isDeath = (error: unknown): boolean => !(error instanceof Refused) && error instanceof Error && 'code' in error;
