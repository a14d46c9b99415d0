import { cp, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { findFreePorts } from "../../../local-services/ports.ts";
import { Scratch } from "../../../src/sys/scratch.ts";
import { createLlmProxyStores } from "../../support/llm-proxy.ts";
import type { LlmProxyStores } from "../../support/llm-proxy.ts";
import { Repository } from "../../support/rehearsal/repository.ts";
import type { RepositorySettings, Trigger } from "../../support/rehearsal/repository.ts";
import type { WorkflowRun } from "../../support/rehearsal/workflow-run.ts";
import { createBucket } from "../../support/services.ts";
import type { TestBucket } from "../../support/services.ts";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const WORKFLOWS = ".github/workflows";
/** Where the example's application listens. */
const EXAMPLE_PORT = "4010";

const PACKAGE = { name: "product", version: "1.0.0", type: "module" };
/** Instead of fetching what the application depends on, `npm ci` links to what is here. One link a package: npm removes links only. */
const LINK_PACKAGES = `mkdir -p node_modules && ln -s "${ROOT}"node_modules/* "${ROOT}"node_modules/.bin node_modules/`;

interface LifeboatFile {
  destination: unknown;
  objectives: Record<string, string>;
}

/** How a repository departs from one that is set up as the documentation says. */
export interface Departure {
  settings?: Partial<RepositorySettings>;
  /** Secrets that nobody has set. */
  without?: readonly string[];
  /** Others than the right ones. */
  secrets?: Record<string, string>;
  /** Further files, by their path from the root. */
  files?: Record<string, string>;
  objectives?: Record<string, string>;
  /** Where the runners find S3, instead of the test run's. */
  endpoint?: string;
}

/**
 * The example application, and a repository of its operator: the application, its lifeboat.yml, and the workflows of
 * examples/workflows, copied as they are.
 */
export class ProductSite implements AsyncDisposable {
  readonly stores: LlmProxyStores;
  readonly bucket: TestBucket;
  readonly #scratch: Scratch;
  readonly #repositories: Repository[] = [];

  private constructor(scratch: Scratch, stores: LlmProxyStores, bucket: TestBucket) {
    this.#scratch = scratch;
    this.stores = stores;
    this.bucket = bucket;
  }

  static async create(): Promise<ProductSite> {
    const [scratch, stores, bucket] = await Promise.all([
      Scratch.create(),
      createLlmProxyStores(),
      createBucket(),
    ]);
    return new ProductSite(scratch, stores, bucket);
  }

  get secrets(): Record<string, string> {
    const { addresses, encryptionKey } = this.stores;
    return {
      DATABASE_URL: addresses.postgresUrl,
      CLICKHOUSE_URL: addresses.clickhouseUrl,
      ENCRYPTION_KEY: encryptionKey,
    };
  }

  async createRepository({
    settings,
    without = [],
    secrets,
    files: further = {},
    endpoint = this.bucket.endpoint,
    objectives,
  }: Departure = {}): Promise<Repository> {
    const files = this.#scratch.file(`repository-${this.#repositories.length}`);
    await mkdir(join(files, WORKFLOWS), { recursive: true });
    await Promise.all([
      cp(join(ROOT, "examples/workflows"), join(files, WORKFLOWS), { recursive: true }),
      cp(join(ROOT, "examples/llm-proxy"), join(files, "examples/llm-proxy"), { recursive: true }),
      writeFile(
        join(files, "package.json"),
        JSON.stringify({ ...PACKAGE, scripts: { postinstall: LINK_PACKAGES } }),
      ),
      writeFile(
        join(files, "package-lock.json"),
        JSON.stringify({ ...PACKAGE, lockfileVersion: 3, packages: { "": PACKAGE } }),
      ),
      writeFile(join(files, ".npmrc"), "audit=false\nfund=false\nupdate-notifier=false\n"),
      writeFile(join(files, "lifeboat.yml"), await this.#writeConfiguration(objectives)),
    ]);
    for (const [path, text] of Object.entries(further)) await writeFile(join(files, path), text);
    const set = Object.entries({ ...this.secrets, ...secrets }).filter(([name]) => !without.includes(name));
    const { accessKeyId, secretAccessKey } = this.bucket;
    const repository = new Repository({
      files,
      secrets: Object.fromEntries(set),
      vars: {
        LIFEBOAT_AWS_ROLE: role("backup"),
        LIFEBOAT_AWS_DRILL_ROLE: role("drill"),
        LIFEBOAT_AWS_PRUNE_ROLE: role("prune"),
        AWS_REGION: this.bucket.region,
      },
      assumeRole: () => ({ accessKeyId, secretAccessKey, sessionToken: "session-of-the-role" }),
      runnerVariables: { AWS_ENDPOINT_URL_S3: endpoint },
      ...settings,
    });
    this.#repositories.push(repository);
    return repository;
  }

  async #writeConfiguration(objectives?: Record<string, string>): Promise<string> {
    const [port] = await findFreePorts(1);
    const text = await readFile(join(ROOT, "examples/llm-proxy/lifeboat.yml"), "utf8");
    const file = parse(text.replaceAll(EXAMPLE_PORT, String(port))) as LifeboatFile;
    file.destination = { url: `s3://${this.bucket.bucket}/backups`, "path-style": true };
    file.objectives = { ...file.objectives, ...objectives };
    return stringify(file);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#repositories.map((repository) => repository[Symbol.asyncDispose]()));
    await Promise.all([this.stores.drop(), this.#scratch.remove()]);
  }
}

/** Starts a copied workflow. */
export function start(
  repository: Repository,
  workflow: "nightly-backup" | "weekly-drill" | "restore" | "freshness" | "restore-check" | "prune",
  trigger: Trigger = { event: "workflow_dispatch" },
): WorkflowRun {
  return repository.start(`${WORKFLOWS}/${workflow}.yml`, trigger);
}

function role(name: string): string {
  return `arn:aws:iam::123456789012:role/lifeboat-${name}`;
}
