/** 国家秘密确定审批表 while it is filled in: the form, the draft it makes, and what the box says of it at every change. */
import { computed, onScopeDispose, ref, watch } from 'vue';
import { asProblem, Problem, read, write } from './api.js';
import { termFormOf, termOf, type ClassificationShown, type Draft, type Previewed, type TermForm } from './classification.js';
import type { RecordShown } from './record.js';
import type { Reason } from './reasons.js';
import { person } from './session.js';
import type { StoredRecord } from './shapes.js';

export interface DraftForm {
  type: Draft['type']; level: number; startOn: string; persons: string[]; departments: string[]; points: string; basis: string; scheduleItem: string; opinion: string;
  originOrg: string; sources: string[]; deriveReason: string; pointBasis: string; scopeSaysLongTerm: boolean; exceptionBasis: string;
  /** 先行保密: why it cannot be decided here, empty where it can; the levels claimed. */
  why: '' | 'unclear' | 'beyond' | 'disputed'; claimed: number[];
}

const lines = (text: string): readonly string[] => text.split(/\n/).map((one) => one.trim()).filter((one) => one !== '');

/** What the form says, as the box takes it; fields that the kind of mark does not have are left out. */
export function draftOf(form: DraftForm, term: TermForm, recordIds: readonly string[]): Draft | null {
  const whole = form.level < 2 ? null : termOf(term);
  if ((form.level >= 2 && !whole) || recordIds.length === 0) return null;
  const { type, level, startOn, persons, departments, points, basis, scheduleItem } = form;
  return {
    recordIds, type, level, term: whole, startOn: startOn || null, scope: { persons, departments }, points: lines(points), basis: basis || null, scheduleItem: scheduleItem || null,
    ...(type === 'inherited' && form.originOrg.length >= 2 ? { originOrg: form.originOrg } : {}),
    ...(type === 'derived' ? { sources: form.sources, deriveReason: form.deriveReason || null, pointBasis: form.pointBasis.length >= 2 ? form.pointBasis : null } : {}),
    ...(form.scopeSaysLongTerm ? { scopeSaysLongTerm: true } : {}), ...(form.exceptionBasis.length >= 2 ? { exceptionBasis: form.exceptionBasis } : {}),
  };
}

/**
 * @param recordIds the records of the matter
 * @param from a matter that was sent back 退回 and is drawn up anew
 */
export function useDraftForm(recordIds: readonly string[], from: string, type: Draft['type']) {
  const records = ref<readonly StoredRecord[]>([]);
  /** Why there is no form: the records, or what was sent back, could not be read. */
  const unread = ref<Problem | null>(null);
  const returned = ref<ClassificationShown | null>(null);
  const form = ref<DraftForm>({
    type, level: Number(person.value?.currentLevel ?? 2), startOn: '', persons: person.value ? [person.value.id] : [], departments: [], points: '', basis: '', scheduleItem: '', opinion: '',
    originOrg: '', sources: [], deriveReason: '', pointBasis: '', scopeSaysLongTerm: false, exceptionBasis: '', why: '', claimed: [],
  });
  const term = ref<TermForm>(termFormOf(null));
  const draft = computed(() => draftOf(form.value, term.value, records.value.map((one) => one.id)));

  async function load(): Promise<void> {
    unread.value = null;
    try {
      if (from !== '') {
        const before = await read<ClassificationShown>('classification.show', { classification: from });
        const { proposal } = before;
        returned.value = before;
        Object.assign(form.value, {
          type: proposal.type, level: proposal.level, startOn: proposal.startOn ?? '', persons: [...proposal.scope.persons], departments: [...proposal.scope.departments], points: proposal.points.join('\n'),
          basis: proposal.basis ?? '', scheduleItem: proposal.scheduleItem ?? '', opinion: before.proposed?.opinion ?? '', sources: [...proposal.sources ?? []], originOrg: proposal.type === 'inherited' ? proposal.originOrg ?? '' : '',
          deriveReason: proposal.deriveReason ?? '', pointBasis: proposal.pointBasis ?? '',
        });
        term.value = termFormOf(proposal.term);
      }
      const shown = await Promise.all((returned.value?.proposal.recordIds ?? recordIds).map(async (record) => read<RecordShown>('record.show', { record })));
      records.value = shown.map((one) => one.record);
      const [first] = records.value;
      if (first && from === '') Object.assign(form.value, { startOn: first.documentDate ?? '', level: Math.max(first.level, form.value.level) });
    } catch (cause) {
      unread.value = asProblem(cause);
    }
  }

  const previewed = ref<Previewed | null>(null);
  const problem = ref<Problem | null>(null);
  let timer = 0;
  let asked = 0;
  async function preview(): Promise<Previewed | null> {
    if (!draft.value) return null;
    const mine = ++asked;
    try {
      const answer = await write<Previewed>('classification.preview', { event: form.value.why ? 'protect' : 'propose', ...claim(), draft: draft.value, opinion: form.value.opinion, ...(previewed.value ? { id: previewed.value.id } : {}) });
      if (mine === asked) { problem.value = answer.problem && new Problem(answer.problem); previewed.value = answer.problem && previewed.value ? { ...previewed.value, derived: answer.derived ?? null } : answer; }
      return answer.problem ? null : answer;
    } catch (cause) {
      if (mine === asked) problem.value = asProblem(cause);
      return null;
    }
  }
  /** What `protect` takes beside the draft. */
  const claim = () => (form.value.why ? { why: form.value.why, claimed: form.value.claimed } : {});
  watch([draft, () => form.value.why, () => form.value.claimed], () => { window.clearTimeout(timer); timer = window.setTimeout(() => { void preview(); }, 300); }, { deep: true });
  onScopeDispose(() => window.clearTimeout(timer));

  const faultOf = (field: string): string => problem.value?.details.find((one) => one.at.split('/').includes(field))?.message ?? '';
  const blocks = computed((): readonly Reason[] => [
    ...(!draft.value ? [{ rule: 'term', passed: false, text: '保密期限还没有填完整', article: '保密法第二十条' }] : []),
    ...(form.value.opinion.length < 2 ? [{ rule: 'opinion', passed: false, text: '请填写承办人意见', article: '保密法实施条例第十七条' }] : []),
    ...(problem.value ? [{ rule: 'preview', passed: false, text: problem.value.message, code: problem.value.code, article: problem.value.articles.join('、') }] : []),
  ]);
  return { records, unread, returned, form, term, draft, previewed, problem, claim, preview, load, faultOf, blocks };
}
