/** `doctor`: what the box stands on, each point with what to do about it. */
import { DATA, dataOf } from './audit.js';
import { action, addVerb, EXIT, type Verb } from './verb.js';

const MARKS = { good: '正常', warn: '注意', broken: '故障' } as const;

export const doctorVerb: Verb = {
  register(program, io) {
    const command = addVerb(program, 'doctor', '环境检查：运行环境、数据库、密码部件、字体、空间、时钟；只读', 'check of the environment: runtime, database, crypto, fonts, space, clock; read-only').option(...DATA);
    action<{ data?: string }>(command, io, async (_args, { data }) => {
      const [{ examineBox }, { systemClock }] = await Promise.all([import('../maintenance/doctor.js'), import('../clock.js')]);
      const checks = await examineBox(dataOf(data, io), systemClock(), { node: process.version, pkcs11: io.env['SHOUZANG_PKCS11'] });
      const bad = checks.filter((one) => one.state !== 'good').length;
      return { exit: bad === 0 ? EXIT.good : EXIT.finding, data: { checks }, lines: [...checks.map((one) => `${MARKS[one.state]}  ${one.check}  ${one.text}`), bad === 0 ? '未发现问题' : `${String(bad)} 项需要处理`] };
    });
  },
};
