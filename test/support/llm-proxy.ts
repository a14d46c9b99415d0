import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import type { ProductPlaces } from "../../demo/product.ts";
import { applyMigrations } from "../../examples/llm-proxy/migrations.ts";
import { insertSampleData } from "../../examples/llm-proxy/sample-data.ts";
import type { StoreAddresses } from "../../examples/llm-proxy/settings.ts";
import { toolEnvironment } from "../../src/sys/exec.ts";
import { createClickHouseDatabase, createPostgresDatabase } from "./services.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const EXAMPLE_SERVER = "examples/llm-proxy/server.ts";
export const FAULTY_SERVER = "test/support/faulty-apps/main.ts";

/** The example application's stores, migrated and filled. */
export interface LlmProxyStores {
  addresses: StoreAddresses;
  /** What its secrets are encrypted under: base64 of 32 bytes. */
  encryptionKey: string;
  drop(): Promise<void>;
}

export async function createLlmProxyStores(): Promise<LlmProxyStores> {
  const [postgres, clickhouse] = await Promise.all([createPostgresDatabase(), createClickHouseDatabase()]);
  const addresses = { postgresUrl: postgres.url, clickhouseUrl: clickhouse.url };
  const encryptionKey = randomBytes(32).toString("base64");
  await fillLlmProxy({ ...addresses, encryptionKey });
  return {
    addresses,
    encryptionKey,
    drop: async () => {
      await Promise.all([postgres.drop(), clickhouse.drop()]);
    },
  };
}

/** The tables of the example application in two empty databases, and its sample data. */
export async function fillLlmProxy({ encryptionKey, ...addresses }: ProductPlaces): Promise<void> {
  await applyMigrations(addresses);
  await insertSampleData(addresses, Buffer.from(encryptionKey, "base64"));
}

export interface RunningApp {
  url: string;
  /** Sends SIGTERM, and resolves with the exit status when the application has ended. */
  stop(): Promise<number | null>;
}

/**
 * Starts the example application, or a faulty one, on any free port.
 *
 * @param env - all it gets, but for PATH and the like
 * @throws Error with what it printed when it ends instead of listening
 */
export async function startLlmProxy(
  env: Record<string, string>,
  entry = EXAMPLE_SERVER,
): Promise<RunningApp> {
  const app = spawn(process.execPath, ["--import", "tsx", entry], {
    cwd: ROOT,
    env: { ...toolEnvironment(process.env), PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(app, "close") as Promise<[number | null]>;
  let output = "";
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: string): void => {
      output += chunk;
      const found = /listens on (http:\S+)/.exec(output)?.[1];
      if (found !== undefined) resolve(found);
    };
    app.stdout.setEncoding("utf8").on("data", read);
    app.stderr.setEncoding("utf8").on("data", read);
    void closed.then(([status]) => reject(new Error(`${entry} ended with ${status}: ${output}`)));
  });
  return {
    url,
    stop: async () => {
      app.kill("SIGTERM");
      return (await closed)[0];
    },
  };
}
