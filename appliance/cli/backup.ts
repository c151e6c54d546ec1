/** `backup target|create|drill|verify|restore|destroyed-list`: `create` and `drill` ask the running box, the others work on what lies there. */
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { ArchiveError } from '../../core/errors.js';
import type { BackupFault, BackupVerdict } from '../backup/verify.js';
import type { BoxFile } from '../keystore/box-file.js';
import type { Client } from '../remote/client.js';
import { secretFrom } from './ask.js';
import { DATA, dataOf } from './audit.js';
import { answered, PIN_ENV, signedIn, withPerson, type PersonOptions } from './remote.js';
import { verifyTools } from './verify.js';
import { action, addFamily, addVerb, EXIT, type Io, type Outcome, type Verb } from './verb.js';

const ANCHOR = ['--anchor <file>', '另行保存的本机根证书 PEM / the box authority kept aside'] as const;
const CHAIN = ['--chain <dirs...>', '增量所依据的备份所在目录，与增量放在一起的不必填 / folders holding the backups that an incremental rests on, unless beside it'] as const;
const ASK_MS = 1000;

interface Listed {
  readonly targets: readonly { readonly id: string; readonly name: string; readonly path: string }[];
  readonly rows: readonly { readonly id: string; readonly number: string; readonly state: string; readonly objects: number | null; readonly bytes: number | null; readonly manifest: string | null; readonly failure: string | null }[];
}

export const backupVerb: Verb = {
  register(program, io) {
    const backup = addFamily(program, 'backup', '备份与恢复', 'backup and restore');

    const target = withPerson(addVerb(backup, 'target <name> <dir>', '登记备份目标：本机目录或已挂载的介质', 'register a target: a folder of this machine or a mounted medium'));
    action<PersonOptions>(target, io, async ([name = '', dir = ''], options) => {
      const { client } = await signedIn(io, options);
      const made = await answered(async () => client.post<{ target: string }>('backup.register-target', { name, path: dir }));
      return { exit: EXIT.good, data: made, lines: [`已登记备份目标「${name}」`] };
    });

    const creating = withPerson(addVerb(backup, 'create', '备份：内容到一个目标，密钥部分到另一个目标', 'back up: contents to one target, keys to another'))
      .requiredOption('--target <name>', '备份目标名称 / name of the target')
      .option('--keyring <name>', '密钥部分的备份目标；不填则只备份内容 / target for the keys; contents alone without it')
      .option('--incremental', '增量：只写入目标中此前备份没有的内容 / only what earlier backups in the target do not hold');
    action<PersonOptions & { target: string; keyring?: string; incremental?: boolean }>(creating, io, async (_args, options) => {
      const { client } = await signedIn(io, options);
      return answered(async () => create(client, options));
    });

    const verifying = addVerb(backup, 'verify <dir>', '核对备份：签名、每个文件的摘要、与本机审计链是否同一段历史；不需要开锁', 'verify a backup: signature, digests, history; no key needed')
      .option('--keyring <dir>', '同时核对密钥部分 / the part with the keys, too')
      .option('--data <dir>', '与本机数据目录比对 / compare with this data directory')
      .option(...CHAIN)
      .option(...ANCHOR);
    action<{ keyring?: string; data?: string; anchor?: string; chain?: string[] }>(verifying, io, async ([dir = ''], options) => verify(dir, options));

    const restoring = addVerb(backup, 'restore <dir>', '恢复到空的数据目录，回放已销毁清单，随后自行核查', 'restore into an empty data directory, replay the destroyed list, then check')
      .requiredOption('--keyring <dir>', '密钥部分 / the part with the keys')
      .requiredOption('--to <dir>', '空的数据目录 / empty data directory')
      .option('--destroyed <file>', '由现用设备导出的已销毁清单 / list of the destroyed, exported by the live box')
      .option('--live-lost', '现用设备已不可用，取不到已销毁清单 / the live box is lost, there is no list')
      .option('--key <files...>', '分量持有人的密钥文件，须达到开锁份数；演练环境不需要 / key files of share holders; none for a rehearsal')
      .option(...PIN_ENV)
      .option(...CHAIN)
      .option(...ANCHOR);
    action<{ chain?: string[]; keyring: string; to: string; destroyed?: string; liveLost?: boolean; key?: string[]; pinEnv: string; anchor?: string }>(restoring, io, async ([dir = ''], options) => restore(io, dir, options));

    const drilling = withPerson(addVerb(backup, 'drill [number]', '恢复演练：把一份备份恢复到临时区域，与现用库比对，出具签名的报告', 'drill: restore a backup into a scratch area, compare, leave a signed report'))
      .option('--out <file>', '演练报告整套文件（zip），不覆盖已有文件 / the report with its signatures');
    action<PersonOptions & { out?: string }>(drilling, io, async ([number], options) => {
      const { client } = await signedIn(io, options);
      return answered(async () => drill(client, number, options.out));
    });

    const listing = addVerb(backup, 'destroyed-list', '导出已销毁清单，恢复备份时回放', 'export the list of the destroyed, to be replayed on a restore')
      .option(...DATA).requiredOption('--out <file>', '导出文件，不覆盖已有文件 / file to write, never overwritten');
    action<{ data?: string; out: string }>(listing, io, async (_args, { data, out }) => {
      const [{ openResting }, { destroyedText, listDestroyed, listTombstones }] = await Promise.all([import('../maintenance/resting-box.js'), import('../backup/destroyed-list.js')]);
      const box = await openResting(dataOf(data, io));
      try {
        const list = await listDestroyed(box.sql);
        await writeFile(out, destroyedText(list, await listTombstones(box.sql)), { flag: 'wx', mode: 0o600 });
        return { exit: EXIT.good, data: { out, box: box.identity.serial, entries: list.length }, lines: [`已导出 ${String(list.length)} 条：${out}`] };
      } finally {
        await box.close();
      }
    });
  },
};

async function create(client: Client, options: { readonly target: string; readonly keyring?: string; readonly incremental?: boolean }): Promise<Outcome> {
  const look = async (): Promise<Listed> => client.get<Listed>('backup.list', { page: 1, size: 50 });
  const { targets } = await look();
  const named = (name: string, at: string): string => {
    const found = targets.find((one) => one.name === name);
    if (found === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at, message: '没有登记这个备份目标，请先用 backup target 登记' }]);
    return found.id;
  };
  const asked = { target: named(options.target, '--target'), ...(options.keyring === undefined ? {} : { keyTarget: named(options.keyring, '--keyring') }), ...(options.incremental === true ? { kind: 'incremental' } : {}) };
  const begun = await client.post<{ approval: string | null; backup: string | null; number: string | null }>('backup.create', asked);
  if (begun.backup === null) return { exit: EXIT.good, data: { state: 'requested', approval: begun.approval }, lines: ['已提请，须安全保密管理员在「待签审批」会签；签署后自动开始备份'] };
  for (;;) {
    const row = (await look()).rows.find(({ id }) => id === begun.backup);
    if (row !== undefined && row.state !== 'running') {
      const good = row.state === 'done';
      return { exit: good ? EXIT.good : EXIT.finding, data: row, lines: [good ? `备份 ${row.number} 完成：对象 ${String(row.objects ?? 0)} 个，${String(row.bytes ?? 0)} 字节，清单摘要 ${row.manifest ?? ''}` : `备份 ${row.number} 没有做完（${row.failure ?? ''}）`] };
    }
    await pause(ASK_MS);
  }
}

interface Drilled { readonly id: string; readonly number: string; readonly state: string; readonly reported: boolean; readonly outcome: { readonly restored: number; readonly due: number; readonly minutes: number; readonly issues: readonly string[] } | null }

/** @param number of the backup; the newest one that has its keys unless given */
async function drill(client: Client, number: string | undefined, out: string | undefined): Promise<Outcome> {
  const { rows } = await client.get<{ readonly rows: readonly { readonly id: string; readonly number: string; readonly state: string; readonly keyTarget: string | null }[] }>('backup.list', { page: 1, size: 50 });
  const chosen = rows.find((one) => (number === undefined ? one.state === 'done' && one.keyTarget !== null : one.number === number));
  if (chosen === undefined) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: 'number', message: '没有连同密钥部分做完的这份备份' }]);
  const begun = await client.post<{ drill: string }>('backup.drill', { backup: chosen.id });
  for (;;) {
    const row = (await client.get<{ readonly rows: readonly Drilled[] }>('backup.drills', { page: 1, size: 20 })).rows.find(({ id }) => id === begun.drill);
    if (row !== undefined && row.state !== 'running') {
      if (out !== undefined && row.reported) await writeFile(out, await client.bytes('backup.drill-report', { drill: row.id, file: 'zip' }), { flag: 'wx', mode: 0o600 });
      const good = row.state === 'passed';
      const told = row.outcome === null ? '演练中断' : `恢复 ${String(row.outcome.restored)}／${String(row.outcome.due)} 个内容，用时 ${String(row.outcome.minutes)} 分${row.outcome.issues.length === 0 ? '' : `；${row.outcome.issues.join('；')}`}`;
      return { exit: good ? EXIT.good : EXIT.finding, data: { ...row, backup: chosen.number, ...(out === undefined ? {} : { out }) }, lines: [`演练 ${row.number} ${good ? '通过' : '未通过'}：备份 ${chosen.number}，${told}`] };
    }
    await pause(ASK_MS);
  }
}

async function verify(dir: string, options: { readonly chain?: readonly string[]; readonly keyring?: string; readonly data?: string; readonly anchor?: string }): Promise<Outcome> {
  const [{ againstLive, pairFault, verifyBackup }, { two, anchor }] = await Promise.all([import('../backup/verify.js'), verifyTools(options.anchor, undefined)]);
  const verdicts: BackupVerdict[] = [];
  for (const folder of [dir, ...(options.keyring === undefined ? [] : [options.keyring])]) verdicts.push(await verifyBackup(folder, { two, anchor, chain: options.chain ?? [] }));
  const more: BackupFault[] = [];
  if (options.data !== undefined) for (const one of verdicts) more.push(...await againstLive(one, options.data, two));
  const [content, keys] = verdicts;
  if (content?.manifest && keys?.manifest) {
    const fault = pairFault(content.manifest, keys.manifest);
    if (fault !== undefined) more.push({ file: '', text: fault });
  }
  const valid = verdicts.every((one) => one.valid) && more.length === 0;
  return {
    exit: valid ? EXIT.good : EXIT.finding,
    data: { valid, backups: verdicts.map((one) => ({ path: one.path, valid: one.valid, number: one.manifest?.number ?? null, part: one.manifest?.part ?? null, box: one.manifest?.box ?? null, at: one.manifest?.at ?? null, level: one.manifest?.level ?? null, mark: one.manifest?.mark ?? null, objects: one.manifest?.objects ?? null, faults: one.faults })), faults: more },
    lines: [
      ...verdicts.flatMap((one) => [
        `${one.valid ? '完好' : '不符'}  ${one.path}${one.manifest === null ? '' : `（${one.manifest.number}，本机 ${one.manifest.box}，${one.manifest.at}，最高密级 ${one.manifest.mark === '' ? String(one.manifest.level) : one.manifest.mark}，对象 ${String(one.manifest.objects.count)}）`}`,
        ...one.faults.map((fault) => `    ${fault.file}：${fault.text}`),
      ]), ...more.map((fault) => `${fault.file === '' ? '' : `${fault.file}：`}${fault.text}`),
    ],
  };
}

async function restore(io: Io, dir: string, options: { readonly chain?: readonly string[]; readonly keyring: string; readonly to: string; readonly destroyed?: string; readonly liveLost?: boolean; readonly key?: readonly string[]; readonly pinEnv: string; readonly anchor?: string }): Promise<Outcome> {
  if ((options.destroyed === undefined) === (options.liveLost !== true)) {
    throw new ArchiveError('E_CLI_USAGE', {}, [{ at: '--destroyed', message: '请用 --destroyed 给出现用设备导出的已销毁清单；设备确已不可用时改用 --live-lost' }]);
  }
  const [{ restoreBackup }, { readDestroyed, readTombstones }, { two, anchor }, { randomIds, systemClock }] = await Promise.all([
    import('../backup/restore.js'), import('../backup/destroyed-list.js'), verifyTools(options.anchor, undefined), import('../clock.js'),
  ]);
  const list = options.destroyed === undefined ? null : await readFile(options.destroyed, 'utf8');
  const done = await restoreBackup({
    content: dir, keys: options.keyring, to: options.to, wish: { two, anchor, chain: options.chain ?? [] }, clock: systemClock(), ids: randomIds(),
    destroyed: list === null ? null : readDestroyed(list), tombstones: list === null ? [] : readTombstones(list),
    shares: async (file) => sharesOf(io, file, options.key ?? [], options.pinEnv),
  });
  const good = done.fsck.length === 0 && done.ledger.faults.length === 0;
  return {
    exit: good ? EXIT.good : EXIT.finding, data: { ...done, replayedList: options.destroyed !== undefined },
    lines: [
      `已从备份 ${done.number}（${done.at}）恢复到 ${options.to}：对象 ${String(done.objects)} 个`,
      options.destroyed === undefined ? '没有已销毁清单：备份之后销毁的档案可能随之恢复，请对照销毁登记逐件核查并重新销毁' : `已回放已销毁清单：新增 ${String(done.replayed.entries)} 条，未恢复对象 ${String(done.replayed.erased)} 个`,
      `一致性核查${done.fsck.length === 0 ? '通过' : `发现 ${String(done.fsck.length)} 处问题`}；审计链 ${String(done.ledger.entries)} 条${done.ledger.faults.length === 0 ? '，完整' : '，有问题'}`,
      ...done.fsck.map((one) => `  ${one.kind} ${one.object} ${one.text}`), ...done.ledger.faults.map(({ text }) => `  ${text}`),
      '启动后须由分量持有人开锁；备份之后办理的事项不在其中，请对照纸质登记补办',
    ],
  };
}

/** Each holder opens the share that was cut for them, with their own key file. */
async function sharesOf(io: Io, file: BoxFile, keyFiles: readonly string[], pinEnv: string): Promise<readonly Uint8Array[]> {
  const [{ NodeProvider }, { openKeyFile, readKeyFile }, { openShare }] = await Promise.all([import('../crypto/node-provider.js'), import('../crypto/key-file.js'), import('../keystore/ceremony.js')]);
  if (keyFiles.length < file.set.threshold) throw new ArchiveError('E_KEY_SHARE_TOO_FEW', { have: keyFiles.length, need: file.set.threshold }, [{ at: '--key', message: `须 ${String(file.set.threshold)} 名分量持有人的密钥文件` }]);
  const provider = new NodeProvider();
  const shares: Uint8Array[] = [];
  for (const [at, name] of keyFiles.entries()) {
    const keyFile = readKeyFile(await readFile(name, 'utf8'));
    const held = file.shares.find((share) => share.holder === keyFile.holder);
    if (held === undefined) throw new ArchiveError('E_KEY_SHARE_INVALID', {}, [{ at: '--key', message: `${keyFile.holder} 没有这份备份的密钥分量` }]);
    // Several holders: `PIN`, then `PIN_2` and so on, or each types their own.
    const pin = await secretFrom(io, at === 0 ? pinEnv : `${pinEnv}_${String(at + 1)}`, `${keyFile.holder} 的密钥文件 PIN`);
    shares.push(openShare(provider, held, await openKeyFile(provider, keyFile, pin)));
  }
  return shares;
}
