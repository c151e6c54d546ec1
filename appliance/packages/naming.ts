import { PATH_BYTES } from './layout.js';
import type { TextEncoding } from './port.js';

/** 命名与编号规则.txt: the package explains itself. */
export const namingText = (encoding: TextEncoding): string => [
  '命名与编号规则', '',
  `1. 文本与 XML 的字符编码为 ${encoding}（XML 另在声明中写明）；校验/manifest-sm3.txt 与 JSON 文件为 UTF-8。`,
  '2. 说明文件.TXT：本盘说明；文件目录.XML、案卷目录.XML：《电子档案移交与接收办法》（2012）附件 2 的目录；扩展目录.xml：电子文件号、期限、字节数与各文件的 SM3。',
  '3. 电子档案/年度/类别/档号/：一件一个文件夹。档号含不能用作文件名的字符时，替换后在末尾加“~”和档号 SM3 的前 8 位。',
  '4. 元数据.xml：DA/T 46-2009 的元素，“编号”为标准编号，“键”“值”为系统内的名称和取值，见 其他/元数据方案.json、其他/元数据字典.json；各 XML 文件的模式见 其他/XML模式.xsd。',
  '5. 过程信息.xml：业务实体 M80 至 M84；标志.json：密级标志及变更情况（仅国家秘密）。',
  '6. 内容/序号-角色.扩展名：01-正本、02-定稿、03-处理单、04-附件1……；计算机文件名原文见元数据与扩展目录。',
  '7. 封装包.xml（选用）：DA/T 48-2009 封装包，内含同一件的元数据与内容。',
  `8. 路径按 UTF-8 计不超过 ${String(PATH_BYTES)} 字节；分盘时一件不拆到两盘，每盘有自己的说明文件、目录、清单和签名。`,
  '9. 校验/manifest-sm3.txt：每行为 SM3 摘要、两个空格、相对路径，按路径排序；校验/manifest.sig：对该文件的 SM2 签名；校验/box.pem：签名证书及其根证书。', '',
].join('\r\n');
