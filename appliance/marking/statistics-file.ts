import type { Statistics } from '../../policies/schemas/class-authority.js';
import { levelName } from '../../secrecy/level.js';
import { markedName } from '../../secrecy/mark-places.js';
import type { statisticsService } from '../../secrecy/services/statistics.js';
import { csvFile } from '../reports/csv.js';
import { bytes } from '../call.js';
import type { ServerCall } from '../call.js';

/** 国家秘密事项统计表 as CSV: what the page shows, under the level the page carries, in its first line and in its name. */
export const statisticsFile = (statistics: ReturnType<typeof statisticsService>, unitName: string) => ({
  async export(call: ServerCall, input: Statistics) {
    const { year, until, level, lines, departments, others } = await statistics.show(call, input);
    const columns = ({ top, secret, confidential, total }: (typeof lines)[number]['counts']): readonly number[] => [top, secret, confidential, total];
    const heading = (first: string): readonly string[] => [first, '绝密', '机密', '秘密', '合计'];
    const body = csvFile([
      [`${unitName}\u3000${String(year)} 年国家秘密事项统计表\u3000密级：${levelName(level)}`], [`截至 ${until}，单位：项`], [],
      heading('指标'), ...lines.map(({ name, counts }) => [name, ...columns(counts)]), [],
      ['其他指标', '数量', '单位'], ...others.map(({ name, value, unit }) => [name, value, unit]), [],
      heading('部门（年末在期）'), ...departments.map(({ name, counts }) => [name, ...columns(counts)]),
    ]);
    return bytes('text/csv; charset=utf-8', body, { fileName: markedName(`国家秘密事项统计表${String(year)}.csv`, level) });
  },
});
