/** Why an act is refused to this person on this object, as `access.explain` tells it. The console only shows it. */
import { read } from './api.js';

export interface Reason { readonly rule: string; readonly passed: boolean; readonly code?: string | null; readonly text: string; readonly article?: string | null }
export interface Explanation { readonly allowed: boolean; readonly reasons: readonly Reason[] }

export const explain = (act: string, object: string | null): Promise<Explanation> =>
  read<Explanation>('access.explain', { act, object }, { passive: true });
