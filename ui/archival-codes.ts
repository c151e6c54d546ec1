import { read } from './api.js';
import { refuse } from './notices.js';

/** 档号预览 by record: the numbers that filing the batch now would give. `null` when the box refused, which is told at the foot of the page. */
export async function previewCodes(batch: string): Promise<Readonly<Record<string, string>> | null> {
  try {
    const answer = await read<{ rows: readonly { record: string; archivalCode: string }[] }>('arrangement.preview', { batch });
    return Object.fromEntries(answer.rows.map((row) => [row.record, row.archivalCode]));
  } catch (cause) {
    refuse(cause);
    return null;
  }
}
