import type { ByteSource } from '../packages/port.js';

/** Lists are read whole, up to here. */
const WHOLE_BYTES = 64 * 1024 * 1024;

/**
 * 档号 that a list of 其他/ names. Lists come as JSON beside the forms that people read: an array of rows, or an object with `rows`.
 * @param name of the list, as its file begins @returns `null` where there is no such list, or none that can be read
 */
export async function codesOf(files: readonly (ByteSource & { readonly path: string })[], name: string): Promise<readonly string[] | null> {
  const file = files.find(({ path }) => path.endsWith('.json') && (path.split('/').at(-1) ?? '').startsWith(name));
  if (file === undefined || file.bytes > WHOLE_BYTES) return null;
  const pieces: Uint8Array[] = [];
  for await (const piece of file.open()) pieces.push(piece);
  try {
    const value: unknown = JSON.parse(Buffer.concat(pieces).toString('utf8'));
    const rows: unknown = Array.isArray(value) ? value : typeof value === 'object' && value !== null && 'rows' in value ? value.rows : null;
    if (!Array.isArray(rows)) return null;
    return rows.map((row: unknown) => (typeof row === 'object' && row !== null && 'archivalCode' in row && typeof row.archivalCode === 'string' ? row.archivalCode : ''));
  } catch {
    return null;
  }
}
