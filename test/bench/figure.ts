/** One measured piece of work. Rates differ between machines, ratios to a reference in the same run hardly do: judge by them. */
export interface Figure {
  /** e.g. `audit.append` */
  readonly work: string;
  /** 中文 */
  readonly title: string;
  readonly value: number;
  readonly unit: string;
  /** What the value is held against, measured in the same run. */
  readonly reference: { readonly title: string; readonly value: number } | null;
  /** `value / reference`; for times the reference over the value, so that more is always better. */
  readonly ratio: number | null;
  /** The figure to reach (design §9), and whether it was. `null`: only watched. */
  readonly reach: { readonly text: string; readonly met: boolean } | null;
}

export interface Piece {
  readonly name: string;
  /** Takes minutes: runs when it is named, or with `--all`. */
  readonly long?: boolean;
  run(folder: string): Promise<readonly Figure[]>;
}

/** Operations a second of a synchronous piece of work, over at least `milliseconds`. */
export function rateOf(work: () => void, milliseconds = 700): number {
  const begin = performance.now();
  let count = 0;
  let passed: number;
  do {
    work();
    count += 1;
    passed = performance.now() - begin;
  } while (passed < milliseconds);
  return (count * 1000) / passed;
}

export async function rateOfAsync(work: () => Promise<unknown>, milliseconds = 1500): Promise<number> {
  const begin = performance.now();
  let count = 0;
  let passed: number;
  do {
    await work();
    count += 1;
    passed = performance.now() - begin;
  } while (passed < milliseconds);
  return (count * 1000) / passed;
}

/** @param share 0.5 for the median, 0.99 for p99 */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

/** A rate held against a reference rate. */
export function rate(
  work: string, title: string, value: number, unit: string, reference: Figure['reference'], reach: ((ratio: number) => NonNullable<Figure['reach']>) | null,
): Figure {
  const ratio = reference === null ? null : value / reference.value;
  return { work, title, value, unit, reference, ratio, reach: reach === null ? null : reach(ratio ?? value) };
}
