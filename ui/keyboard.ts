/** `/` search, `g` then a letter to go, `Esc` closes what is open last. Typing in a field is never disturbed. */
import { onMounted, onScopeDispose, onUnmounted } from 'vue';
import type { Router } from 'vue-router';
import { openPages, pageOfLetter } from './navigation.js';
import { session } from './session.js';

const closers: (() => void)[] = [];

/** Registers what `Esc` closes; the one opened last goes first. */
export function onEscape(close: () => void): void {
  onMounted(() => { closers.push(close); });
  onUnmounted(() => {
    const at = closers.lastIndexOf(close);
    if (at >= 0) closers.splice(at, 1);
  });
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

export function useFrameKeys(router: Router, focusSearch: () => void): void {
  let goingUntil = 0;
  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Escape') {
      const close = closers.at(-1);
      if (close) { event.preventDefault(); close(); }
      return;
    }
    if (isTyping(event.target)) return;
    if (event.key === '/') { event.preventDefault(); focusSearch(); return; }
    if (event.key === 'g') { goingUntil = Date.now() + 1500; return; }
    if (Date.now() > goingUntil) return;
    goingUntil = 0;
    const page = pageOfLetter(openPages(session.value?.abilities ?? []), event.key.toLowerCase());
    if (page) { event.preventDefault(); void router.push(page.path); }
  };
  window.addEventListener('keydown', onKey);
  onScopeDispose(() => window.removeEventListener('keydown', onKey));
}

/** Up and down move the focus among the rows of a table, Home and End to its ends. */
export function moveRow(event: KeyboardEvent): void {
  if (!['ArrowDown', 'ArrowUp', 'Home', 'End'].includes(event.key)) return;
  const row = event.currentTarget;
  if (!(row instanceof HTMLElement) || event.target !== row) return;
  const rows = [...row.parentElement?.querySelectorAll<HTMLElement>('tr[tabindex]') ?? []];
  const at = rows.indexOf(row);
  const next = event.key === 'Home' ? 0 : event.key === 'End' ? rows.length - 1 : at + (event.key === 'ArrowDown' ? 1 : -1);
  const to = rows[next];
  if (to) { event.preventDefault(); to.focus(); }
}
