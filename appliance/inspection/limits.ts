import type { ExamineLimits } from './format.js';

const MIB = 1024 * 1024;

/** What one examination may take. Past these a file is refused, not waited for. */
export const EXAMINE_LIMITS: ExamineLimits = {
  wholeBytes: 128 * MIB,
  unpackedBytes: 256 * MIB,
  entries: 5000,
  depth: 8,
};

/** 限额 of an examining process; its death by any of them is a finding (GD-4-2), never a fault of the box. */
export const PROCESS_LIMITS = {
  milliseconds: 15_000,
  heapMebibytes: 512,
  residentMebibytes: 900,
  /** A process that has grown past this is replaced before its next file. */
  tiredMebibytes: 400,
} as const;

/** Head sent along with a job, so that small files need no second message. */
export const JOB_HEAD_BYTES = 4 * MIB;
