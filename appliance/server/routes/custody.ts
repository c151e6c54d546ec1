import { CeremonyEnter, CeremonyList, CeremonyPrint, CeremonyShow, CeremonySign, KeyDestroyEpoch, KeyReissue, KeyRotate } from '../../../policies/schemas/custody.js';
import { NoInput } from '../../../policies/schemas/session.js';
import type { CustodyService } from '../../custody/service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const custodyRoutes = (custody: CustodyService): Routes => ({
  'key.register': route({ method: 'GET', summary: '密钥台账、期次与轮换进度', input: NoInput, errors: ['E_DENIED'], handle: custody.register }),
  'key.rotate': route({ method: 'POST', summary: '提请轮换层级密钥', input: KeyRotate, errors: ['E_DENIED', 'E_STATE_INVALID', 'E_DUPLICATE', 'E_BOX_LOCKED'], handle: custody.rotate }),
  'key.destroy-epoch': route({ method: 'POST', summary: '提请销毁旧期层级密钥', input: KeyDestroyEpoch, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_KEY_EPOCH_IN_USE', 'E_DUPLICATE'], handle: custody.destroyEpoch }),
  'key.reissue': route({ method: 'POST', summary: '提请换根并重分密钥分量', input: KeyReissue, errors: ['E_DENIED', 'E_KEY_HOLDER', 'E_CERT_INVALID', 'E_DUPLICATE'], handle: custody.reissue }),
  'ceremony.list': route({ method: 'GET', summary: '密钥仪式记录清单', input: CeremonyList, errors: ['E_DENIED'], handle: custody.ceremonies }),
  'ceremony.show': route({ method: 'GET', summary: '查看密钥仪式记录', input: CeremonyShow, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: custody.ceremony }),
  'ceremony.sign': route({ method: 'POST', summary: '签署密钥仪式记录', input: CeremonySign, errors: ['E_DENIED', 'E_NOT_FOUND', 'E_STATE_INVALID', 'E_STALE_VERSION', 'E_SIGNATURE_INVALID', 'E_CERT_INVALID'], handle: custody.sign }),
  'ceremony.enter': route({ method: 'POST', summary: '登记密钥备份或恢复仪式', input: CeremonyEnter, errors: ['E_DENIED', 'E_KEY_HOLDER', 'E_CERT_INVALID'], handle: custody.enter }),
  'ceremony.print': route({ method: 'GET', summary: '下载密钥仪式记录', input: CeremonyPrint, errors: ['E_DENIED', 'E_NOT_FOUND'], handle: custody.print }),
});
