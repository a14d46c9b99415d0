const bundleUrl = require("node:url").pathToFileURL(__filename).href;
var __create = Object.create;
var __defProp = Object.defineProperty;
var __getOwnPropDesc = Object.getOwnPropertyDescriptor;
var __getOwnPropNames = Object.getOwnPropertyNames;
var __getProtoOf = Object.getPrototypeOf;
var __hasOwnProp = Object.prototype.hasOwnProperty;
var __export = (target, all) => {
  for (var name in all)
    __defProp(target, name, { get: all[name], enumerable: true });
};
var __copyProps = (to, from, except, desc) => {
  if (from && typeof from === "object" || typeof from === "function") {
    for (let key of __getOwnPropNames(from))
      if (!__hasOwnProp.call(to, key) && key !== except)
        __defProp(to, key, { get: () => from[key], enumerable: !(desc = __getOwnPropDesc(from, key)) || desc.enumerable });
  }
  return to;
};
var __toESM = (mod, isNodeMode, target) => (target = mod != null ? __create(__getProtoOf(mod)) : {}, __copyProps(
  // If the importer is in node compatibility mode or this is not an ESM
  // file that has been converted to a CommonJS file using a Babel-
  // compatible transform (i.e. "__esModule" has not been set), then set
  // "default" to the CommonJS "module.exports" for node compatibility.
  isNodeMode || !mod || !mod.__esModule ? __defProp(target, "default", { value: mod, enumerable: true }) : target,
  mod
));
var __toCommonJS = (mod) => __copyProps(__defProp({}, "__esModule", { value: true }), mod);
var stdin_exports = {};
__export(stdin_exports, {
  renderInit: () => renderInit,
  runInit: () => runInit
});
module.exports = __toCommonJS(stdin_exports);
var import_chunk_7SBMZMAV = require("./chunk-7SBMZMAV.cjs");
var import_chunk_EHMDGH3H = require("./chunk-EHMDGH3H.cjs");
var import_chunk_WN6SEXNX = require("./chunk-WN6SEXNX.cjs");
var import_chunk_ZKV6NMGU = require("./chunk-ZKV6NMGU.cjs");
var import_chunk_6KJEVDUS = require("./chunk-6KJEVDUS.cjs");
var import_chunk_XPUIUB4A = require("./chunk-XPUIUB4A.cjs");
var import_chunk_NGGILZ57 = require("./chunk-NGGILZ57.cjs");
var import_chunk_DAEGIV2F = require("./chunk-DAEGIV2F.cjs");
var import_chunk_GDCGOP3X = require("./chunk-GDCGOP3X.cjs");
var import_chunk_HVRSHCYF = require("./chunk-HVRSHCYF.cjs");
var import_chunk_BKKABDDY = require("./chunk-BKKABDDY.cjs");
var import_chunk_E4TRGNTH = require("./chunk-E4TRGNTH.cjs");
var import_chunk_D6QFH5CA = require("./chunk-D6QFH5CA.cjs");
var import_promises = require("node:fs/promises");
var import_node_fs = require("node:fs");
var import_node_path = require("node:path");
var import_promises2 = require("node:fs/promises");
var import_node_path2 = require("node:path");
var import_node_util = require("node:util");
var import_yaml = (0, import_chunk_D6QFH5CA.__toESM)((0, import_chunk_WN6SEXNX.require_dist)(), 1);
var KEY = "ENCRYPTION_KEY";
function renderConfiguration(answers) {
  const { name, rpo, rto, recipients } = answers;
  return [
    "# What is backed up, where to, and how each backup is proved.",
    "# `npx lifeboat doctor` looks at all of it without writing anything.",
    `name: ${name}`,
    "",
    ...renderDestination(answers),
    "",
    ...renderStores(answers),
    "",
    ...recipients.length > 0 ? [...section("encryption", { recipients: [...recipients] }), ""] : [],
    ...renderKeys(answers),
    "objectives:",
    `  rpo: ${rpo} # how old the newest backup may be`,
    `  rto: ${rto} # how long a restore may take`,
    "  drill-every: 8d",
    "",
    "retention:",
    "  daily: 7",
    "  weekly: 8",
    "  monthly: 12",
    "",
    ...renderDrill(answers),
    ""
  ].join("\n");
}
function renderDestination({ destination, endpoint, region, pathStyle }) {
  return section("destination", {
    url: destination,
    ...endpoint !== void 0 && { endpoint },
    ...region !== void 0 && { region },
    ...pathStyle && { "path-style": true }
  });
}
function renderStores({ stores }) {
  return [
    "stores:",
    ...stores.postgres === void 0 ? [] : ["  postgres:", "    url: ${DATABASE_URL}"],
    ...stores.clickhouse === void 0 ? [] : ["  clickhouse:", "    url: ${CLICKHOUSE_URL}"]
  ];
}
function renderKeys({ keys }) {
  if (keys.length === 0) return [];
  return [
    "# A backup holds the key's fingerprint, never the key. Keep the key itself in a second place, too.",
    "keys:",
    `  ${KEY}: \${${KEY}}`,
    ""
  ];
}
function renderDrill(answers) {
  const { migrate, application, keys } = answers;
  const steps = [
    ...migrate === void 0 ? [] : renderStep(answers, "migrations", "run", migrate, {}),
    ...keys.length === 0 ? [] : [
      "    # Where the product stores secrets under its key, decrypt them too: docs/drill-steps.md, decrypt."
    ],
    ...application ? [
      ...renderStep(answers, "application", "start", `exec ${application.start}`, {
        PORT: String(application.port)
      }),
      `      ready: ${application.ready}`,
      "      timeout: 2m",
      "    # One call through the application shows that it can do its work: docs/drill-steps.md, proxied-call and http."
    ] : []
  ];
  if (steps.every((line) => line.trim().startsWith("#"))) return steps.map((line) => line.trim());
  return ["drill:", "  steps:", ...steps];
}
function renderStep({ environment, keys, stores }, name, kind, command, further) {
  const [key] = keys;
  const env = { ...environment.plain, ...further, ...key !== void 0 && { [key]: `\${${KEY}}` } };
  const exports2 = environment.exports.filter(
    (line) => (stores.postgres !== void 0 || !line.includes("LIFEBOAT_POSTGRES")) && (stores.clickhouse !== void 0 || !line.includes("LIFEBOAT_CLICKHOUSE"))
  );
  return [
    `    - name: ${name}`,
    `      ${kind}: |`,
    ...[...exports2, command].map((line) => `        ${line}`),
    ...Object.keys(env).length === 0 ? [] : section("env", env).map((line) => `      ${line}`)
  ];
}
function section(key, value) {
  return (0, import_yaml.stringify)({ [key]: value }, { lineWidth: 0 }).trimEnd().split("\n");
}
var IMMUTABLE_SUBJECTS_SINCE = /* @__PURE__ */ new Date("2026-07-15T00:00:00Z");
var ISSUER = "token.actions.githubusercontent.com";
function hasImmutableSubject({ namedAt }) {
  return namedAt === void 0 || namedAt >= IMMUTABLE_SUBJECTS_SINCE;
}
function findSubject(repository, jobs) {
  const { owner, name, ownerId, id } = repository;
  const rest = describeJobs(jobs);
  if (!hasImmutableSubject(repository)) return `repo:${owner}/${name}:${rest}`;
  if (ownerId === void 0 || id === void 0) return void 0;
  return `repo:${owner}@${ownerId}/${name}@${id}:${rest}`;
}
function describeJobs(jobs) {
  if (jobs === "pull_request") return jobs;
  return "environment" in jobs ? `environment:${encodeColons(jobs.environment)}` : `ref:${jobs.ref}`;
}
function buildTrustPolicy(accountId, subject, partition = "aws") {
  return {
    Version: "2012-10-17",
    Statement: [
      {
        Effect: "Allow",
        Principal: { Federated: `arn:${partition}:iam::${accountId}:oidc-provider/${ISSUER}` },
        Action: "sts:AssumeRoleWithWebIdentity",
        Condition: { StringEquals: { [`${ISSUER}:aud`]: "sts.amazonaws.com", [`${ISSUER}:sub`]: subject } }
      }
    ]
  };
}
function encodeColons(text) {
  return text.replaceAll(":", "%3A");
}
function describeNextSteps(answers) {
  const steps = [
    [
      "Set the secrets that the workflows read:",
      ...listSecrets(answers).map((name) => `gh secret set ${name}`)
    ],
    ...answers.destination.startsWith("s3:") ? describeAccess(answers) : [],
    [
      "Look at everything before the first night, with the same variables in your shell:",
      "npx lifeboat doctor"
    ],
    [
      "Commit the files, and start each workflow once by hand:",
      "gh workflow run lifeboat-nightly-backup.yml",
      "gh workflow run lifeboat-weekly-drill.yml"
    ],
    [
      "Pin the release to its commit, which nobody can move:",
      `gh api repos/OWNER/lifeboat/commits/v${import_chunk_EHMDGH3H.VERSION} --jq .sha`
    ]
  ];
  return steps.map(
    ([what = "", ...lines], index) => `${index + 1}. ${what}
${lines.map((line) => `     ${line}
`).join("")}`
  ).join("\n");
}
function listSecrets({ stores, keys, recipients, destination, endpoint }) {
  return [
    ...stores.postgres === void 0 ? [] : ["DATABASE_URL"],
    ...stores.clickhouse === void 0 ? [] : ["CLICKHOUSE_URL"],
    ...keys.slice(0, 1),
    ...recipients.length > 0 ? ["LIFEBOAT_AGE_IDENTITY"] : [],
    ...destination.startsWith("s3:") && endpoint !== void 0 ? ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"] : []
  ];
}
function describeAccess({ slug = "OWNER/REPOSITORY", endpoint, region = "REGION" }) {
  if (endpoint !== void 0) return [];
  const [owner = "", name = ""] = slug.split("/");
  const describeSubject = (jobs) => {
    const subject = findSubject({ owner, name, namedAt: /* @__PURE__ */ new Date(0) }, jobs) ?? "";
    return subject.replace(`${owner}/${name}`, `${owner}@OWNER_ID/${name}@REPOSITORY_ID`);
  };
  const main = describeSubject({ ref: "refs/heads/main" });
  const ofDrills = [
    main,
    describeSubject("pull_request"),
    ...["restore-staging", "restore-production"].map((environment) => describeSubject({ environment }))
  ];
  return [
    [
      "Make three roles at AWS, for backups, for drills and for removing old backups, with these rights:",
      "npx lifeboat policy --role backup    # add those of status, so that it sends only what changed and catches up only when due",
      "npx lifeboat policy --role drill",
      "npx lifeboat policy --role prune"
    ],
    [
      "Let the repository's main branch, and nobody else, take them, by this trust policy. The account needs GitHub's provider of",
      "tokens once. Repositories that were made, renamed or transferred since 2026-07-15 are known by their numbers:",
      "aws iam create-open-id-connect-provider --url https://token.actions.githubusercontent.com --client-id-list sts.amazonaws.com",
      `gh api repos/${slug} --jq '"OWNER_ID=\\(.owner.id) REPOSITORY_ID=\\(.id)"'`,
      `For older ones leave the numbers out: ${main.replace(/@\w+_ID/g, "")}.`,
      ...printJson(buildTrustPolicy("ACCOUNT_ID", main)),
      "Restores and the check of pull requests use the role for drills, and are known by their environment and event.",
      "In its trust policy these subjects stand instead; leave out those whose workflow you do not keep:",
      ...printJson(ofDrills)
    ],
    [
      "Tell the workflows which roles those are:",
      "gh variable set LIFEBOAT_AWS_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-backup",
      "gh variable set LIFEBOAT_AWS_DRILL_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-drill",
      "gh variable set LIFEBOAT_AWS_PRUNE_ROLE --body arn:aws:iam::ACCOUNT_ID:role/lifeboat-prune",
      `gh variable set AWS_REGION --body ${region}`
    ]
  ];
}
function printJson(value) {
  return JSON.stringify(value, null, 2).split("\n");
}
var POSTGRES_NAMES = [
  "DIRECT_URL",
  "DIRECT_DATABASE_URL",
  "DATABASE_URL",
  "POSTGRES_URL",
  "POSTGRES_URI",
  "PG_URL"
];
var CLICKHOUSE_NAMES = ["CLICKHOUSE_URL", "CLICKHOUSE_HTTP_URL", "CLICKHOUSE_DSN"];
var PARTS = [
  [/^(PG|POSTGRES_|DB_|DATABASE_)HOST(NAME)?$/, "POSTGRES_HOST"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)PORT$/, "POSTGRES_PORT"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)USER(NAME)?$/, "POSTGRES_USER"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)PASS(WORD)?$/, "POSTGRES_PASSWORD"],
  [/^(PG|POSTGRES_|DB_|DATABASE_)(DATABASE|DB|NAME)$/, "POSTGRES_DATABASE"],
  [/^CLICKHOUSE_HOST(NAME)?$/, "CLICKHOUSE_HOST"],
  [/^CLICKHOUSE_PORT$/, "CLICKHOUSE_PORT"],
  [/^CLICKHOUSE_USER(NAME)?$/, "CLICKHOUSE_USER"],
  [/^CLICKHOUSE_PASS(WORD)?$/, "CLICKHOUSE_PASSWORD"],
  [/^CLICKHOUSE_(DATABASE|DB|NAME)$/, "CLICKHOUSE_DATABASE"]
];
var SECRET = /(SECRET|TOKEN|PASSWORD|PASS|KEY|DSN|CREDENTIALS?|WEBHOOK\w*)$/;
var THROWAWAY = "only-for-the-drill-0123456789abcdef";
function settleDefaults(known) {
  return Object.fromEntries(
    Object.entries(known).map(([name, value]) => {
      const settled = value.replace(/\$\{\w+:?-([^{}]*)\}/g, "$1");
      return [name, /\$[{A-Za-z_]/.test(settled) ? "" : settled];
    })
  );
}
function findAddresses(known, services) {
  const speaks = (pattern) => (name) => pattern.test(known[name] ?? "");
  const isRun = (image) => services.some((service) => image.test(service.image ?? ""));
  const postgres = POSTGRES_NAMES.find((name) => name in known) ?? Object.keys(known).find(speaks(/^postgres(ql)?:\/\//)) ?? (isRun(/(^|\/)(postgres|postgis|timescaledb|pgvector)\b/) ? "DATABASE_URL" : void 0);
  const clickhouse = CLICKHOUSE_NAMES.find((name) => name in known) ?? Object.keys(known).find(speaks(/^clickhouses?:\/\//)) ?? (isRun(/clickhouse/) || Object.keys(known).some((name) => name.startsWith("CLICKHOUSE_")) ? "CLICKHOUSE_URL" : void 0);
  return { ...postgres !== void 0 && { postgres }, ...clickhouse !== void 0 && { clickhouse } };
}
function prepareEnvironment(known, stores, keys) {
  const exports2 = [];
  const plain = {};
  const isSplit = Object.keys(known).some((name) => /^CLICKHOUSE_(USER|PASS)/.test(name));
  for (const [name, value] of Object.entries(known)) {
    const part = PARTS.find(([pattern]) => pattern.test(name))?.[1];
    if (keys.includes(name) || name === "PORT") continue;
    if (POSTGRES_NAMES.includes(name) || name === stores.postgres || /^postgres(ql)?:\/\//.test(value)) {
      exports2.push(`export ${name}="$LIFEBOAT_POSTGRES_URL"`);
    } else if (CLICKHOUSE_NAMES.includes(name) || name === stores.clickhouse) {
      exports2.push(`export ${name}="${isSplit ? CLICKHOUSE_ORIGIN : "$LIFEBOAT_CLICKHOUSE_URL"}"`);
    } else if (part !== void 0) exports2.push(`export ${name}="$LIFEBOAT_${part}"`);
    else if (SECRET.test(name)) plain[name] = THROWAWAY;
    else if (value !== "") plain[name] = value;
  }
  return { exports: exports2, plain };
}
var CLICKHOUSE_ORIGIN = "http://$LIFEBOAT_CLICKHOUSE_HOST:$LIFEBOAT_CLICKHOUSE_PORT";
var DEFAULT_PORT = 3e3;
var MIGRATE_SCRIPTS = [
  "migrate:deploy",
  "db:migrate:deploy",
  "db:migrate",
  "migrate",
  "migrations",
  "db:deploy"
];
var START_SCRIPTS = ["start:prod", "start"];
var APPLICATION_KEY = /(^|_)(ENCRYPTION|MASTER|FERNET|CIPHER)_(KEY|SECRET)S?$|^SALT$/;
function proposeFrom(facts) {
  const { slug, install, services, variables } = facts;
  const known = settleDefaults({ ...gatherEnvironment(services), ...variables });
  const stores = findAddresses(known, services);
  const keys = Object.keys(known).filter((name) => APPLICATION_KEY.test(name));
  const migrate = findMigrate(facts);
  const application = findApplication(facts);
  return {
    name: import_chunk_WN6SEXNX.NAME.test(facts.name) ? facts.name : "lifeboat",
    ...slug !== void 0 && { slug },
    stores,
    keys,
    environment: prepareEnvironment(known, stores, keys),
    ...install !== void 0 && { install },
    ...migrate !== void 0 && { migrate },
    ...application && { application },
    missing: [
      ...stores.postgres ?? stores.clickhouse ? [] : ["No Postgres and no ClickHouse was found in the compose file or the example of the environment."],
      ...keys.length > 0 ? [] : [
        "No key such as ENCRYPTION_KEY was found: if the product encrypts what it stores, name it under keys."
      ],
      ...migrate === void 0 ? ["No script that migrates was found: the drill restores and compares only."] : [],
      ...application ? [] : [
        "How to start the application, and its health address, were not found: the drill does not boot it yet."
      ]
    ]
  };
}
function gatherEnvironment(services) {
  return Object.assign(
    {},
    ...services.filter(({ isBuilt }) => isBuilt).map(({ environment }) => environment)
  );
}
function findMigrate({ scripts, present }) {
  const script = MIGRATE_SCRIPTS.find((name) => scripts[name] !== void 0);
  if (script !== void 0) return `npm run ${script}`;
  if (present.has("prisma")) return "npx prisma migrate deploy";
  if (present.has("drizzle.config.ts")) return "npx drizzle-kit migrate";
  return void 0;
}
function findApplication({ scripts, services, variables }) {
  const script = START_SCRIPTS.find((name) => scripts[name] !== void 0);
  const health = services.find(({ isBuilt, healthAddress }) => isBuilt && healthAddress !== void 0);
  if (script === void 0 || health?.healthAddress === void 0) return void 0;
  const address = new URL(health.healthAddress);
  const port = Number(address.port || variables["PORT"] || DEFAULT_PORT);
  return {
    start: script === "start" ? "npm start" : `npm run ${script}`,
    port,
    ready: `http://127.0.0.1:${port}${address.pathname}`
  };
}
var import_yaml2 = (0, import_chunk_D6QFH5CA.__toESM)((0, import_chunk_WN6SEXNX.require_dist)(), 1);
function readCompose(text) {
  const { services } = parseLeniently(text);
  return Object.entries(services ?? {}).map(([name, raw]) => readService(name, raw ?? {}));
}
function parseLeniently(text) {
  try {
    const tree = (0, import_yaml2.parse)(text);
    return typeof tree === "object" && tree !== null ? tree : {};
  } catch {
    return {};
  }
}
function readService(name, { image, build, environment, healthcheck }) {
  const test = JSON.stringify(healthcheck?.test ?? "");
  const healthAddress = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?\/?[^\s"'\\|]*/.exec(
    test
  )?.[0];
  return {
    name,
    ...typeof image === "string" && { image },
    isBuilt: build !== void 0 && build !== null,
    environment: readEnvironment(environment),
    ...healthAddress !== void 0 && { healthAddress }
  };
}
function readEnvironment(environment) {
  if (Array.isArray(environment)) {
    return Object.fromEntries(
      environment.map((line) => {
        const [name = "", ...value] = String(line).split("=");
        return [name, value.join("=")];
      })
    );
  }
  return Object.fromEntries(
    Object.entries(environment ?? {}).map(([name, value]) => [
      name,
      typeof value === "string" || typeof value === "number" || typeof value === "boolean" ? String(value) : ""
    ])
  );
}
var COMPOSE_FILES = ["compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml"];
var EXAMPLE_FILES = [".env.example", ".env.sample", ".env.template", "env.example"];
var INSTALLS = {
  "package-lock.json": "npm ci",
  "pnpm-lock.yaml": "corepack enable && pnpm install --frozen-lockfile",
  "yarn.lock": "corepack enable && yarn install --immutable"
};
var TELLING_PATHS = ["prisma", "drizzle.config.ts"];
async function lookAtRepository(root) {
  const names = new Set(await (0, import_promises2.readdir)(root));
  const read = async (candidates) => {
    const found = candidates.find((candidate) => names.has(candidate));
    return found !== void 0 && await (0, import_chunk_WN6SEXNX.findTextFile)((0, import_node_path2.join)(root, found)) || "";
  };
  const [compose, example, packageText, gitConfig] = await Promise.all([
    read(COMPOSE_FILES),
    read(EXAMPLE_FILES),
    read(["package.json"]),
    (0, import_chunk_WN6SEXNX.findTextFile)((0, import_node_path2.join)(root, ".git", "config"))
  ]);
  const slug = findSlug(gitConfig ?? "");
  const lock = Object.keys(INSTALLS).find((name) => names.has(name));
  const install = lock === void 0 ? void 0 : INSTALLS[lock];
  return {
    name: slug?.split("/")[1] ?? (0, import_node_path2.basename)((0, import_node_path2.resolve)(root)),
    ...slug !== void 0 && { slug },
    services: readCompose(compose),
    variables: (0, import_node_util.parseEnv)(example),
    scripts: readScripts(packageText),
    ...install !== void 0 && { install },
    present: new Set(TELLING_PATHS.filter((path) => names.has(path)))
  };
}
function findSlug(gitConfig) {
  const origin = /\[remote "origin"\][^[]*?\burl\s*=\s*(\S+)/.exec(gitConfig)?.[1] ?? "";
  return /github\.com[:/]([^/\s]+\/[^/\s]+?)(?:\.git)?\/?$/.exec(origin)?.[1];
}
function readScripts(packageText) {
  if (packageText === "") return {};
  try {
    const { scripts } = JSON.parse(packageText);
    return scripts ?? {};
  } catch {
    return {};
  }
}
var WORKFLOW_TEMPLATES = {
  "freshness.yml": '# Fails when the newest backup is too old or a drill is overdue: silence of the other workflows is no good sign.\n# Copy to .github/workflows/ of the repository that holds lifeboat.yml, which says what too old is (objectives).\nname: Freshness of backups\n\non:\n  schedule:\n    - cron: "37 7,19 * * *"\n      timezone: Europe/Berlin\n  workflow_dispatch:\n\npermissions: {}\n\nconcurrency:\n  group: lifeboat-freshness\n  cancel-in-progress: false\n\njobs:\n  look:\n    permissions:\n      contents: read # to read lifeboat.yml\n      id-token: write # to take on the AWS role\n    uses: OWNER/lifeboat/.github/workflows/freshness.yml@v0.1.0 # better: the commit of the release you reviewed\n    with:\n      aws-role: ${{ vars.LIFEBOAT_AWS_DRILL_ROLE }}\n      aws-region: ${{ vars.AWS_REGION }}\n    secrets:\n      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n      SLACK_WEBHOOK: ${{ secrets.SLACK_WEBHOOK }}\n      HEARTBEAT_URL: ${{ secrets.FRESHNESS_HEARTBEAT_URL }}\n',
  "nightly-backup.yml": '# Backs up every night. Copy to .github/workflows/ of the repository that holds lifeboat.yml.\n# Secrets: those that lifeboat.yml reads. Variables: LIFEBOAT_AWS_ROLE, AWS_REGION; or the secrets of an access key.\nname: Nightly backup\n\non:\n  schedule:\n    # At odd minutes: GitHub starts schedules late, or drops them, at the top of the hour.\n    - cron: "17 2 * * *"\n      timezone: Europe/Berlin\n    # Catches up when the night was missed, and does nothing else.\n    - cron: "47 6 * * *"\n      timezone: Europe/Berlin\n  workflow_dispatch:\n\npermissions: {}\n\nconcurrency:\n  # A running backup is never cancelled; the next one waits for it.\n  group: lifeboat-backup\n  cancel-in-progress: false\n\njobs:\n  backup:\n    permissions:\n      contents: read # to read lifeboat.yml\n      id-token: write # to take on the AWS role\n    uses: OWNER/lifeboat/.github/workflows/nightly-backup.yml@v0.1.0 # better: the commit of the release you reviewed\n    with:\n      only-when-due: ${{ github.event.schedule == \'47 6 * * *\' }}\n      aws-role: ${{ vars.LIFEBOAT_AWS_ROLE }}\n      aws-region: ${{ vars.AWS_REGION }}\n    secrets:\n      DATABASE_URL: ${{ secrets.DATABASE_URL }}\n      CLICKHOUSE_URL: ${{ secrets.CLICKHOUSE_URL }}\n      ENCRYPTION_KEY: ${{ secrets.ENCRYPTION_KEY }}\n      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n      SLACK_WEBHOOK: ${{ secrets.SLACK_WEBHOOK }}\n      HEARTBEAT_URL: ${{ secrets.BACKUP_HEARTBEAT_URL }}\n',
  "prune.yml": "# Removes the backups that retention in lifeboat.yml lets go; without it nothing is ever removed. Copy to .github/workflows/\n# of the repository that holds lifeboat.yml. Started by hand it is a dry run, unless you say otherwise.\n# Variables: LIFEBOAT_AWS_PRUNE_ROLE, AWS_REGION; or the secrets of an access key. No other job needs a right to remove.\nname: Prune backups\n\non:\n  schedule:\n    # After the weekly drill: the newest backup that a drill has proved always stays.\n    - cron: \"23 9 * * 0\"\n      timezone: Europe/Berlin\n  workflow_dispatch:\n    inputs:\n      dry-run:\n        description: Only say what would be removed, and why the rest stays.\n        type: boolean\n        default: true\n\npermissions: {}\n\nconcurrency:\n  group: lifeboat-prune\n  cancel-in-progress: false\n\njobs:\n  prune:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 60\n    permissions:\n      contents: read # to read lifeboat.yml\n      id-token: write # to take on the AWS role\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - name: Prune\n        uses: OWNER/lifeboat@v0.1.0 # better: the commit of the release you reviewed\n        with:\n          command: prune\n          aws-role: ${{ vars.LIFEBOAT_AWS_PRUNE_ROLE }}\n          dry-run: ${{ github.event_name == 'workflow_dispatch' && inputs.dry-run }}\n          slack-webhook: ${{ secrets.SLACK_WEBHOOK }}\n        env:\n          AWS_REGION: ${{ vars.AWS_REGION }}\n          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n",
  "restore-check.yml": '# Tries the migrations of each pull request on the newest backup. Copy to .github/workflows/ of the repository that holds\n# lifeboat.yml, whose drill has a step `changes` after the migrations.\n# Variables: LIFEBOAT_AWS_DRILL_ROLE, AWS_REGION. Secrets: LIFEBOAT_AGE_IDENTITY where backups are encrypted.\n# Pull requests from forks get none of these: for them, keep a small backup in fixtures/backup, of made-up rows.\nname: Restore check\n\non:\n  pull_request:\n    paths: ["migrations/**", "**/migrations/**", "package-lock.json", "lifeboat.yml"]\n\npermissions: {}\n\nconcurrency:\n  group: lifeboat-restore-check-${{ github.event.pull_request.number }}\n  # A newer push makes the older result worthless.\n  cancel-in-progress: true\n\njobs:\n  check:\n    permissions:\n      contents: read # to read lifeboat.yml and the migrations\n      id-token: write # to take on the AWS role\n    uses: OWNER/lifeboat/.github/workflows/restore-check.yml@v0.1.0 # better: the commit of the release you reviewed\n    with:\n      setup: npm ci # what the migrations need; leave it out where they need nothing\n      aws-role: ${{ vars.LIFEBOAT_AWS_DRILL_ROLE }}\n      aws-region: ${{ vars.AWS_REGION }}\n    secrets:\n      LIFEBOAT_AGE_IDENTITY: ${{ secrets.LIFEBOAT_AGE_IDENTITY }}\n      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n',
  "restore.yml": "# Restores by hand: into staging first, and into production only when that went well, somebody typed its name, and the\n# environment restore-production lets it. Copy to .github/workflows/ of the repository that holds lifeboat.yml.\n# Environments restore-staging and restore-production, each with the secrets TARGET_POSTGRES_URL and\n# TARGET_CLICKHOUSE_URL (leave one out and its store is left alone). Staging's variable LIFEBOAT_REPLACE names the\n# databases there that a restore may replace every time.\nname: Restore\n\non:\n  workflow_dispatch:\n    inputs:\n      target:\n        description: Where to restore; staging comes first in any case\n        type: choice\n        options: [staging, production]\n        required: true\n      confirm:\n        description: The target's name, typed out (not needed for a dry run)\n        type: string\n      dry-run:\n        description: Say what would happen, and change nothing\n        type: boolean\n        default: true\n      backup:\n        description: Id of the backup; empty for the newest\n        type: string\n      stores:\n        description: Only these stores, separated by commas; empty for all\n        type: string\n      tables:\n        description: Only these tables, separated by commas; empty for all\n        type: string\n      replace:\n        description: Databases of production whose contents may be replaced, as HOST/NAME\n        type: string\n\npermissions: {}\n\nconcurrency:\n  # Two restores at once would meet in the same database.\n  group: lifeboat-restore\n  cancel-in-progress: false\n\njobs:\n  staging:\n    runs-on: ubuntu-24.04\n    timeout-minutes: 240\n    environment: restore-staging\n    permissions:\n      contents: read # to read lifeboat.yml\n      id-token: write # to take on the AWS role\n    outputs:\n      backup-id: ${{ steps.restore.outputs.backup-id }}\n    steps:\n      - name: Was the target's name typed out?\n        if: ${{ !inputs.dry-run }}\n        run: |\n          if [[ \"$CONFIRM\" != \"$TARGET\" ]]; then\n            echo \"::error title=Nothing was restored::Type out the target's name, $TARGET, to restore into it.\"\n            exit 1\n          fi\n        env:\n          TARGET: ${{ inputs.target }}\n          CONFIRM: ${{ inputs.confirm }}\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - name: Restore into staging\n        id: restore\n        uses: OWNER/lifeboat@v0.1.0 # better: the commit of the release you reviewed\n        with:\n          command: restore\n          aws-role: ${{ vars.LIFEBOAT_AWS_DRILL_ROLE }}\n          dry-run: ${{ inputs.dry-run }}\n          backup: ${{ inputs.backup }}\n          store: ${{ inputs.stores }}\n          table: ${{ inputs.tables }}\n          replace: ${{ vars.LIFEBOAT_REPLACE }}\n          target-postgres-url: ${{ secrets.TARGET_POSTGRES_URL }}\n          target-clickhouse-url: ${{ secrets.TARGET_CLICKHOUSE_URL }}\n        env:\n          ENCRYPTION_KEY: ${{ secrets.ENCRYPTION_KEY }}\n          LIFEBOAT_AGE_IDENTITY: ${{ secrets.LIFEBOAT_AGE_IDENTITY }}\n          AWS_REGION: ${{ vars.AWS_REGION }}\n          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n\n  production:\n    needs: staging\n    if: inputs.target == 'production'\n    runs-on: ubuntu-24.04\n    timeout-minutes: 240\n    # Its protection rules ask somebody else, where the plan has them.\n    environment: restore-production\n    permissions:\n      contents: read # to read lifeboat.yml\n      id-token: write # to take on the AWS role\n    steps:\n      - uses: actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1\n        with:\n          persist-credentials: false\n      - name: Restore into production\n        uses: OWNER/lifeboat@v0.1.0 # better: the commit of the release you reviewed\n        with:\n          command: restore\n          aws-role: ${{ vars.LIFEBOAT_AWS_DRILL_ROLE }}\n          dry-run: ${{ inputs.dry-run }}\n          backup: ${{ needs.staging.outputs.backup-id }} # the same, also when a newer one has come meanwhile\n          store: ${{ inputs.stores }}\n          table: ${{ inputs.tables }}\n          replace: ${{ inputs.replace }}\n          target-postgres-url: ${{ secrets.TARGET_POSTGRES_URL }}\n          target-clickhouse-url: ${{ secrets.TARGET_CLICKHOUSE_URL }}\n        env:\n          ENCRYPTION_KEY: ${{ secrets.ENCRYPTION_KEY }}\n          LIFEBOAT_AGE_IDENTITY: ${{ secrets.LIFEBOAT_AGE_IDENTITY }}\n          AWS_REGION: ${{ vars.AWS_REGION }}\n          AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n          AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n",
  "weekly-drill.yml": '# Restores the newest backup every week and proves it. Copy to .github/workflows/ of the repository that holds\n# lifeboat.yml. It needs no password of production.\n# Secrets: ENCRYPTION_KEY and whatever else the drill reads. Variables: LIFEBOAT_AWS_DRILL_ROLE, AWS_REGION.\nname: Weekly drill\n\non:\n  schedule:\n    - cron: "43 4 * * 0"\n      timezone: Europe/Berlin\n  workflow_dispatch:\n\npermissions: {}\n\nconcurrency:\n  group: lifeboat-drill\n  cancel-in-progress: false\n\njobs:\n  drill:\n    permissions:\n      contents: read # to read lifeboat.yml and what it runs\n      id-token: write # to take on the AWS role\n    uses: OWNER/lifeboat/.github/workflows/weekly-drill.yml@v0.1.0 # better: the commit of the release you reviewed\n    with:\n      setup: npm ci # what the drill\'s steps need; leave it out where they need nothing\n      aws-role: ${{ vars.LIFEBOAT_AWS_DRILL_ROLE }}\n      aws-region: ${{ vars.AWS_REGION }}\n    secrets:\n      ENCRYPTION_KEY: ${{ secrets.ENCRYPTION_KEY }}\n      LIFEBOAT_AGE_IDENTITY: ${{ secrets.LIFEBOAT_AGE_IDENTITY }}\n      AWS_ACCESS_KEY_ID: ${{ secrets.AWS_ACCESS_KEY_ID }}\n      AWS_SECRET_ACCESS_KEY: ${{ secrets.AWS_SECRET_ACCESS_KEY }}\n      SLACK_WEBHOOK: ${{ secrets.SLACK_WEBHOOK }}\n      HEARTBEAT_URL: ${{ secrets.DRILL_HEARTBEAT_URL }}\n'
};
var FOLDER = ".github/workflows";
var TEMPLATE_HOUR = "17 2 * * *";
var CATCH_UP = "47 6 * * *";
var CATCH_UP_HOURS = 4;
function renderWorkflows(answers) {
  return Object.entries(WORKFLOW_TEMPLATES).map(([name, template]) => ({
    path: `${FOLDER}/lifeboat-${name}`,
    text: adapt(template, answers)
  }));
}
function adapt(template, { timeZone, hour, keys, install, stores, migrate, application }) {
  const [key] = keys;
  const needsSetup = install !== void 0 && (migrate !== void 0 || application !== void 0);
  const replacements = [
    [/timezone: .*/g, `timezone: ${timeZone}`],
    [TEMPLATE_HOUR, `17 ${hour} * * *`],
    // The text stands in the schedule and in the condition that tells it apart.
    [new RegExp(escape(CATCH_UP), "g"), `47 ${(hour + CATCH_UP_HOURS) % 24} * * *`],
    [/(OWNER\/lifeboat\S*)@v\S+/g, `$1@v${import_chunk_EHMDGH3H.VERSION}`],
    [/^ +setup: .*\n/m, needsSetup ? `      setup: ${install}
` : ""],
    ...key === void 0 ? [dropSecret("ENCRYPTION_KEY")] : [renameSecret("ENCRYPTION_KEY", key)],
    ...stores.postgres === void 0 ? [dropSecret("DATABASE_URL")] : [],
    ...stores.clickhouse === void 0 ? [dropSecret("CLICKHOUSE_URL")] : []
  ];
  return replacements.reduce(
    (text, [pattern, replacement]) => text.replace(pattern, replacement),
    template
  );
}
function renameSecret(name, to) {
  return [new RegExp(`secrets\\.${name}\\b`, "g"), `secrets.${to}`];
}
function dropSecret(name) {
  return [new RegExp(`^ +${name}: \\$\\{\\{ secrets\\.${name} \\}\\}\\n`, "gm"), ""];
}
function escape(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
async function init({ root, force, choose, check: check2 }) {
  const { proposal, choices } = await choose(proposeFrom(await lookAtRepository(root)));
  const answers = { ...proposal, ...choices, timeZone: requireTimeZone(choices.timeZone) };
  if (answers.stores.postgres === void 0 && answers.stores.clickhouse === void 0) {
    throw new import_chunk_E4TRGNTH.AppError(
      "CONFIG_INVALID",
      "There is nothing to back up: no Postgres and no ClickHouse was found.",
      {
        hint: "Run lifeboat init in the repository's root, or without --yes and name the stores."
      }
    );
  }
  const configuration = { path: "lifeboat.yml", text: renderConfiguration(answers) };
  check2(configuration);
  const files = [configuration, ...renderWorkflows(answers)];
  if (!force) refuseExisting(root, files);
  await writeAll(root, files);
  return {
    written: files.map(({ path }) => path),
    missing: answers.missing,
    nextSteps: describeNextSteps(answers)
  };
}
function requireTimeZone(name) {
  const known = (0, import_chunk_7SBMZMAV.findTimeZone)(name);
  if (known !== void 0) return known;
  throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `${name} is no time zone.`, {
    hint: "Give its IANA name, such as Europe/Berlin."
  });
}
function refuseExisting(root, files) {
  const existing = files.map(({ path }) => path).filter((path) => (0, import_node_fs.existsSync)((0, import_node_path.join)(root, path)));
  if (existing.length === 0) return;
  throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", `There already: ${existing.join(", ")}. Nothing was written.`, {
    hint: "Remove or rename what is yours, or give --force to write over it."
  });
}
async function writeAll(root, files) {
  const staged = files.map(({ path, text }) => ({
    path: (0, import_node_path.join)(root, path),
    beside: `${(0, import_node_path.join)(root, path)}.new`,
    text
  }));
  try {
    for (const { beside, text } of staged) {
      await (0, import_promises.mkdir)((0, import_node_path.dirname)(beside), { recursive: true });
      await (0, import_promises.writeFile)(beside, text);
    }
    for (const { path, beside } of staged) await (0, import_promises.rename)(beside, path);
  } catch (error) {
    await Promise.all(staged.map(({ beside }) => (0, import_promises.rm)(beside, { force: true })));
    throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "The files could not be written.", {
      hint: "Check the permissions and the free space of the repository's folder.",
      cause: error
    });
  }
}
async function runInit(flags) {
  const given = readGiven(flags);
  const choose = async (proposal) => {
    if (!flags.yes && process.stdin.isTTY) {
      const { askQuestions } = await Promise.resolve().then(() => __toESM(require("./questions-EZOSC4AZ.cjs")));
      return await askQuestions(proposal, given);
    }
    if (given.destination === void 0) {
      throw new import_chunk_E4TRGNTH.AppError("CONFIG_INVALID", "Where the backups go was not said, and nobody can be asked.", {
        hint: "Give --destination s3://bucket/prefix, or leave out --yes in a terminal."
      });
    }
    return { proposal, choices: { ...import_chunk_7SBMZMAV.USUAL, ...given, destination: given.destination } };
  };
  return await init({ root: ".", force: flags.force, choose, check });
}
function renderInit({ written, missing, nextSteps }) {
  return [
    `Written:
${written.map((path) => `  ${path}
`).join("")}`,
    ...missing.length === 0 ? [] : [`Left to you:
${missing.map((sentence) => `  \xB7 ${sentence}
`).join("")}`],
    `What is left to do

${nextSteps}`
  ].join("\n");
}
function readGiven({
  destination,
  s3Endpoint,
  s3Region,
  s3PathStyle,
  recipient,
  timeZone
}) {
  return {
    pathStyle: s3PathStyle,
    recipients: recipient,
    ...destination !== void 0 && { destination },
    ...s3Endpoint !== void 0 && { endpoint: s3Endpoint },
    ...s3Region !== void 0 && { region: s3Region },
    ...timeZone !== void 0 && { timeZone }
  };
}
function check(file) {
  const env = {};
  for (const [, name = ""] of file.text.matchAll(/\$\{(\w+)\}/g)) env[name] = MADE_UP[name] ?? "made-up";
  (0, import_chunk_WN6SEXNX.parseConfig)({ shell: "cli", command: "backup", options: {}, env, file });
}
var MADE_UP = {
  DATABASE_URL: "postgres://user:made-up@localhost/database",
  CLICKHOUSE_URL: "http://user:made-up@localhost:8123/database"
};
// Annotate the CommonJS export names for ESM import in node:
0 && (module.exports = {
  renderInit,
  runInit
});
