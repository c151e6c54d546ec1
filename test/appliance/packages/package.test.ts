import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { appendFile, cp, readFile, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import test from 'ava';
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import iconv from 'iconv-lite';
import { CERTIFICATES, MANIFEST, NOTE, SIGNATURE } from '../../../appliance/packages/layout.js';
import { readNote } from '../../../appliance/packages/note.js';
import type { PackageFacts, PackageRecord, ReadRecord } from '../../../appliance/packages/port.js';
import { setFaults } from '../../../appliance/packages/volumes.js';
import { split } from '../../../appliance/packages/split.js';
import { verifyPaths } from '../../../appliance/reports/verify.js';
import { everyElement, fileOf, NOW, otherOf, packageDesk, planOf, provider, recordOf, testBox, twoBoxes } from '../../helpers/packages.js';

const desk = packageDesk();
test.after.always(async () => desk.bulk.close());
const box = testBox('SZ-PKG');
const trust = { anchors: [box.authority], at: NOW };
const pattern = (bytes: number, seed: number): Buffer => Buffer.from(Array.from({ length: bytes }, (_, at) => (at * 7 + seed + (at >> 8)) & 255));
const records = [
  recordOf(1, [fileOf('main', 1, '通知.pdf', pattern(3000, 1)), fileOf('final', 2, '定稿.docx', pattern(200, 2)), fileOf('attachment', 3, '附表 一.XLSX', pattern(0, 3)), fileOf('attachment', 4, '附图', pattern(5, 4))]),
  recordOf(2, [fileOf('main', 1, '函.ofd', pattern(70_000, 5))]),
];

function folderOf(t: ExecutionContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'shouzang-package-'));
  t.teardown(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

async function collect(read: { records(): AsyncIterable<ReadRecord> }): Promise<ReadRecord[]> {
  const found: ReadRecord[] = [];
  for await (const one of read.records()) found.push(one);
  return found;
}

async function contentOf(source: { open(): AsyncIterable<Uint8Array> }): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of source.open()) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function sameRecords(t: ExecutionContext, found: readonly ReadRecord[], put: readonly PackageRecord[]): Promise<void> {
  t.is(found.length, put.length);
  for (const [at, record] of put.entries()) {
    const one = found[at];
    const { files, ...rest } = record;
    t.like(one, rest);
    t.deepEqual(one?.metadata, record.metadata);
    t.deepEqual(one?.events, record.events);
    for (const [place, file] of files.entries()) {
      const there = one?.files[place];
      t.like(there, { role: file.role, position: file.position, name: file.name, bytes: file.bytes, sm3: file.sm3 });
      if (there !== undefined) t.deepEqual(await contentOf(there), await contentOf(file));
    }
  }
}

for (const encoding of ['UTF-8', 'GB18030'] as const) {
  test(`第二十四条: a package in ${encoding} gives back every metadata element, event, mark and byte that was put in`, async (t) => {
    const folder = folderOf(t);
    const { metadata, event } = everyElement();
    const full = recordOf(3, [fileOf('main', 1, '全.pdf', pattern(10, 9))], { metadata, events: [event, event] });
    const put = [...records, full, recordOf(4, [fileOf('main', 1, 'x.txt', pattern(1, 1))], { marking: null, mark: null, level: 0, volume: 'Z109-AJ-0001' })];
    const caseFiles = ['Z109-AJ-0001', 'Z109-AJ-0002'].map((volume) => ({ volume, author: '昆明市测试局', title: '卷 <1>', date: '20260101/20261231', levelText: '公开', items: 1, remark: '' }));
    const [written] = await desk.room.writePackage(planOf(box, put, { encoding, caseFiles }), folder);
    t.like(written, { folder: 'YJ-2026-0001', volume: 1, volumes: 1, items: 4 });
    const read = await desk.room.readPackage(path.join(folder, 'YJ-2026-0001'), trust);
    t.deepEqual(read.findings, []);
    t.like(read.facts, { packageNo: 'YJ-2026-0001', level: 3, mark: '机密★20年', items: 4, encoding });
    t.is(read.manifest, written?.manifest ?? '');
    await sameRecords(t, await collect(read), put);
    const inside = path.join(folder, 'YJ-2026-0001');
    const folders = await Promise.all(put.map(async (_, at) => path.join('电子档案', '2026', '文书', (await readdir(path.join(inside, '电子档案', '2026', '文书'))).sort()[at] ?? '')));
    t.deepEqual(await read.caseFiles(), caseFiles.slice(0, 1));
    const xml = ['文件目录.XML', '案卷目录.XML', '扩展目录.xml', ...folders.flatMap((one) => [path.join(one, '元数据.xml'), path.join(one, '过程信息.xml')])];
    const { status, stderr, error } = spawnSync('xmllint', ['--nonet', '--noout', '--schema', path.join(inside, '其他/XML模式.xsd'), ...xml.map((one) => path.join(inside, one))], { encoding: 'utf8' });
    if (error === undefined) t.is(status, 0, stderr);
    else t.log('xmllint is not installed: the schema was not tried');
  });
}

test('S18 附件 2: the note has every field in the asked encoding, and its two openssl lines verify the list', async (t) => {
  const folder = folderOf(t);
  await desk.room.writePackage(planOf(box, records, { encoding: 'GB18030' }), folder);
  const inside = path.join(folder, 'YJ-2026-0001');
  const bytes = await readFile(path.join(inside, NOTE));
  t.not(bytes.toString('utf8'), iconv.decode(bytes, 'gb18030'));
  const note = iconv.decode(bytes, 'gb18030');
  const fields = readNote(note);
  for (const name of ['载体容量', '载体类型', '载体编号', '载体保管单位', '载体制作单位', '载体检查单位', '读取所需软硬件环境', '其他说明', '包编号', '件数', '字节数', '最高密级', '摘要算法', '摘要值']) t.true(fields.has(name), name);
  t.is(fields.get('最高密级'), '机密★20年');
  const lines = note.split('\r\n').filter((line) => line.startsWith('openssl '));
  t.is(lines.length, 2);
  t.regex(execFileSync('sh', ['-c', lines.join(' && ').replaceAll('/tmp/box-key.pem', 'key.tmp')], { cwd: inside, encoding: 'utf8' }), /Verified OK/u);
  const digest = execFileSync('sh', ['-c', `grep '  电子档案/' ${MANIFEST} | openssl dgst -sm3 -r | cut -c1-64`], { cwd: inside, encoding: 'utf8' }).trim();
  t.is(fields.get('摘要值'), digest);
  t.true((await readFile(path.join(inside, '文件目录.XML'))).toString('latin1').startsWith('<?xml version="1.0" encoding="GB18030"?>'));
  t.deepEqual((await readdir(path.join(inside, '电子档案', '2026', '文书', 'Z109-WS·2026·Y-BGS-0001', '内容'))).sort(), ['01-正本.pdf', '02-定稿.docx', '03-附件1.xlsx', '04-附件2']);
});

test('stock openssl: the script in the package verifies it with nothing of ours, and fails on a changed byte, a missing and an added file, another root', async (t) => {
  const folder = folderOf(t);
  await desk.room.writePackage(planOf(box, records), folder);
  const inside = path.join(folder, 'YJ-2026-0001');
  await writeFile(path.join(folder, 'root.pem'), box.chain[1] ?? '');
  await writeFile(path.join(folder, 'other.pem'), testBox('SZ-OTHER').chain[1] ?? '');
  const run = (where: string, root?: string) => spawnSync('sh', [path.join(inside, '其他/verify-package.sh'), where, ...(root === undefined ? [] : [root])], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '' } });
  const good = run(inside);
  t.is(good.status, 0, good.stdout + good.stderr);
  t.regex(good.stdout, /全部相符/u);
  t.is(run(inside, path.join(folder, 'root.pem')).status, 0);
  t.is(run(inside, path.join(folder, 'other.pem')).status, 1);
  const bad = async (name: string, change: (where: string) => Promise<void>, says: RegExp): Promise<void> => {
    const copy = path.join(folder, name);
    await cp(inside, copy, { recursive: true });
    await change(copy);
    const { status, stdout } = run(copy);
    t.is(status, 1, name);
    t.regex(stdout, says, name);
  };
  const file = '电子档案/2026/文书/Z109-WS·2026·Y-BGS-0001/内容/01-正本.pdf';
  await bad('flip', async (where) => { const content = await readFile(path.join(where, file)); content[100] = (content[100] ?? 0) ^ 1; await writeFile(path.join(where, file), content); }, /不符: 电子档案\/2026\/文书\/.*01-正本\.pdf/u);
  await bad('gone', async (where) => rm(path.join(where, file)), /缺少 电子档案/u);
  await bad('more', async (where) => writeFile(path.join(where, '电子档案/more.txt'), 'x'), /清单之外 电子档案\/more\.txt/u);
  await bad('list', async (where) => appendFile(path.join(where, MANIFEST), `${'0'.repeat(64)}  x\n`), /清单签名/u);
});

test('a package: what is missing, more, changed or unsafe is named by its kind and entry, and no item is given out', async (t) => {
  const folder = folderOf(t);
  await desk.room.writePackage(planOf(box, records), folder);
  const inside = path.join(folder, 'YJ-2026-0001');
  const file = '电子档案/2026/文书/Z109-WS·2026·Y-BGS-0002/内容/01-正本.ofd';
  const found = async (name: string, change: (where: string) => Promise<void>, at = trust): Promise<readonly string[]> => {
    const copy = path.join(folder, name);
    await cp(inside, copy, { recursive: true });
    await change(copy);
    const read = await desk.room.readPackage(copy, at);
    if (read.findings.length > 0) await t.throwsAsync(collect(read));
    return read.findings.map(({ code, entry }) => `${code} ${entry}`);
  };
  const nothing = async (): Promise<void> => Promise.resolve();
  t.deepEqual(await found('gone', async (where) => rm(path.join(where, file))), [`E_PKG_FILE_MISSING ${file}`]);
  t.deepEqual(await found('more', async (where) => writeFile(path.join(where, '其他/x.txt'), '')), ['E_PKG_FILE_EXTRA 其他/x.txt']);
  t.deepEqual(await found('changed', async (where) => appendFile(path.join(where, file), 'x')), [`E_PKG_FILE_CHANGED ${file}`]);
  t.deepEqual(await found('link', async (where) => symlink('/etc/passwd', path.join(where, '其他/y.txt'))), ['E_PKG_PATH 其他/y.txt']);
  t.deepEqual(await found('case', async (where) => writeFile(path.join(where, '校验/MANIFEST.SIG'), '')), ['E_PKG_PATH 校验/manifest.sig']);
  t.deepEqual(await found('reserved', async (where) => writeFile(path.join(where, '其他/CON.txt'), '')), ['E_PKG_PATH 其他/CON.txt']);
  t.deepEqual(await found('list', async (where) => rm(path.join(where, MANIFEST))), [`E_PKG_MANIFEST_MISSING ${MANIFEST}`]);
  t.deepEqual(await found('unsigned', async (where) => rm(path.join(where, SIGNATURE))), [`E_PKG_FILE_MISSING ${SIGNATURE}`]);
  t.deepEqual(await found('foreign', nothing, { anchors: [testBox('SZ-X').authority], at: NOW }), [`E_PKG_CERTIFICATE ${CERTIFICATES}`]);
  t.deepEqual(await found('late', nothing, { anchors: [box.authority], at: '2040-01-01T00:00:00.000Z' }), [`E_PKG_CERTIFICATE ${CERTIFICATES}`]);
  t.deepEqual(await found('slip', async (where) => {
    const list = `${(await readFile(path.join(where, MANIFEST), 'utf8'))}`.replace(/ {2}其他\/命名与编号规则\.txt/u, '  ../../命名与编号规则.txt');
    await writeFile(path.join(where, MANIFEST), Buffer.from(list.split('\n').slice(0, -1).sort((a, b) => Buffer.compare(Buffer.from(a.slice(66)), Buffer.from(b.slice(66)))).map((line) => `${line}\n`).join('')));
    await writeFile(path.join(where, SIGNATURE), provider.sign(await readFile(path.join(where, MANIFEST)), box.key));
  }), ['E_PKG_PATH ../../命名与编号规则.txt', 'E_PKG_FILE_EXTRA 其他/命名与编号规则.txt']);
});

test('分盘: an item is never split, the order is kept, all of them are there, and each volume verifies by itself', async (t) => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 900_000 }), { minLength: 1, maxLength: 60 }), fc.integer({ min: 1_600_000, max: 4_000_000 }), (rooms, volumeBytes) => {
    const parts = split(rooms.map((room, at) => ({ item: at, id: String(at), room })), 0, volumeBytes);
    t.deepEqual(parts.flat(), rooms.map((_, at) => at));
    for (const part of parts) t.true(part.reduce((sum, at) => sum + (rooms[at] ?? 0), 0) <= volumeBytes);
  }));
  const folder = folderOf(t);
  const many = Array.from({ length: 9 }, (_, at) => recordOf(at + 1, [fileOf('main', 1, 'a.pdf', pattern(150_000, at)), fileOf('attachment', 2, 'b.pdf', pattern(100_000, at))]));
  const volumes = await desk.room.writePackage(planOf(box, many), folder, { volumeBytes: 1_500_000 });
  t.true(volumes.length > 2);
  t.deepEqual(volumes.flatMap(({ codes }) => codes), many.map(({ row }) => row.archivalCode));
  const read: ReadRecord[] = [];
  const facts: PackageFacts[] = [];
  for (const { folder: name, volume, bytes, manifest } of volumes) {
    t.true(bytes <= 1_500_000);
    const one = await desk.room.readPackage(path.join(folder, name), trust);
    t.deepEqual(one.findings, []);
    t.like(one.facts, { volume, volumes: volumes.length });
    t.is(one.manifest, manifest);
    read.push(...await collect(one));
    if (one.facts !== null) facts.push(one.facts);
  }
  await sameRecords(t, read, many);
  t.deepEqual(setFaults(facts), []);
  const [first, second, ...others] = facts;
  if (first === undefined || second === undefined) return t.fail();
  t.deepEqual(setFaults([first, ...others]).map(({ code, entry }) => `${code} ${entry}`), ['E_PKG_FILE_MISSING 第2盘']);
  t.deepEqual(setFaults([...facts, second]).map(({ code, entry }) => `${code} ${entry}`), ['E_PKG_FILE_EXTRA 第2盘']);
  t.deepEqual(setFaults([first, { ...second, madeAt: '2026-11-24T00:00:00.000Z' }, ...others]).map(({ code, entry }) => `${code} ${entry}`), ['E_PKG_CATALOGUE 第2盘']);
  await t.throwsAsync(desk.room.writePackage(planOf(box, many, { packageNo: 'YJ-2' }), folder, { volumeBytes: 600_000 }), { code: 'E_PKG_ITEM_TOO_LARGE' } as never);
});

test('what cannot be a package is refused before or while it is written, and leaves nothing behind', async (t) => {
  const folder = folderOf(t);
  const [one] = records;
  if (one === undefined) return;
  const refused = async (wish: Parameters<typeof planOf>[2], items: readonly PackageRecord[], code: string): Promise<void> => {
    await t.throwsAsync(desk.room.writePackage(planOf(box, items, wish), folder), { code } as never);
    t.deepEqual(await readdir(folder), []);
  };
  await refused({ packageNo: '../x' }, records, 'E_INPUT_INVALID');
  await refused({}, [], 'E_INPUT_INVALID');
  await refused({ level: 2 }, records, 'E_INPUT_INVALID');
  await refused({ mark: null }, records, 'E_CLS_MARK_MISSING');
  await refused({}, [{ ...one, marking: null }], 'E_CLS_MARK_MISSING');
  await refused({}, [one, one], 'E_CODE_DUPLICATE');
  await refused({ others: [otherOf('../../x.txt', 'x')] }, records, 'E_PKG_PATH');
  await refused({ others: [otherOf('VERIFY-package.sh', 'x')] }, records, 'E_PKG_PATH');
  await refused({ others: [otherOf(`${'长'.repeat(80)}.txt`, 'x')] }, records, 'E_PKG_PATH');
  await refused({}, [{ ...one, metadata: { ...one.metadata, unknownElement: 'x' } }], 'E_META_INVALID');
  await refused({}, [{ ...one, files: [{ ...fileOf('main', 1, 'a.pdf', pattern(10, 1)), sm3: 'ab'.repeat(32) }] }], 'E_FIXITY_FAILED');
  await desk.room.writePackage(planOf(box, records), folder);
  await t.throwsAsync(desk.room.writePackage(planOf(box, records), folder), { code: 'E_DUPLICATE' } as never);
});

test('DA/T 48: the EEP form lies beside the item, holds its contents in base64, and is covered by the list', async (t) => {
  const folder = folderOf(t);
  const { metadata, event } = everyElement();
  const full = recordOf(1, [fileOf('main', 1, '通知.pdf', pattern(100_001, 1)), fileOf('attachment', 2, '附件.xlsx', pattern(50_000, 2))], { metadata, events: [event] });
  await desk.room.writePackage(planOf(box, [full], { form: 'eep' }), folder);
  const inside = path.join(folder, 'YJ-2026-0001');
  t.deepEqual((await desk.room.readPackage(inside, trust)).findings, []);
  const xml = await readFile(path.join(inside, '电子档案/2026/文书/Z109-WS·2026·Y-BGS-0001/封装包.xml'), 'utf8');
  const data = [...xml.matchAll(/<编码数据 编码数据ID="BMSJ\d+">([^<]*)<\/编码数据>/gu)].map(([, text]) => Buffer.from(text ?? '', 'base64'));
  t.deepEqual(data, await Promise.all(full.files.map(contentOf)));
  const parsed = new XMLParser({ preserveOrder: true, ignoreAttributes: false, parseTagValue: false, parseAttributeValue: false }).parse(xml) as readonly Ordered[];
  t.true('电子文件封装包' in (parsed[1] ?? {}));
  t.deepEqual(orderFaults(parsed[1] ?? {}), []);
  // The least that an item can have is sound too.
  const bare = recordOf(2, [fileOf('main', 1, '无扩展名', pattern(3, 1))], { metadata: {}, events: [] });
  await desk.room.writePackage(planOf(box, [bare], { form: 'eep', packageNo: 'YJ-2' }), folder);
  const least = await readFile(path.join(folder, 'YJ-2', '电子档案/2026/文书/Z109-WS·2026·Y-BGS-0002/封装包.xml'), 'utf8');
  t.deepEqual(orderFaults((new XMLParser({ preserveOrder: true, ignoreAttributes: false, parseTagValue: false }).parse(least) as readonly Ordered[])[1] ?? {}), []);
  t.regex(least, /<室编件号>2<\/室编件号>/u);
});

type Ordered = Readonly<Record<string, unknown>>;
/** DA/T 48-2009 as its public schema has it: children in order, `?` at most one, `*` any number, `+` one or more. */
const SCHEMA: Readonly<Record<string, string>> = {
  电子文件封装包: '封装包格式描述 版本 被签名对象', 被签名对象: '封装包类型 封装包类型描述 封装包创建时间 封装包创建单位 封装内容', 封装内容: '文件实体块 业务实体块 机构人员实体块', 文件实体块: '文件实体 文件实体关系*',
  文件实体: '聚合层次 来源 电子文件号 档号 内容描述 形式特征 存储位置 权限管理 信息系统描述* 附注* 文件数据', 来源: '档案馆名称? 档案馆代码? 全宗名称? 立档单位名称',
  档号: '全宗号? 目录号? 年度 保管期限 机构或问题? 类别号? 室编案卷号? 馆编案卷号? 室编件号 馆编件号? 页号?',
  内容描述: '题名 并列题名? 副题名? 说明题名文字? 主题词* 关键词? 人名? 摘要? 分类号? 文件编号? 责任者 日期 文种? 紧急程度? 主送? 抄送? 密级 保密期限?', 形式特征: '文件组合类型 页数? 语种? 稿本?',
  存储位置: '当前位置? 脱机载体编号+ 脱机载体存址* 缩微号?', 权限管理: '知识产权说明? 授权* 控制标识?', 授权: '授权对象 授权行为', 文件数据: '文档+', 文档: '文档标识符 文档序号? 文档主从声明? 题名? 文档数据+', 文档数据: '编码+',
  编码: '电子属性 数字化属性? 编码描述 反编码关键字 编码数据', 电子属性: '格式信息? 计算机文件名 计算机文件大小 文档创建程序?', 数字化属性: '数字化对象形态? 扫描分辨率 扫描色彩模式 图像压缩方案?',
  文件实体关系: '文件标识符 被关联文件标识符 关系类型? 关系? 关系描述?', 业务实体块: '业务实体+', 业务实体: '业务标识符 机构人员标识符 文件标识符 业务状态 业务行为 行为时间 行为依据? 行为描述?', 机构人员实体块: '机构人员实体+',
  机构人员实体: '机构人员标识符 机构人员类型? 机构人员名称 组织机构代码? 个人职位?',
};

function orderFaults(node: Ordered): readonly string[] {
  const name = Object.keys(node).find((key) => key !== ':@' && key !== '#text') ?? '';
  const children = (Array.isArray(node[name]) ? (node[name] as readonly Ordered[]) : []).filter((child) => !('#text' in child));
  const names = children.map((child) => Object.keys(child).find((key) => key !== ':@') ?? '');
  const rule = SCHEMA[name];
  const wanted = new RegExp(`^${(rule ?? '').split(' ').filter(Boolean).map((one) => `(?:${one.replace(/[?*+]$/u, '')},)${/[?*+]$/u.exec(one)?.[0] ?? ''}`).join('')}$`, 'u');
  const own = wanted.test(names.map((one) => `${one},`).join('')) ? [] : [`${name}: ${names.join(' ')}`];
  return [...own, ...children.flatMap(orderFaults)];
}

test('verify: a package and an envelope are recognised and judged without any box; with the root kept aside, also whose they are', async (t) => {
  const folder = folderOf(t);
  const road = twoBoxes();
  await desk.room.writePackage(planOf(road.sender, records), folder);
  const [one] = await desk.room.sealPackage(planOf(road.sender, records), path.join(folder, 'road'), () => road.sealing('0d9c1c6e-7a51-4b38-8d19-7f3d0c9a1b22'));
  const options = { two: desk.tools.two, anchor: null, aside: null };
  const good = await verifyPaths([folder], options);
  t.deepEqual(good.map(({ kind, valid, box: by }) => [kind, valid, by]), [['package', true, 'SZ-SENDER'], ['envelope', true, 'SZ-SENDER']]);
  t.regex(good[1]?.what ?? '', /YJ-2026-0001，第 1 盘共 1 盘，机密★20年，收件 SZ-RECEIVER，设备 SB-001/u);
  t.deepEqual((await verifyPaths([folder], { ...options, anchor: road.sender.authority })).map(({ valid }) => valid), [true, true]);
  t.deepEqual((await verifyPaths([folder], { ...options, anchor: road.receiver.authority })).map(({ valid, faults }) => [valid, faults[0]?.kind]), [[false, 'certificate'], [false, 'anchor']]);
  const envelope = one?.envelope.path ?? '';
  const bytes = await readFile(envelope);
  const worse = async (content: Buffer): Promise<string> => {
    await writeFile(envelope, content);
    return (await verifyPaths([envelope], options)).map(({ kind, valid, faults }) => `${kind} ${String(valid)} ${/E_[A-Z_]+/u.exec(faults[0]?.text ?? '')?.[0] ?? ''}`).join();
  };
  t.is(await worse(bytes.subarray(0, -1)), 'envelope false E_ENVELOPE_TRUNCATED');
  t.is(await worse(Buffer.concat([bytes.subarray(0, 5000), bytes.subarray(5001)])), 'envelope false E_ENVELOPE_CHUNK_ORDER');
  await appendFile(path.join(folder, 'YJ-2026-0001', '文件目录.XML'), ' ');
  t.deepEqual((await verifyPaths([path.join(folder, 'YJ-2026-0001')], options)).map(({ faults }) => faults.map(({ kind, file }) => [kind, file])), [[['altered', '文件目录.XML']]]);
});
