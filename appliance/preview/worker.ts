/** The drawing process: pages of content as pictures. */
import { serve } from '../inspection/serve.js';
import { pageCount, renderPage } from './render.js';
import type { PreviewOrder } from './preview.js';

serve<PreviewOrder>((source, order) =>
  order.kind === 'count' ? pageCount(source, order.mime) : renderPage(source, order.mime, order.pageNo, { widthPixels: order.widthPixels, watermark: order.watermark }));
