import { NoInput, SessionChallenge, SessionChangePassword, SessionSignIn, SessionSwitchLevel, SessionUnlock } from '../../../policies/schemas/session.js';
import type { describeSession } from '../../identity/describe-session.js';
import type { sessionService } from '../../identity/session-service.js';
import { route } from '../route.js';
import type { Routes } from '../route.js';

export const sessionRoutes = (service: ReturnType<typeof sessionService>, describe: ReturnType<typeof describeSession>): Routes => ({
  'session.current': route({ method: 'GET', summary: '查看本人会话', input: NoInput, open: true, errors: [], handle: describe }),
  'session.challenge': route({ method: 'POST', summary: '取登录质询', input: SessionChallenge, open: true, errors: [], handle: service.challenge }),
  'session.sign-in': route({
    method: 'POST', summary: '登录', input: SessionSignIn, open: true, errors: ['E_LOGIN_FAILED', 'E_ACCOUNT_LOCKED', 'E_CERT_INVALID', 'E_BOX_LOCKED', 'E_TERMINAL_REQUIRED'], handle: service.signIn,
  }),
  'session.sign-out': route({ method: 'POST', summary: '退出登录', input: NoInput, errors: [], handle: service.signOut }),
  'session.lock': route({ method: 'POST', summary: '锁定会话', input: NoInput, errors: [], handle: service.lock }),
  'session.unlock': route({ method: 'POST', summary: '解锁会话', input: SessionUnlock, errors: ['E_LOGIN_FAILED'], handle: service.unlock }),
  'session.switch-level': route({ method: 'POST', summary: '切换会话密级', input: SessionSwitchLevel, errors: ['E_CLEARANCE_REQUIRED', 'E_DEVICE_LEVEL'], handle: service.switchLevel }),
  'session.change-password': route({
    method: 'POST', summary: '修改本人口令', input: SessionChangePassword, errors: ['E_LOGIN_FAILED', 'E_PASSWORD_WEAK', 'E_PASSWORD_REUSED'], handle: service.changePassword,
  }),
});
