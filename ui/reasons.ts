/** Why an act is refused to this person on this thing, as `access.explain` tells it. The console only shows it. */
import { read } from './api.js';

export interface Reason { readonly rule: string; readonly passed: boolean; readonly code?: string | null; readonly text: string; readonly article?: string | null }
export interface Explanation { readonly allowed: boolean; readonly reasons: readonly Reason[] }
/** The thing the act is aimed at. */
export interface Aim { readonly record?: string; readonly batch?: string }

export const explain = (act: string, aim: Aim): Promise<Explanation> => read<Explanation>('access.explain', { act, ...aim }, { passive: true });
