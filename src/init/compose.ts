import { parse } from "yaml";

/** One service of a compose file, as far as it tells how the product runs. */
export interface ComposeService {
  name: string;
  image?: string;
  /** Whether the repository builds it itself. */
  isBuilt: boolean;
  environment: Readonly<Record<string, string>>;
  /** The address that its health check asks, from inside. */
  healthAddress?: string;
}

interface RawService {
  image?: unknown;
  build?: unknown;
  environment?: unknown;
  healthcheck?: { test?: unknown } | null;
}

/** Reads a compose file; one that is no YAML, or has another shape, says nothing. */
export function readCompose(text: string): ComposeService[] {
  const { services } = parseLeniently(text) as { services?: Record<string, RawService | null> };
  return Object.entries(services ?? {}).map(([name, raw]) => readService(name, raw ?? {}));
}

function parseLeniently(text: string): object {
  try {
    const tree: unknown = parse(text);
    return typeof tree === "object" && tree !== null ? tree : {};
  } catch {
    return {};
  }
}

function readService(name: string, { image, build, environment, healthcheck }: RawService): ComposeService {
  const test = JSON.stringify(healthcheck?.test ?? "");
  const healthAddress = /https?:\/\/(?:localhost|127\.0\.0\.1|0\.0\.0\.0)(?::\d+)?\/?[^\s"'\\|]*/.exec(
    test,
  )?.[0];
  return {
    name,
    ...(typeof image === "string" && { image }),
    isBuilt: build !== undefined && build !== null,
    environment: readEnvironment(environment),
    ...(healthAddress !== undefined && { healthAddress }),
  };
}

/** A map, or a list of `NAME=value`. */
function readEnvironment(environment: unknown): Record<string, string> {
  if (Array.isArray(environment)) {
    return Object.fromEntries(
      environment.map((line) => {
        const [name = "", ...value] = String(line).split("=");
        return [name, value.join("=")];
      }),
    );
  }
  return Object.fromEntries(
    Object.entries((environment ?? {}) as Record<string, unknown>).map(([name, value]) => [
      name,
      typeof value === "string" || typeof value === "number" || typeof value === "boolean"
        ? String(value)
        : "",
    ]),
  );
}
