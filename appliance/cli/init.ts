/** `init`: the key ceremony of a real box (初始化仪式), by a plan or by questions. PINs and passwords are never part of the plan. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { ArchiveError } from '../../core/errors.js';
import type { FoundingPlanFile } from '../../policies/schemas/founding.js';
import type { Secrets } from '../founding/plan.js';
import type { Policies } from '../policies.js';
import { asker, onTerminal, type Asker } from './ask.js';
import { DATA, dataOf } from './audit.js';
import { action, addVerb, EXIT, type Io, type Verb } from './verb.js';

interface InitOptions { readonly plan?: string; readonly keys: string; readonly data?: string; readonly check?: boolean }

export const initVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'init', '初始化正式环境：密钥仪式、单位与全宗、三员与首批人员', 'found a real box: key ceremony, unit and fonds, three officers and first people')
      .option(...DATA)
      .option('--plan <file>', '初始化方案（JSON，不含 PIN 与口令），不给则逐项询问 / plan as JSON without secrets; asked on the terminal if left out')
      .requiredOption('--keys <dir>', '密钥文件交付目录，每人一个子目录 / folder for the key files, one folder a person')
      .option('--check', '只核对方案，不建立 / check the plan only');
    action<InitOptions>(command, io, async (_args, options) => {
      const [{ loadPolicies }, { loadPolicy }, { readPlan, isOfficer }, { initialise, requireUnfounded }, { ITERATIONS }, { randomIds, systemClock }] = await Promise.all([
        import('../policies.js'), import('../../secrecy/duties.js'), import('../founding/plan.js'), import('../founding/initialise.js'), import('../crypto/key-file.js'), import('../clock.js'),
      ]);
      const data = path.resolve(dataOf(options.data, io));
      if (options.check !== true) await requireUnfounded(data);
      const policies = loadPolicies();
      const { conflicts } = await loadPolicy({
        model: policies.text('access.model.conf'), access: policies.text('access.csv'), conflicts: policies.text('conflicts.csv'), duties: policies.content('duties.json'), acts: policies.content('acts.json'),
      });
      const ask = asker(io);
      try {
        const plan = readPlan(options.plan === undefined ? await askPlan(ask, policies) : parsed(await readFile(options.plan, 'utf8')), policies, conflicts);
        const officers = plan.people.filter(isOfficer).map((person) => person.account);
        if (options.check === true) return { exit: EXIT.good, data: { checked: true, officers, people: plan.people.length }, lines: [`方案可用：三员 ${officers.join('、')}，共 ${String(plan.people.length)} 人`] };
        const secrets = await collectSecrets(io, ask, plan, policies);
        const made = await initialise({ data, keys: path.resolve(options.keys), plan, secrets, clock: systemClock(), ids: randomIds(), iterations: ITERATIONS });
        return {
          exit: EXIT.good, data: { ...made, data },
          lines: [
            `已初始化，编号 ${made.serial}。密钥文件 ${String(made.keyFiles.length)} 个在 ${path.resolve(options.keys)}`,
            '请当面交给各人并从本机删去；每人首次登录须修改口令。',
            `启动后处于上锁状态：三员 ${made.officers.join('、')} 中任两人用密钥文件开锁（npx shouzang unlock --key 密钥文件）。`,
          ],
        };
      } finally {
        ask.close();
      }
    });
  },
};

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new ArchiveError('E_INPUT_INVALID', { what: 'plan' }, [{ at: '--plan', message: '不是有效的 JSON，请核对' }]);
  }
}

const variable = (kind: 'PIN' | 'PASSWORD', account: string): string => `SHOUZANG_${kind}_${account.toUpperCase().replace(/[^A-Z0-9]/gu, '_')}`;

/** From `SHOUZANG_PIN_<ACCOUNT>` and `SHOUZANG_PASSWORD_<ACCOUNT>`, or typed twice by the person. */
async function collectSecrets(io: Io, ask: Asker, plan: FoundingPlanFile, policies: Policies): Promise<Secrets> {
  const { checkSecrets } = await import('../founding/plan.js');
  const secrets = new Map<string, { pin: string; password: string }>();
  for (const { account } of plan.people) {
    const one = async (kind: 'PIN' | 'PASSWORD', name: string): Promise<string> => {
      const name0 = variable(kind, account);
      const given = io.env[name0];
      if (given !== undefined && given !== '') return given;
      if (!onTerminal(io)) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: name0, message: '请在终端上输入，或设置该环境变量' }]);
      const first = await ask.secret(`${account} 的${name}`);
      if ((await ask.secret('再输一遍')) !== first) throw new ArchiveError('E_CLI_USAGE', {}, [{ at: account, message: `两次输入的${name}不一致，请重新办理` }]);
      return first;
    };
    const secret = { pin: await one('PIN', '密钥文件 PIN'), password: await one('PASSWORD', '首次登录口令') };
    checkSecrets(policies, plan.systemLevel, account, secret);
    secrets.set(account, secret);
  }
  return secrets;
}

/** The same plan, asked line by line. */
async function askPlan(ask: Asker, policies: Policies): Promise<unknown> {
  const terms = policies.content('dictionaries.json').dictionaries.find((one) => one.id === 'org_type')?.terms ?? [];
  const unitName = await ask.line('单位名称');
  const orgType = await ask.line(`单位性质（${terms.map((term) => `${term.key} ${term.label}`).join('、')}）`, 'organ');
  const mode = await ask.line('立档单位 unit 或档案馆 repository', 'unit');
  const systemLevel = Number(await ask.line('系统保护等级（1 非涉密、2 秘密、3 机密、4 绝密）', '1'));
  const fonds = [{
    fonds: await ask.line('全宗号（如 Z109）'), name: await ask.line('全宗名称', unitName),
    codeProfile: await ask.line('档号样式', policies.content('archival-codes.json').profiles[0]?.id),
    schemeId: await ask.line(`分类方案（${policies.content('schemes.json').schemes.map((scheme) => `${scheme.id} ${scheme.name}`).join('、')}）`, policies.content('schemes.json').schemes[0]?.id),
    separateClassifiedSequence: (await ask.line('涉密件单独编号（是/否）', '是')) === '是',
  }];
  const departments = await several(async (n) => {
    const id = await ask.line(`第 ${String(n)} 个部门的代码（大写字母数字，空行结束）`);
    return id === '' ? null : { id, name: await ask.line('部门名称') };
  });
  const people = await several(async (n) => {
    const account = await ask.line(`第 ${String(n)} 人的账号（须含三员 sysadmin、secadmin、auditadmin 各一人，空行结束）`);
    if (account === '') return null;
    const person = { account, name: await ask.line('姓名'), position: await ask.line('职务'), department: await ask.line('部门代码'), duties: (await ask.line('岗位（逗号分隔）')).split(/[,，、\s]+/u).filter((duty) => duty !== '') };
    const clearance = Number(await ask.line('涉密等级（0 公开、1 内部、2 秘密、3 机密、4 绝密）', '0'));
    return clearance < 2 ? { ...person, clearance } : { ...person, clearance, category: await ask.line('涉密人员类别（core 核心、important 重要、general 一般）', 'general'), commitmentNo: await ask.line('保密承诺书编号') };
  });
  return { unitName, orgType, mode, systemLevel, fonds, departments, people, marking: await askMarking(ask, systemLevel) };
}

async function askMarking(ask: Asker, systemLevel: number): Promise<unknown> {
  const level = systemLevel < 2 ? 0 : Number(await ask.line('本单位原始定密权限（0 没有、2 秘密、3 机密、4 绝密）', '0'));
  if (level === 0) return { maxOriginalLevel: null, source: '没有原始定密权限', authorities: [] };
  const source = await ask.line('定密权限来源（授权机关与文号）');
  const authorities = await several(async (n) => {
    const account = await ask.line(`第 ${String(n)} 名定密责任人的账号（空行结束）`);
    if (account === '') return null;
    const kind = await ask.line('法定 statutory 或指定 designated', 'designated');
    const maxLevel = Number(await ask.line('最高密级（2 秘密、3 机密、4 绝密）', String(level)));
    return { account, kind, maxLevel, matterScope: ['*'], grantedBy: await ask.line('指定文号或依据'), years: kind === 'statutory' ? null : Number(await ask.line('任期（年）', '2')) };
  });
  return { maxOriginalLevel: level, source, authorities };
}

async function several<T>(one: (n: number) => Promise<T | null>): Promise<T[]> {
  const found: T[] = [];
  for (;;) {
    const next = await one(found.length + 1);
    if (next === null) return found;
    found.push(next);
  }
}
