import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import components from 'unplugin-vue-components/vite';
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers';
import { defineConfig } from 'vite';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

const out = here('../dist/ui');

/** dist/ui also holds what tsc compiles for the tests, so only the previous bundle is removed. */
const clearBundle = { name: 'clear-bundle', apply: 'build' as const, buildStart: () => rmSync(`${out}/assets`, { recursive: true, force: true }) };

/** The console is only ever built, never served by Vite: every asset comes from the box under `default-src 'self'`. */
export default defineConfig({
  root: here('.'),
  publicDir: here('public'),
  plugins: [clearBundle, vue(), components({ dts: false, dirs: [], resolvers: [ElementPlusResolver({ importStyle: 'css' })] })],
  build: {
    outDir: out,
    emptyOutDir: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 900,
    target: 'es2022',
  },
  worker: { format: 'es' },
});
