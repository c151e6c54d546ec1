import { open } from 'node:fs/promises';
import koffi from 'koffi';
import { exists, removeFile, markStep } from './file-ops.js';

/** What was seen of a file that was erased. */
export interface Erased {
  /** Bytes that were overwritten; 0 where the file was not there any more. */
  readonly bytes: number;
  /** Read back as zeros after the disk had taken them. */
  readonly zeroed: boolean;
  /** Its blocks were given back to the file system while it still had its name. */
  readonly punched: boolean;
  /** Names that the same bytes had. */
  readonly names: number;
}

const PIECE = 1024 * 1024;
const KEEP_SIZE_AND_PUNCH = 3;
const ABSENT: Erased = { bytes: 0, zeroed: false, punched: false, names: 0 };

type Fallocate = (fd: number, mode: number, offset: number, length: number) => number;
let known: Fallocate | null | undefined;

function fallocate(): Fallocate | null {
  if (known !== undefined) return known;
  try {
    known = koffi.load('libc.so.6').func('int fallocate(int fd, int mode, int64_t offset, int64_t length)') as Fallocate;
  } catch {
    known = null;
  }
  return known;
}

/**
 * 就地覆写: zeros where the bytes lie, synced and read back, then the blocks are punched out. The file keeps its name, so that a run that
 * is stopped here finds it again and does not take it for erased. Absent is success.
 */
export async function overwriteFile(file: string): Promise<Erased> {
  if (!(await exists(file))) return ABSENT;
  markStep('overwrite', file);
  const handle = await open(file, 'r+');
  try {
    const { size, nlink } = await handle.stat();
    const zeros = Buffer.alloc(PIECE);
    for (let at = 0; at < size; at += PIECE) await handle.write(zeros, 0, Math.min(PIECE, size - at), at);
    markStep('sync', file);
    await handle.sync();
    const zeroed = await readsAsZeros(handle, size);
    markStep('punch', file);
    const punched = size > 0 && fallocate()?.(handle.fd, KEEP_SIZE_AND_PUNCH, 0, size) === 0;
    if (punched) await handle.sync();
    return { bytes: size, zeroed, punched, names: nlink };
  } finally {
    await handle.close();
  }
}

async function readsAsZeros(handle: Awaited<ReturnType<typeof open>>, size: number): Promise<boolean> {
  const piece = Buffer.alloc(PIECE);
  const zeros = Buffer.alloc(PIECE);
  for (let at = 0; at < size; at += PIECE) {
    const { bytesRead } = await handle.read(piece, 0, Math.min(PIECE, size - at), at);
    if (bytesRead === 0 || !piece.subarray(0, bytesRead).equals(zeros.subarray(0, bytesRead))) return false;
  }
  return true;
}

/** Overwrites, then takes the name away. Absent is success. */
export async function eraseFile(file: string): Promise<Erased> {
  const erased = await overwriteFile(file);
  await removeFile(file);
  return erased;
}
