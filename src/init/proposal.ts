import { NAME } from "../config/schema.ts";
import type { ComposeService } from "./compose.ts";
import { findAddresses, prepareEnvironment, settleDefaults } from "./application-environment.ts";
import type { ApplicationEnvironment, StoreAddresses } from "./application-environment.ts";
import type { RepositoryFacts } from "./repository.ts";

/** How the product would be backed up and drilled, as far as its repository tells. */
export interface Proposal {
  name: string;
  /** `owner/repository` on GitHub. */
  slug?: string;
  stores: StoreAddresses;
  /** Variables that hold keys under which the product encrypts what it stores. */
  keys: string[];
  environment: ApplicationEnvironment;
  install?: string;
  migrate?: string;
  /** The application as a process, when the repository tells how to start it and where it says that it is ready. */
  application?: { start: string; port: number; ready: string };
  /** What was not found, and what that means: one sentence each. */
  missing: string[];
}

const DEFAULT_PORT = 3000;
const MIGRATE_SCRIPTS = [
  "migrate:deploy",
  "db:migrate:deploy",
  "db:migrate",
  "migrate",
  "migrations",
  "db:deploy",
];
const START_SCRIPTS = ["start:prod", "start"];
const APPLICATION_KEY = /(^|_)(ENCRYPTION|MASTER|FERNET|CIPHER)_(KEY|SECRET)S?$|^SALT$/;

/** What the facts of a repository come to. */
export function proposeFrom(facts: RepositoryFacts): Proposal {
  const { slug, install, services, variables } = facts;
  const known = settleDefaults({ ...gatherEnvironment(services), ...variables });
  const stores = findAddresses(known, services);
  const keys = Object.keys(known).filter((name) => APPLICATION_KEY.test(name));
  const migrate = findMigrate(facts);
  const application = findApplication(facts);
  return {
    name: NAME.test(facts.name) ? facts.name : "lifeboat",
    ...(slug !== undefined && { slug }),
    stores,
    keys,
    environment: prepareEnvironment(known, stores, keys),
    ...(install !== undefined && { install }),
    ...(migrate !== undefined && { migrate }),
    ...(application && { application }),
    missing: [
      ...((stores.postgres ?? stores.clickhouse)
        ? []
        : ["No Postgres and no ClickHouse was found in the compose file or the example of the environment."]),
      ...(keys.length > 0
        ? []
        : [
            "No key such as ENCRYPTION_KEY was found: if the product encrypts what it stores, name it under keys.",
          ]),
      ...(migrate === undefined
        ? ["No script that migrates was found: the drill restores and compares only."]
        : []),
      ...(application
        ? []
        : [
            "How to start the application, and its health address, were not found: the drill does not boot it yet.",
          ]),
    ],
  };
}

/** What the product's own services are given; what the databases are given is theirs. */
function gatherEnvironment(services: readonly ComposeService[]): Record<string, string> {
  return Object.assign(
    {},
    ...services.filter(({ isBuilt }) => isBuilt).map(({ environment }) => environment),
  ) as Record<string, string>;
}

function findMigrate({ scripts, present }: RepositoryFacts): string | undefined {
  const script = MIGRATE_SCRIPTS.find((name) => scripts[name] !== undefined);
  if (script !== undefined) return `npm run ${script}`;
  if (present.has("prisma")) return "npx prisma migrate deploy";
  if (present.has("drizzle.config.ts")) return "npx drizzle-kit migrate";
  return undefined;
}

function findApplication({ scripts, services, variables }: RepositoryFacts): Proposal["application"] {
  const script = START_SCRIPTS.find((name) => scripts[name] !== undefined);
  const health = services.find(({ isBuilt, healthAddress }) => isBuilt && healthAddress !== undefined);
  if (script === undefined || health?.healthAddress === undefined) return undefined;
  const address = new URL(health.healthAddress);
  const port = Number(address.port || variables["PORT"] || DEFAULT_PORT);
  return {
    start: script === "start" ? "npm start" : `npm run ${script}`,
    port,
    ready: `http://127.0.0.1:${port}${address.pathname}`,
  };
}
