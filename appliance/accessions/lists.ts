import type { ByteSource } from '../packages/port.js';

/** Lists are read whole, up to here. */
const WHOLE_BYTES = 64 * 1024 * 1024;

export interface ListRow { readonly archivalCode: string; readonly bytes: number | null }

/**
 * Rows of a list in 其他/. Lists come as JSON beside the forms that people read: an array of rows, or an object with `rows`.
 * @param name of the list, as its file begins @returns `null` where there is no such list, or none that can be read
 */
export async function listOf(files: readonly (ByteSource & { readonly path: string })[], name: string): Promise<readonly ListRow[] | null> {
  const file = files.find(({ path }) => path.endsWith('.json') && (path.split('/').at(-1) ?? '').startsWith(name));
  if (file === undefined || file.bytes > WHOLE_BYTES) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of file.open()) pieces.push(piece);
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    const rows: unknown = Array.isArray(value) ? value : typeof value === 'object' && value !== null && 'rows' in value ? value.rows : null;
    if (!Array.isArray(rows)) return null;
    return rows.map((row: unknown): ListRow => {
      const given = typeof row === 'object' && row !== null ? row as Readonly<Record<string, unknown>> : {};
      const { archivalCode, bytes } = given;
      return { archivalCode: typeof archivalCode === 'string' ? archivalCode : '', bytes: typeof bytes === 'number' ? bytes : null };
    });
  } catch {
    return null;
  }
}

export const codesIn = (rows: readonly ListRow[] | null): readonly string[] | null => rows && rows.map(({ archivalCode }) => archivalCode);
