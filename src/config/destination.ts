import type { RetentionPolicy } from "../backup/retention.ts";
import type { DestinationConfig } from "../destinations/open.ts";
import type { GitHubRole } from "../destinations/s3-role.ts";
import { Secret } from "../sys/secret.ts";
import type { Path } from "./faults.ts";
import { suggest } from "./problems.ts";
import { readRetention } from "./retention.ts";
import type { LifeboatFile } from "./schema.ts";
import type { Sources } from "./sources.ts";
import type { StoreReader } from "./stores.ts";
import { readDestinationUrl, readDurationMs } from "./values.ts";
import type { Given } from "./values.ts";

/** Which backups a destination receives: all, or the first of each day, week or month. */
export type Receives = "every" | "daily" | "weekly" | "monthly";

/** One of the places where backups are kept. */
export interface NamedDestination {
  name: string;
  config: DestinationConfig;
  receives: Receives;
  policy: RetentionPolicy;
}

/** What the file says of one destination, when it says more than its address. */
type Written = Partial<Exclude<NonNullable<LifeboatFile["destination"]>, string>>;

/** The name of the one destination that has none. */
const ONLY = "destination";

/**
 * Where backups are kept: `destination`, or several under `destinations`. The option `destination` replaces the file's
 * whole: a bucket at one provider has no use for the endpoint and the keys of another. The s3-* options go on top of
 * either, where there is one.
 *
 * @returns one at the least
 */
export function readDestinations(sources: Sources, reader: StoreReader): NamedDestination[] {
  const { content, problems } = sources;
  const option = sources.option("destination");
  const names = Object.keys(content.destinations ?? {});
  const policy = readRetention(sources, ["retention"], reader);
  if (content.destination !== undefined && names.length > 0) {
    const text = "does not go with destinations. Write it as one of them.";
    problems.add(sources.place(["destination"]), text);
  }
  if (option || names.length === 0) {
    const config = readDestination(sources, ["destination"], { takesOptions: true, isNeeded: true });
    return [{ name: ONLY, config, receives: "every", policy }];
  }
  for (const name of ["s3-endpoint", "s3-region", "s3-path-style"] as const) {
    const given = sources.option(name);
    if (given) problems.add(given.place, "fits several destinations. Write it under destinations instead.");
  }
  const used = listUsed(sources, names);
  return names.map((name): NamedDestination => {
    const path = ["destinations", name];
    const written = content.destinations![name]!;
    return {
      name,
      config: readDestination(sources, path, { takesOptions: false, isNeeded: used.includes(name) }),
      receives: written.receives ?? "every",
      policy: written.retention ? readRetention(sources, [...path, "retention"], reader) : policy,
    };
  });
}

/** Whose variables must be set: on the day one provider is gone, `--from` the other must not ask for its keys. */
function listUsed(sources: Sources, names: readonly string[]): readonly string[] {
  const from = sources.option("from")?.text;
  if (sources.command !== "copy") return from === undefined ? names : [from];
  const to = sources.list("to");
  return to.length === 0 ? names : [from ?? names[0]!, ...to];
}

/** Between which destinations `copy` copies. @param all - as `readDestinations` has them, without `from` */
export function readCopy(
  sources: Sources,
  all: readonly NamedDestination[],
): { from: NamedDestination; to: NamedDestination[] } {
  const { problems } = sources;
  const names = all.map(({ name }) => name);
  const find = (name: string, option: "from" | "to"): NamedDestination[] => {
    const found = all.filter((candidate) => candidate.name === name);
    if (found.length === 0) problems.add(sources.optionPlace(option), describeUnknown(name, names));
    return found;
  };
  const given = sources.option("from");
  const [from = all[0]!] = given ? find(given.text, "from") : [];
  const chosen = sources.list("to").flatMap((name) => find(name, "to"));
  const to = (chosen.length > 0 ? chosen : all).filter((destination) => destination !== from);
  if (to.length === 0) {
    const text = `is missing: there is nothing to copy to. Write several destinations in ${sources.filePath}.`;
    problems.add(sources.optionPlace("to"), text);
  }
  return { from, to };
}

function describeUnknown(name: string, names: readonly string[]): string {
  return `names no destination; there is ${names.join(", ")}.${suggest(name, names)}`;
}

/** The destinations that a command works on: all, or the one that the option `from` names. */
export function chooseFrom(sources: Sources, all: NamedDestination[]): NamedDestination[] {
  const from = sources.option("from");
  if (!from) return all;
  const chosen = all.filter(({ name }) => name === from.text);
  if (chosen.length > 0) return chosen;
  const names = all.map(({ name }) => name);
  sources.problems.add(from.place, describeUnknown(from.text, names));
  return all;
}

function readDestination(
  sources: Sources,
  path: Path,
  { takesOptions, isNeeded }: { takesOptions: boolean; isNeeded: boolean },
): DestinationConfig {
  const { problems, content } = sources;
  const option = takesOptions ? sources.option("destination") : undefined;
  const inContent = path[0] === "destination" ? content.destination : content.destinations?.[String(path[1])];
  const isInFile = !option && inContent !== undefined;
  const inFile = (key: string) => (isInFile ? sources.text([...path, key], isNeeded) : undefined);

  const given = option ?? (isInFile ? (sources.text(path, isNeeded) ?? inFile("url")) : undefined);
  if (!option && !isInFile) {
    sources.addAbsent(
      path,
      sources.optionPlace("destination"),
      `is missing. Give it, or destination in ${sources.filePath}.`,
    );
  }
  const url = given && readDestinationUrl(given, problems);
  const written: Written = isInFile && typeof inContent === "object" ? inContent : {};

  const byOption = takesOptions ? sources : undefined;
  const endpoint = byOption?.option("s3-endpoint") ?? inFile("endpoint");
  const region = byOption?.option("s3-region") ?? inFile("region");
  const pathStyle = byOption?.flag("s3-path-style") ?? written["path-style"];
  if (endpoint && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint.text)) {
    problems.add(
      endpoint.place,
      "is no address of a service. Write https://host or http://host:port, without a path.",
    );
  }

  const accessKeyId = inFile("access-key-id");
  const secretAccessKey = inFile("secret-access-key");
  if (!written["access-key-id"] !== !written["secret-access-key"]) {
    sources.addAbsent(
      path,
      sources.place(path),
      "needs access-key-id and secret-access-key together, or neither.",
    );
  }
  const role = readRole(sources, inFile("role"), {
    hasKeys: accessKeyId !== undefined,
    isAws: url?.startsWith("s3:") === true && endpoint === undefined,
  });
  const secret = secretAccessKey && new Secret(secretAccessKey.text);
  if (secret) sources.secrets.push(secret);
  if (url?.startsWith("file:")) refuseS3Keys(sources, path, written);

  return {
    url: url ?? "", // never seen: without a good one there is a problem, or it is not used
    ...(endpoint && { endpoint: endpoint.text }),
    ...(region && { region: region.text }),
    ...(pathStyle !== undefined && { pathStyle }),
    ...(accessKeyId && { accessKeyId: accessKeyId.text }),
    ...(secret && { secretAccessKey: secret }),
    ...(role && { role }),
    ...readObjectRules(sources, path, written, isNeeded),
  };
}

/**
 * The role to take on: the destination's own, or the one for all at AWS that have no keys. Only a job of GitHub's can: where
 * the same file is read elsewhere, as on the day GitHub is down, the standard AWS credentials are used. A job that forgot to
 * ask for its token has none, and is told here: AWS would only say that there are no credentials.
 */
function readRole(
  sources: Sources,
  own: Given | undefined,
  { hasKeys, isAws }: { hasKeys: boolean; isAws: boolean },
): GitHubRole | undefined {
  if (own && hasKeys) sources.problems.add(own.place, "does not go with access-key-id. Write one of them.");
  const given = own ?? (isAws && !hasKeys ? sources.option("aws-role") : undefined);
  if (!given) return undefined;
  if (!/^arn:aws[a-z-]*:iam::\d{12}:role\/\S+$/.test(given.text))
    sources.problems.add(given.place, "is no role's ARN, such as arn:aws:iam::111122223333:role/backup.");
  const tokenUrl = sources.variable("ACTIONS_ID_TOKEN_REQUEST_URL");
  const bearer = sources.variable("ACTIONS_ID_TOKEN_REQUEST_TOKEN");
  if (!tokenUrl || !bearer) {
    const isLeftOut = sources.variable("GITHUB_ACTIONS") === "true" && !sources.variable("AWS_ACCESS_KEY_ID");
    const text =
      "cannot be taken on: this job may not ask for a token. Give it permissions: id-token: write.";
    if (isLeftOut) sources.problems.add(given.place, text);
    return undefined;
  }
  const role = { arn: given.text, tokenUrl: new Secret(tokenUrl), bearer: new Secret(bearer) };
  sources.secrets.push(role.tokenUrl, role.bearer);
  return role;
}

/** What S3 is told of each object. */
function readObjectRules(
  sources: Sources,
  path: Path,
  written: Written,
  isNeeded: boolean,
): Pick<DestinationConfig, "storageClass" | "kmsKey" | "objectLock" | "legalHold"> {
  const kmsKey = sources.text([...path, "kms-key"], isNeeded);
  const lock = written["object-lock"];
  const lockFor = lock && sources.text([...path, "object-lock", "for"], isNeeded);
  const forMs = lockFor && readDurationMs(lockFor, sources.problems);
  return {
    ...(written["storage-class"] && { storageClass: written["storage-class"] }),
    ...(kmsKey && { kmsKey: kmsKey.text }),
    ...(lock &&
      forMs !== undefined && {
        objectLock: { mode: lock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE", forMs },
      }),
    ...(written["legal-hold"] && { legalHold: true }),
  };
}

const S3_ONLY = ["role", "storage-class", "kms-key", "object-lock", "legal-hold"] as const;

/** What a folder cannot promise must not be asked of it: the operator would rely on it. */
function refuseS3Keys(sources: Sources, path: Path, written: Written): void {
  for (const key of S3_ONLY) {
    if (written[key] === undefined) continue;
    sources.problems.add(sources.place([...path, key]), "means nothing for a folder. Leave it out.");
  }
}
