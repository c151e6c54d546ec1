import type { Box } from '../../box.js';
import { guardEntering } from '../../compliance/entering.js';
import type { Services } from '../../services.js';
import type { Routes } from '../route.js';
import { appraisalRoutes } from './appraisal.js';
import { accessionRoutes } from './accession.js';
import { approvalRoutes } from './approval.js';
import { auditRoutes } from './audit.js';
import { backupRoutes } from './backup.js';
import { preservationRoutes } from './preservation.js';
import { captureRoutes } from './capture.js';
import { carrierRoutes } from './carrier.js';
import { authorityRoutes, caseRoutes, classificationRoutes } from './classification.js';
import { disposalRoutes } from './disposal.js';
import { complianceRoutes } from './compliance.js';
import { conversionRoutes } from './conversion.js';
import { counterpartRoutes } from './counterpart.js';
import { custodyRoutes } from './custody.js';
import { destructionRoutes } from './destruction.js';
import { arrangementRoutes, filingRoutes, inspectionRoutes } from './filing.js';
import { openingRoutes } from './opening.js';
import { exchangeRoutes, importRoutes } from './import.js';
import { outputRoutes } from './output.js';
import { peopleRoutes } from './people.js';
import { personRoutes } from './person.js';
import { recordRoutes } from './record.js';
import { registerRoutes } from './register.js';
import { rulePackRoutes, virusRoutes } from './rulepack.js';
import { volumeRoutes } from './volume.js';
import { relationRoutes } from './relation.js';
import { reportRoutes } from './report.js';
import { scanRoutes } from './scan.js';
import { sessionRoutes } from './session.js';
import { guardingRoutes } from './guarding.js';
import { onlineRoutes, sourceRoutes } from './source.js';
import { keyRoutes, systemRoutes } from './system.js';
import { tableRoutes } from './table.js';
import { transferRoutes } from './transfer.js';
import { useRoutes } from './use.js';
import { certificateRoutes } from './certificate.js';
import { compilationRoutes } from './compilation.js';

/** One line a capability. */
const everyRoute = (box: Box, services: Services): Routes => ({
  ...sessionRoutes(services.session, services.describe),
  ...keyRoutes(services),
  ...custodyRoutes(services.custody),
  ...backupRoutes(services),
  ...preservationRoutes(services),
  ...complianceRoutes(services.compliance),
  ...personRoutes(services.person, services.grants),
  ...approvalRoutes(services.approvals),
  ...peopleRoutes(services),
  ...captureRoutes(services, box.policies.content('capture.json')),
  ...tableRoutes(services),
  ...sourceRoutes(services),
  ...onlineRoutes(services, box.policies.content('source-systems.json')),
  ...importRoutes(services, box.policies.content('capture.json')),
  ...exchangeRoutes(services),
  ...inspectionRoutes(services.inspection),
  ...arrangementRoutes(services.arrangement),
  ...rulePackRoutes(services.rulePacks),
  ...virusRoutes(services.virus),
  ...relationRoutes(services.relations),
  ...volumeRoutes(services.volumes),
  ...filingRoutes(services.filing, services.renumbering),
  ...classificationRoutes(services.marking),
  ...caseRoutes(services.marking),
  ...authorityRoutes(services),
  ...recordRoutes(services.consultation, services.reading),
  ...auditRoutes(services.audit),
  ...reportRoutes(services.report),
  ...registerRoutes(services),
  ...guardingRoutes(services),
  ...carrierRoutes(services),
  ...accessionRoutes(services.accessions),
  ...destructionRoutes(services),
  ...conversionRoutes(services),
  ...scanRoutes(services),
  ...counterpartRoutes(services),
  ...transferRoutes(services, box.policies.content('transfer.json')),
  ...appraisalRoutes(services),
  ...outputRoutes(services),
  ...openingRoutes(services),
  ...useRoutes(services),
  ...certificateRoutes(services),
  ...compilationRoutes(services),
  ...disposalRoutes(services.disposal, box.policies.content('media-destruction.json').photos.maxBytes),
  ...systemRoutes(box, services),
});

/** Every act on the wire; what brings state secrets in waits for 系统审查. */
export function allRoutes(box: Box, services: Services): Routes {
  const routes = guardEntering(everyRoute(box, services), box, services.compliance);
  services.compliance.serves(routes);
  return routes;
}
