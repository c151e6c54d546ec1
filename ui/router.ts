/** One address per page, so that reload and back keep the place. `nav` names the navigation entry a detail page belongs to. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router';
import { loadSession, session, showMarks } from './session.js';

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('./pages/sign-in.vue'), meta: { bare: true } },
  { path: '/password', component: () => import('./pages/password.vue') },
  { path: '/', component: () => import('./pages/workbench.vue') },
  { path: '/capture', component: () => import('./pages/capture.vue') },
  { path: '/capture/:batch', component: () => import('./pages/capture-batch.vue'), props: true, meta: { nav: '/capture' } },
  { path: '/sources', component: () => import('./pages/sources.vue') },
  { path: '/sources/:id', component: () => import('./pages/source.vue'), props: true, meta: { nav: '/sources' } },
  { path: '/tables', component: () => import('./pages/tables.vue') },
  { path: '/tables/:id', component: () => import('./pages/table.vue'), props: true, meta: { nav: '/tables' } },
  { path: '/scans', component: () => import('./pages/scans.vue') },
  { path: '/conversions', component: () => import('./pages/conversions.vue') },
  { path: '/conversions/:id', component: () => import('./pages/conversion.vue'), props: true, meta: { nav: '/conversions' } },
  { path: '/imports', component: () => import('./pages/imports.vue') },
  { path: '/imports/:id', component: () => import('./pages/import.vue'), props: true, meta: { nav: '/imports' } },
  { path: '/inspection', component: () => import('./pages/inspection.vue') },
  { path: '/rule-packs', component: () => import('./pages/rule-packs.vue') },
  { path: '/volumes', component: () => import('./pages/volumes.vue') },
  { path: '/volumes/:id', component: () => import('./pages/volume.vue'), props: true, meta: { nav: '/volumes' } },
  { path: '/arrangement', component: () => import('./pages/arrangement.vue') },
  { path: '/filing', component: () => import('./pages/filing.vue') },
  { path: '/search', component: () => import('./pages/search.vue') },
  { path: '/record/:id', component: () => import('./pages/record.vue'), props: true, meta: { nav: '/search' } },
  { path: '/classification', component: () => import('./pages/classifications.vue') },
  { path: '/classification/:id', component: () => import('./pages/classification.vue'), props: true, meta: { nav: '/classification' } },
  { path: '/marking-case/:id', component: () => import('./pages/marking-case.vue'), props: true, meta: { nav: '/classification' } },
  { path: '/annual-review', component: () => import('./pages/annual-review.vue') },
  { path: '/class-authorities', component: () => import('./pages/class-authorities.vue') },
  { path: '/class-statistics', component: () => import('./pages/class-statistics.vue') },
  { path: '/knowledge', component: () => import('./pages/knowledge.vue') },
  { path: '/alarms', component: () => import('./pages/alarms.vue') },
  { path: '/marks', component: () => import('./pages/marks.vue') },
  { path: '/binding', component: () => import('./pages/binding.vue') },
  { path: '/notices', component: () => import('./pages/notices.vue') },
  { path: '/containers', component: () => import('./pages/containers.vue') },
  { path: '/rehearse', component: () => import('./pages/rehearse.vue') },
  { path: '/reports', component: () => import('./pages/reports.vue') },
  { path: '/audit', component: () => import('./pages/audit.vue') },
  { path: '/checkpoints', component: () => import('./pages/checkpoints.vue') },
  { path: '/people', component: () => import('./pages/people.vue') },
  { path: '/approvals', component: () => import('./pages/approvals.vue') },
  { path: '/approvals/:id', component: () => import('./pages/approval.vue'), props: true, meta: { nav: '/approvals' } },
  { path: '/personnel', component: () => import('./pages/personnel.vue') },
  { path: '/personnel/:id', component: () => import('./pages/personnel-person.vue'), props: true, meta: { nav: '/personnel' } },
  { path: '/terminals', component: () => import('./pages/terminals.vue') },
  { path: '/accessions', component: () => import('./pages/accessions.vue') },
  { path: '/accessions/:id', component: () => import('./pages/accession.vue'), props: true, meta: { nav: '/accessions' } },
  { path: '/accession-register', component: () => import('./pages/accession-register.vue') },
  { path: '/carriers', component: () => import('./pages/carriers.vue') },
  { path: '/destruction', component: () => import('./pages/destruction.vue') },
  { path: '/destruction/:id', component: () => import('./pages/destruction-batch.vue'), props: true, meta: { nav: '/destruction' } },
  { path: '/disposal', component: () => import('./pages/disposal.vue') },
  { path: '/disposal/:id', component: () => import('./pages/disposal-batch.vue'), props: true, meta: { nav: '/disposal' } },
  { path: '/outputs', component: () => import('./pages/outputs.vue') },
  { path: '/devices', component: () => import('./pages/devices.vue') },
  { path: '/appraisal', component: () => import('./pages/appraisal.vue') },
  { path: '/appraisal/:id', component: () => import('./pages/appraisal-batch.vue'), props: true, meta: { nav: '/appraisal' } },
  { path: '/holds', component: () => import('./pages/holds.vue') },
  { path: '/transfers', component: () => import('./pages/transfers.vue') },
  { path: '/transfers/:id', component: () => import('./pages/transfer.vue'), props: true, meta: { nav: '/transfers' } },
  { path: '/counterparts', component: () => import('./pages/counterparts.vue') },
  { path: '/emergency', component: () => import('./pages/emergency.vue') },
  { path: '/policy', component: () => import('./pages/policy.vue') },
  { path: '/duties', component: () => import('./pages/duties.vue') },
  { path: '/backup', component: () => import('./pages/backup.vue') },
  { path: '/calendar', component: () => import('./pages/calendar.vue') },
  { path: '/organisation', component: () => import('./pages/organisation.vue') },
  { path: '/preservation', component: () => import('./pages/preservation.vue') },
  { path: '/compliance', component: () => import('./pages/compliance.vue') },
  { path: '/keys', component: () => import('./pages/keys.vue') },
  { path: '/system', component: () => import('./pages/system.vue') },
  { path: '/:rest(.*)*', component: () => import('./pages/missing.vue') },
];

export const router = createRouter({ history: createWebHistory(), routes });

router.beforeEach(async (to) => {
  const state = session.value ?? await loadSession();
  showMarks([]);
  if (to.path === '/sign-in') return state?.signedIn ? '/' : true;
  if (!state?.signedIn) return { path: '/sign-in', query: to.path === '/' ? {} : { to: to.fullPath } };
  if (state.person?.mustChangePassword && to.path !== '/password') return '/password';
  return true;
});
