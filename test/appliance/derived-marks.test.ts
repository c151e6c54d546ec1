import test from 'ava';
import { draftOf, marked, openDesk, people, takenIn, years } from '../helpers/marking.js';

interface Preview { readonly problem: { readonly code: string } | null; readonly derived: { readonly level: number; readonly term: { readonly years: number }; readonly startOn: string; readonly scope: { readonly persons: readonly string[] } } | null }
interface Shown {
  readonly sources: readonly { readonly id: string | null; readonly title: string; readonly mark: string; readonly writtenRecordNo: string | null }[];
  readonly derived: readonly { readonly id: string; readonly title: string }[];
}

test('实施条例第十八条: the preview of a derived form tells what its sources make together, also while the form departs from them', async (t) => {
  const desk = await openDesk(t);
  const first = await marked(desk, { level: 2, term: years(10) }, '来源甲（演练）');
  const second = await marked(desk, { level: 3, term: years(5) }, '来源乙（演练）');
  const record = await takenIn(desk.proposer, 3, '派生件（演练）');
  const draft = draftOf([record], [desk.proposer.person], { type: 'derived', sources: [first.classification, second.classification], deriveReason: 'derived_content', basis: null, level: 2, term: years(1) });
  const { body } = await desk.proposer.post<Preview>('classification.preview', { event: 'propose', draft, opinion: '建议' });
  t.is(body.problem?.code, 'E_CLS_DERIVE_SOURCE_REQUIRED');
  t.is(body.derived?.level, 3, 'the highest level, of the second');
  t.is(body.derived?.term.years, 10, 'the longest term, of the first');
  t.deepEqual([...body.derived?.scope.persons ?? []].sort(), [...people(desk)].sort(), 'both scopes together');
});

test('保密法第二十一条: a derived matter names its sources, and a source its derived matters, only to who may know of them', async (t) => {
  const desk = await openDesk(t);
  const [few, all] = [[desk.proposer.person, desk.authority.person], people(desk)];
  const narrow = await marked(desk, { scope: { persons: few, departments: [] } }, '窄来源（演练）');
  const wide = await marked(desk, {}, '宽来源（演练）');
  const fromNarrow = await marked(desk, { type: 'derived', sources: [narrow.classification], deriveReason: 'identical', basis: null, scope: { persons: all, departments: [] } }, '宽派生（演练）');
  const fromWide = await marked(desk, { type: 'derived', sources: [wide.classification], deriveReason: 'identical', basis: null, scope: { persons: few, departments: [] } }, '窄派生（演练）');
  const show = async (who: typeof desk.proposer, classification: string): Promise<Shown> => (await who.get<Shown>('classification.show', { classification })).body;

  const known = await show(desk.proposer, fromNarrow.classification);
  t.like(known.sources[0], { id: narrow.classification, title: '窄来源（演练）', mark: '机密★10年' });
  const unknown = await show(desk.officer, fromNarrow.classification);
  t.like(unknown.sources[0], { id: null, writtenRecordNo: null, mark: '机密★10年' });
  t.false(JSON.stringify(unknown).includes('窄来源'));
  t.deepEqual((await show(desk.proposer, wide.classification)).derived.map(({ id }) => id), [fromWide.classification]);
  t.deepEqual((await show(desk.officer, wide.classification)).derived, []);
});
