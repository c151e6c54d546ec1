import test from 'ava';
import fc from 'fast-check';
import { follow, join, lower, NO_MARK, rollUpItem, type ContainerMark } from '../../secrecy/container.js';
import { combine, EMPTY, reach, rollUp, type RollUp } from '../../secrecy/roll-up.js';
import { codeOf } from '../helpers/secrecy.js';

const POLICY = { mark: { separator: '★', separatorVariants: ['☆'], longTerm: '长期', internal: ['内部'], source: 'x' } } as const;
const policy = { mark: { ...POLICY.mark, separatorVariants: [...POLICY.mark.separatorVariants], internal: [...POLICY.mark.internal] } };

interface Item { readonly id: string; readonly level: 0 | 1 | 2 | 3 | 4; readonly mark: string | null; readonly lastSecretDay: string | null }
const state = fc.oneof(
  fc.constantFrom<Omit<Item, 'id'>>({ level: 0, mark: null, lastSecretDay: null }, { level: 1, mark: '内部', lastSecretDay: null }),
  fc.tuple(fc.constantFrom(2 as const, 3 as const, 4 as const), fc.constantFrom('2027-01-01', '2030-06-30', '2036-05-06', '2046-12-31')).map(([level, day]) => ({ level, mark: `${['', '', '秘密', '机密', '绝密'][level] ?? ''}★10年`, lastSecretDay: day })),
  fc.constantFrom<Omit<Item, 'id'>>({ level: 3, mark: null, lastSecretDay: null }, { level: 2, mark: '秘密★长期', lastSecretDay: null }),
);

/** A tree of containers over eight items: which items and which containers each holds; only later ones, so that none holds itself. */
const shape = fc.array(fc.tuple(fc.uniqueArray(fc.nat(7), { maxLength: 5 }), fc.uniqueArray(fc.nat(5), { maxLength: 3 })), { minLength: 1, maxLength: 6 });
type Event = readonly ['change', number, Omit<Item, 'id'>] | readonly ['approve', number];
const event: fc.Arbitrary<Event> = fc.oneof({ weight: 4, arbitrary: fc.tuple(fc.constant('change' as const), fc.nat(7), state) }, { weight: 1, arbitrary: fc.tuple(fc.constant('approve' as const), fc.nat(5)) });

/** Looking at every item of every container below, each time anew. */
function naive(tree: readonly (readonly [number[], number[]])[], items: readonly Item[], at: number): RollUp {
  const [own = [], inner = []] = tree[at] ?? [];
  const all = new Set<number>();
  const walk = (from: number): void => {
    const [held = [], deeper = []] = tree[from] ?? [];
    for (const one of held) all.add(one);
    for (const one of deeper) if (one > from && one < tree.length) walk(one);
  };
  for (const one of own) all.add(one);
  for (const one of inner) if (one > at && one < tree.length) walk(one);
  return rollUp([...all].map((one) => rollUpItem(items[one] ?? { id: 'x', level: 0, mark: null, lastSecretDay: null }, policy)));
}

test('law, domain/06 §4.5: over random trees and changes a container never carries less than a naive look at all it holds, and after the approvals exactly that', (t) => {
  fc.assert(fc.property(shape, fc.array(event, { maxLength: 25 }), (tree, events) => {
    const items: Item[] = Array.from({ length: 8 }, (_, n) => ({ id: `R${String(n)}`, level: 0, mark: null, lastSecretDay: null }));
    const marks: ContainerMark[] = tree.map(() => NO_MARK);
    const asked = (at: number): RollUp => {
      const [own = [], inner = []] = tree[at] ?? [];
      const records = rollUp(own.map((one) => rollUpItem(items[one] ?? { id: 'x', level: 0, mark: null, lastSecretDay: null }, policy)));
      return inner.filter((one) => one > at && one < tree.length).map((one) => marks[one]?.held ?? EMPTY).reduce(combine, records);
    };
    // From the innermost outwards, as the store does it after each change.
    const settle = (): void => { for (let at = tree.length - 1; at >= 0; at -= 1) marks[at] = follow(marks[at] ?? NO_MARK, asked(at)); };
    settle();
    for (const one of events) {
      if (one[0] === 'change') {
        const before = marks.map(({ held }) => held);
        items[one[1]] = { id: `R${String(one[1])}`, ...one[2] };
        settle();
        marks.forEach(({ held }, at) => { t.true(held.level >= (before[at]?.level ?? 0) && reach(held) >= reach(before[at] ?? EMPTY), 'nothing goes down by itself'); });
      } else {
        const mark = marks[one[1]];
        if (mark?.due) marks[one[1]] = lower(mark, mark.due);
        settle();
      }
      marks.forEach(({ held }, at) => {
        const now = naive(tree, items, at);
        t.true(held.level >= now.level && reach(held) >= reach(now), 'never less than what it holds');
      });
    }
    for (let at = tree.length - 1; at >= 0; at -= 1) {
      settle();
      const mark = marks[at];
      if (mark?.due) marks[at] = lower(mark, mark.due);
    }
    settle();
    marks.forEach(({ held, due }, at) => {
      const now = naive(tree, items, at);
      t.is(due, null);
      t.is(held.level, now.level);
      t.is(reach(held), reach(now));
    });
  }), { numRuns: 400 });
});

test('what is asked for by now is what is approved; anything else is out of date, and nothing waiting cannot be lowered', (t) => {
  const of = (level: 2 | 3, day: string) => rollUp([rollUpItem({ id: `R${String(level)}`, level, mark: `${level === 2 ? '秘密' : '机密'}★10年`, lastSecretDay: day }, policy)]);
  const raised = join(NO_MARK, of(3, '2036-01-01'));
  t.like(raised.held, { level: 3, levelBy: 'R3', lastSecretDay: '2036-01-01' });
  const waiting = follow(raised, of(2, '2040-01-01'));
  t.like(waiting.held, { level: 3, levelBy: 'R3', lastSecretDay: '2040-01-01', termBy: 'R2' }, 'the longer period at once, the lower level not');
  t.like(waiting.due, { level: 2 });
  t.is(codeOf(() => lower(waiting, of(2, '2041-01-01'))), 'E_STALE_VERSION');
  t.is(codeOf(() => lower(raised, of(2, '2040-01-01'))), 'E_STATE_INVALID');
  t.deepEqual(lower(waiting, of(2, '2040-01-01')), { held: of(2, '2040-01-01'), due: null });
});
