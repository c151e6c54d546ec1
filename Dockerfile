# 守藏: built in one stage, run in another that holds only what runs. BASE is any Debian 12 image with Node 20 and npm.
ARG BASE=node:20-bookworm-slim

FROM ${BASE} AS build
WORKDIR /app
RUN if ! command -v g++ >/dev/null || ! command -v make >/dev/null || ! command -v python3 >/dev/null; then \
      apt-get update && apt-get install -y --no-install-recommends gcc g++ make python3 && rm -rf /var/lib/apt/lists/*; \
    fi
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-progress
# The sqlite3 driver, compiled against the headers that came with Node, so that none are fetched.
COPY appliance/image ./appliance/image
RUN npm_config_nodedir="$(dirname "$(dirname "$(command -v node)")")" node appliance/image/native.mjs
COPY . .
# What runs: compiled code, the console, rules, and whatever else of the rooms is not source.
RUN npm run build \
 && npm prune --omit=dev --no-progress \
 && rm -rf dist/test dist/.tsbuildinfo node_modules/sqlite3/build/Release/obj.target node_modules/sqlite3/deps \
 && mkdir /out && mv node_modules dist policies package.json /out/ \
 && find appliance -type f ! -name '*.ts' ! -path 'appliance/image/*' -exec cp --parents {} /out/ \; \
 && cp --parents appliance/image/health.mjs /out/

FROM ${BASE}
# Debian packages of programs that the box uses where it finds them, e.g. "tesseract-ocr tesseract-ocr-chi-sim libreoffice-writer-nogui xorriso". None unless asked for.
ARG TOOLS=""
RUN if [ -n "$TOOLS" ]; then apt-get update && apt-get install -y --no-install-recommends $TOOLS && rm -rf /var/lib/apt/lists/*; fi
RUN useradd --system --uid 10001 --user-group --home-dir /data --shell /usr/sbin/nologin shouzang \
 && mkdir -p /data && chown shouzang:shouzang /data && chmod 700 /data
COPY --from=build /out /app
WORKDIR /app
RUN ln -s /app/appliance/shouzang.mjs /usr/local/bin/shouzang
ENV NODE_ENV=production SHOUZANG_DATA=/data SHOUZANG_HOST=0.0.0.0 SHOUZANG_PORT=8443
USER shouzang
VOLUME /data
EXPOSE 8443
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 CMD ["node", "appliance/image/health.mjs"]
# Node is the first process; the box itself handles SIGTERM: it stops accepting, finishes what runs, closes the database.
STOPSIGNAL SIGTERM
CMD ["node", "dist/appliance/main.js"]
