import { Temporal } from 'temporal-polyfill';
import type { CalendarDate, Level } from '../../core/ports.js';
import { dayOf } from '../../core/calendar.js';
import { missingResponsibilities } from '../../core/register-entry.js';
import { trainingMissing } from '../../secrecy/personnel.js';
import type { BoxObligation } from '../../policies/schemas/calendar.js';
import type { RegisterKind } from '../../policies/schemas/registers.js';
import type { FilterColumns } from '../../secrecy/filter.js';
import type { AccessGate } from '../access/gate.js';
import type { Box } from '../box.js';
import type { ServerCall } from '../call.js';
import { DESTRUCTION_COLUMNS } from '../destruction/rows.js';
import { CARRIER_COLUMNS } from '../store/repositories/carriers.js';
import { DISPOSAL_COLUMNS } from '../store/repositories/disposals.js';
import type { Repositories } from '../store/repositories/index.js';
import { later } from './records.js';

/** One thing of the box that is due, in words; names only where the list that it comes from shows them as well. */
export interface BoxLine { readonly kind: BoxObligation; readonly ref: string; readonly dueOn: CalendarDate; readonly text: string; readonly to: string; readonly level: Level }

type Tx = Pick<Repositories, 'sql' | 'people' | 'personnel' | 'registers' | 'counterparts' | 'compliance'>;
export interface Asked { readonly tx: Tx; readonly call: ServerCall; readonly on: CalendarDate; readonly until: CalendarDate; readonly registers: readonly RegisterKind[] }

/** Where lines come from: whoever may not open that list is shown none of them. */
interface Source { readonly act: string; readonly kinds: readonly BoxObligation[]; lines(asked: Asked): Promise<readonly BoxLine[]> }

const ALL_PEOPLE = 100_000;
const months = (day: CalendarDate, count: number): CalendarDate => Temporal.PlainDate.from(day).add({ months: count }).toString();

/** 法定日历 beside the records: residue, media, devices, backups, people, cards, self-checks, registers. */
export function boxSources(box: Box, gate: AccessGate): readonly Source[] {
  const { policies, profile } = box;
  const carriers = policies.content('carriers.json');
  const people = policies.content('people.json');
  const registers = policies.content('registers.json');
  const calendar = policies.content('calendar.json');

  /** Due dates among things of their own level and scope, each as one line. */
  async function dated(asked: Asked, act: string, columns: FilterColumns, text: string, line: (row: { id: string; no: string; day: string; level: Level }) => BoxLine): Promise<BoxLine[]> {
    const seen = await gate.visible(asked.call, act, 1, columns);
    const rows = await asked.tx.sql.all<{ id: string; no: string; day: string; level: Level }>(text.replace('{seen}', seen.sql).replace('{until}', `$${String(seen.values.length + 1)}`), ...seen.values, asked.until);
    return rows.map(line);
  }

  return [
    {
      act: 'destruction.list', kinds: ['residue'],
      lines: async (asked) => dated(asked, 'destruction.list', DESTRUCTION_COLUMNS,
        "SELECT destruction.id AS id, destruction.number AS no, min(residue_until) AS day, destruction.level AS level FROM destruction JOIN destruction_step ON destruction_step.destruction = destruction.id WHERE destruction_step.state = 'residue' AND residue_until <= {until} AND {seen} GROUP BY destruction.id",
        (row) => ({ kind: 'residue', ref: row.id, dueOn: row.day, text: `销毁批次 ${row.no} 有残留待复查`, to: `/destruction/${row.id}`, level: row.level })),
    },
    {
      act: 'disposal.list', kinds: ['disposal'],
      lines: async (asked) => dated(asked, 'disposal.list', DISPOSAL_COLUMNS,
        "SELECT disposal.id AS id, disposal.no AS no, disposal.due_on AS day, disposal.level AS level FROM disposal WHERE disposal.state IN ('isolated','released') AND disposal.due_on <= {until} AND {seen}",
        (row) => ({ kind: 'disposal', ref: row.id, dueOn: row.day, text: `载体销毁批次 ${row.no} 待执行`, to: `/disposal/${row.id}`, level: row.level })),
    },
    {
      act: 'carrier.list', kinds: ['lent', 'inventory'],
      async lines(asked) {
        const lent = await dated(asked, 'carrier.list', CARRIER_COLUMNS,
          'SELECT carrier.id AS id, carrier.no AS no, carrier.due_on AS day, carrier.level AS level FROM carrier WHERE carrier.due_on IS NOT NULL AND carrier.due_on <= {until} AND {seen}',
          (row) => ({ kind: 'lent', ref: row.id, dueOn: row.day, text: `载体 ${row.no} 应归还`, to: '/carriers', level: row.level }));
        const counted = await dated({ ...asked, until: months(asked.until, -carriers.inventory.months) }, 'carrier.list', CARRIER_COLUMNS,
          "SELECT '' AS id, count(*) AS no, carrier.inventoried_on AS day, max(carrier.level) AS level FROM carrier WHERE carrier.state NOT IN ('destroyed','returned','lost') AND carrier.inventoried_on <= {until} AND {seen} GROUP BY carrier.inventoried_on",
          (row) => ({ kind: 'inventory', ref: row.day, dueOn: months(row.day, carriers.inventory.months), text: `${String(row.no)} 件载体应盘点（上次 ${row.day}）`, to: '/carriers', level: row.level }));
        return [...lent, ...counted];
      },
    },
    {
      act: 'device.list', kinds: ['device'],
      async lines({ tx }) {
        const rows = await tx.sql.all<{ id: string; no: string; valid: string; checked: string }>("SELECT id, no, cert_valid_to AS valid, last_check_on AS checked FROM device WHERE state = 'in_use'");
        return rows.flatMap(({ id, no, valid, checked }): BoxLine[] => [
          { kind: 'device', ref: `${id}/cert`, dueOn: valid, text: `专用设备 ${no} 检测证书到期`, to: '/devices', level: 1 },
          { kind: 'device', ref: `${id}/check`, dueOn: months(checked, carriers.devices.checkMonths), text: `专用设备 ${no} 应检查`, to: '/devices', level: 1 },
        ]);
      },
    },
    { act: 'backup.list', kinds: ['backup', 'drill', 'offsite'], lines: backupLines },
    {
      act: 'personnel.list', kinds: ['training'],
      async lines({ tx, on }) {
        const hours = await tx.personnel.hours(on.slice(0, 4));
        const short = (await tx.personnel.all()).filter((entry) => entry.state === 'in_post' && trainingMissing(people, hours.get(entry.person) ?? 0) > 0);
        return short.length === 0 ? [] : [{ kind: 'training', ref: on.slice(0, 4), dueOn: `${on.slice(0, 4)}-12-31`, text: `${String(short.length)} 人 ${on.slice(0, 4)} 年培训学时不足 ${String(people.training.hoursPerYear)} 学时`, to: '/personnel?state=in_post', level: 1 }];
      },
    },
    {
      act: 'person.list', kinds: ['clearance', 'grant'],
      async lines({ tx }) {
        const persons = new Map((await tx.people.list({ offset: 0, limit: ALL_PEOPLE })).rows.filter(({ status }) => status === 'active').map((one) => [one.id, one]));
        const duties = new Map<string, string>(policies.content('duties.json').duties.map(({ key, name }) => [key, name]));
        return [
          ...[...persons.values()].flatMap(({ id, name, clearance, clearanceUntil }): BoxLine[] => (clearance < 2 || clearanceUntil === null ? [] : [{ kind: 'clearance', ref: id, dueOn: clearanceUntil.slice(0, 10), text: `${name} 的涉密资格`, to: `/people?person=${id}`, level: 1 }])),
          ...(await tx.people.grants()).flatMap((grant): BoxLine[] => {
            const person = persons.get(grant.person);
            return person === undefined || grant.revokedAt !== null || grant.validUntil === null ? [] : [{ kind: 'grant', ref: grant.id, dueOn: dayOf(grant.validUntil), text: `${person.name} 的“${duties.get(grant.duty) ?? grant.duty}”授权`, to: `/people?person=${person.id}`, level: 1 }];
          }),
        ];
      },
    },
    {
      act: 'counterpart.list', kinds: ['counterpart'],
      lines: async ({ tx }) => (await tx.counterparts.list({ offset: 0, limit: 500 })).rows.filter(({ state }) => state === 'in_force').map((one): BoxLine => ({ kind: 'counterpart', ref: one.id, dueOn: dayOf(one.validUntil), text: `对端单位 ${one.card.unit} 的名片`, to: '/counterparts', level: 1 })),
    },
    {
      act: 'compliance.list', kinds: ['accreditation', 'self-check'],
      async lines({ tx }) {
        const accredited = await tx.compliance.accreditation();
        const checked = [...(await tx.compliance.entries()).values()].map(({ checkedOn }) => checkedOn).sort().at(-1);
        return [
          ...(accredited === null ? [] : [{ kind: 'accreditation', ref: 'accreditation', dueOn: accredited.validTo, text: '系统审查批准到期', to: '/compliance', level: 1 } as const]),
          { kind: 'self-check', ref: 'self-check', dueOn: months(checked ?? dayOf(profile.foundedAt), calendar.selfCheckMonths), text: checked === undefined ? '合规清单尚未自查' : `合规清单自查（上次 ${checked}）`, to: '/compliance', level: 1 },
        ];
      },
    },
    {
      act: 'register.list', kinds: ['responsibility', 'register'],
      async lines({ tx, on, until, registers: kinds }) {
        const missing = missingResponsibilities(registers, (await tx.registers.current('responsibility')).map(({ values }) => values), on);
        const due = await tx.registers.due(kinds.map(({ key }) => key), until);
        return [
          ...missing.map(({ role, label }): BoxLine => ({ kind: 'responsibility', ref: role, dueOn: on, text: `尚未登记：${label}`, to: '/organisation?kind=responsibility', level: 1 })),
          ...due.map((one): BoxLine => {
            const kind = kinds.find(({ key }) => key === one.kind);
            return { kind: 'register', ref: `${one.entry}/${one.field}`, dueOn: one.dueOn, text: `${kind?.name ?? ''} ${one.no}：${kind?.reminders.find(({ field }) => field === one.field)?.name ?? ''}`, to: `/organisation?kind=${one.kind}&entry=${one.entry}`, level: 1 };
          }),
        ];
      },
    },
  ];

  /** By the plan in force; without a plan that itself is due today (第二十八条). */
  async function backupLines({ tx, on }: Asked): Promise<readonly BoxLine[]> {
    const line = (kind: 'backup' | 'drill' | 'offsite', ref: string, dueOn: CalendarDate, text: string): BoxLine => ({ kind, ref, dueOn, text, to: '/backup', level: 1 });
    const plan = await tx.sql.one<{ effective: string; full: number; incremental: number; drill: number }>('SELECT effective_on AS effective, full_days AS "full", incremental_days AS incremental, drill_days AS drill FROM backup_plan WHERE ended_at IS NULL ORDER BY version DESC LIMIT 1');
    const away = await tx.sql.all<{ id: string; number: string; until: string }>("SELECT id, number, review_until AS until FROM backup_offsite WHERE state = 'away' AND review_until IS NOT NULL");
    const offsite = away.map((one) => line('offsite', one.id, one.until, `异地副本 ${one.number} 存放点的保密审核到期`));
    if (plan === undefined) return [line('backup', 'plan', on, '没有生效的备份方案'), ...offsite];
    const last = async (text: string): Promise<CalendarDate> => { const at = (await tx.sql.one<{ at: string | null }>(text))?.at; return at === null || at === undefined ? plan.effective : dayOf(at); };
    const [full, any, drill] = [
      await last("SELECT max(ended_at) AS at FROM backup WHERE state = 'done' AND kind = 'full'"), await last("SELECT max(ended_at) AS at FROM backup WHERE state = 'done'"), await last("SELECT max(ended_at) AS at FROM backup_drill WHERE state = 'passed'"),
    ];
    return [
      line('backup', 'full', later(full, plan.full), `全量备份（上次 ${full}）`), line('backup', 'incremental', later(any, plan.incremental), `增量备份（上次 ${any}）`),
      line('drill', 'drill', later(drill, plan.drill), `恢复演练（上次 ${drill}）`), ...offsite,
    ];
  }
}
