import { VolumeArrange, VolumeClose, VolumeList, VolumeOpen, VolumePrint, VolumeReopen, VolumeShow } from '../../../policies/schemas/volume.js';
import type { VolumeService } from '../../containers/volumes.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

const FOUND = ['E_NOT_FOUND', 'E_DENIED', 'E_STATE_INVALID', 'E_STALE_VERSION'] as const;

export const volumeRoutes = (volumes: VolumeService): Routes => ({
  'volume.list': route({ method: 'GET', summary: '案卷', input: VolumeList, errors: ['E_DENIED'], handle: volumes.list }),
  'volume.show': route({ method: 'GET', summary: '查看案卷', input: VolumeShow, errors: ['E_NOT_FOUND'], handle: volumes.show }),
  'volume.print': route({ method: 'GET', summary: '打印案卷目录、卷内目录、备考表', input: VolumePrint, errors: ['E_NOT_FOUND'], handle: volumes.print }),
  'volume.open': route({ method: 'POST', summary: '立卷', input: VolumeOpen, errors: ['E_DENIED', 'E_INPUT_INVALID', 'E_ARRANGE_INCOMPLETE', 'E_MAC_WRITE_DOWN'], handle: volumes.open }),
  'volume.arrange': route({ method: 'POST', summary: '排列卷内文件与页数', input: VolumeArrange, errors: [...FOUND, 'E_INPUT_INVALID'], handle: volumes.arrange }),
  'volume.close': route({ method: 'POST', summary: '封卷：填写备考表、编案卷号', input: VolumeClose, errors: [...FOUND, 'E_INPUT_INVALID', 'E_ARRANGE_INCOMPLETE', 'E_ARRANGE_RELATION_BROKEN', 'E_MAC_WRITE_DOWN'], handle: volumes.close }),
  'volume.reopen': route({ method: 'POST', summary: '重开案卷', input: VolumeReopen, errors: [...FOUND], handle: volumes.reopen }),
});
