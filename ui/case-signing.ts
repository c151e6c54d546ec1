/** The signatures of a 变更 or 审核 form: the one who drew it up, the 定密责任人 who decides or sends it back, and taking it back. */
import { computed, ref, shallowRef, watch, type ComputedRef } from 'vue';
import { asProblem, Problem, write } from './api.js';
import type { CasePreviewed, CaseShown } from './marking-case.js';
import type { Reason } from './reasons.js';
import { may } from './session.js';
import { requestSignature } from './signing/request.js';
import { timeOf } from './wording.js';

const TITLES: Readonly<Record<string, string>> = { change: '变更', extend: '延长期限', review: '审核', partial: '部分解密', declassify: '解密', publish: '正式公布', confirm_expiry: '自行解密', confirm_protection: '确定拟密' };

export function useCaseSigning(it: ComputedRef<CaseShown | null>, changed: () => Promise<void>) {
  /** Why the box would not take the signature now. */
  const fault = shallowRef<Problem | null>(null);
  const opinion = ref('');
  const decisionNo = ref('');
  const verdict = ref<'approve' | 'return'>('approve');
  const decides = computed(() => it.value?.state === 'proposed' && may('classification.decide-case'));
  watch(() => it.value?.state, (state) => { opinion.value = state === 'proposed' && decides.value ? '同意' : ''; decisionNo.value = it.value?.nextNo ?? ''; }, { immediate: true });
  const spoken = computed((): readonly Reason[] => (opinion.value.length < 2 ? [{ rule: 'opinion', passed: false, text: '请填写意见', article: '保密法实施条例第十七条' }] : []));
  const decideBlocks = computed((): readonly Reason[] => [
    ...(decides.value ? spoken.value : []),
    ...(decides.value && verdict.value === 'approve' && decisionNo.value.length < 2 ? [{ rule: 'number', passed: false, text: '请填写决定文号', article: '国家秘密定密管理规定' }] : []),
  ]);

  /** Asks for the text to sign; a form that the box would refuse says why instead. */
  async function readyFor(event: 'sign' | 'decide' | 'return' | 'withdraw', data: CaseShown): Promise<(CasePreviewed & { readonly statement: string }) | null> {
    fault.value = null;
    try {
      const answer = await write<CasePreviewed>('classification.preview-case', { event, case: data.id, opinion: opinion.value, ...(event === 'decide' ? { decisionNo: decisionNo.value } : {}) });
      if (answer.problem) throw new Problem(answer.problem);
      return answer.statement === null ? null : { ...answer, statement: answer.statement };
    } catch (cause) {
      fault.value = asProblem(cause);
      return null;
    }
  }
  const about = (data: CaseShown): string => `《${data.title}》${TITLES[data.kind] ?? ''}`;

  async function enter(event: 'sign' | 'decide' | 'return' | 'withdraw', words: (ready: CasePreviewed, data: CaseShown) => { readonly step: string; readonly plain: string; readonly after: string; readonly done: string }): Promise<void> {
    const data = it.value;
    const ready = data && await readyFor(event, data);
    if (!data || !ready) return;
    const said = words(ready, data);
    const body = { case: data.id, seenVersion: data.version, opinion: opinion.value, ...(event === 'decide' ? { decisionNo: decisionNo.value } : {}) };
    const done = await requestSignature({
      title: `${TITLES[data.kind] ?? ''}${event === 'sign' ? '拟定' : event === 'withdraw' ? '撤回' : '审批'}`, step: said.step, marked: { level: data.level, markText: data.from }, statement: ready.statement, plain: said.plain,
      ...(event === 'decide' && data.proposed ? { note: `承办人 ${data.proposed.name} ${timeOf(data.proposed.at)} 已签。请与印出的审核表核对。` } : {}), after: said.after,
      send: async ({ signature }) => { await write(`classification.${event}-case`, { ...body, signature }); return said.done; },
    });
    if (done) await changed();
  }
  const sign = (): Promise<void> => enter('sign', (ready, data) => ({
    step: '第 1 个签名，共 2 个', plain: `拟对${about(data)}：**${data.from ?? '尚未作标志'}** → **${ready.mark ?? '—'}**${ready.ending ? `，最后保密日 **${ready.ending.lastSecretDay}**` : ''}。`,
    after: '送定密责任人审批。批准之前标志不变，照现行密级管理。', done: '已送定密责任人审批',
  }));
  const decide = (): Promise<void> => (verdict.value === 'approve'
    ? enter('decide', (ready, data) => ({
      step: '第 2 个签名，共 2 个', plain: `同意对${about(data)}：**${data.from ?? '尚未作标志'}** → **${ready.mark ?? '—'}**${ready.ending ? `，最后保密日 **${ready.ending.lastSecretDay}**` : ''}，记入 **${decisionNo.value}**。`,
      after: '立即生效：原标志划去、作新标志、重封数据钥、调整知悉范围，并生成书面通知和台账。签名永久保存，不能撤回，只能按变更程序改。', done: `已决定：${ready.mark ?? ''}，记入 ${decisionNo.value}`,
    }))
    : enter('return', (_ready, data) => ({ step: '', plain: `**退回**${about(data)}：${opinion.value}`, after: '退回承办人修改，标志不变。签名永久保存。', done: '已退回承办人' })));
  const withdraw = (): Promise<void> => enter('withdraw', (_ready, data) => ({ step: '', plain: `**撤回**${about(data)}的审核表：${opinion.value}`, after: '事项回到起草之前的状态，标志不变。', done: '已撤回' }));
  return { fault, opinion, decisionNo, verdict, decides, signBlocks: spoken, decideBlocks, sign, decide, withdraw };
}
