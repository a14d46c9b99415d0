import type { DestinationConfig } from "../destinations/open.ts";
import { Secret } from "../sys/secret.ts";
import type { Sources } from "./sources.ts";
import { readDestinationUrl, readDurationMs } from "./values.ts";

/**
 * The option `destination` replaces the file's whole: a bucket at one provider has no use for the endpoint and the
 * keys of another. The s3-* options go on top of either.
 */
export function readDestination(sources: Sources): DestinationConfig {
  const { problems, content } = sources;
  const option = sources.option("destination");
  const isInFile = !option && content.destination !== undefined;
  const path = ["destination"];
  const inFile = (key: string) => (isInFile ? sources.text([...path, key]) : undefined);

  const given = option ?? (isInFile ? (sources.text(path) ?? inFile("url")) : undefined);
  if (!option && !isInFile) {
    sources.addAbsent(
      path,
      sources.optionPlace("destination"),
      `is missing. Give it, or destination in ${sources.filePath}.`,
    );
  }
  const url = given && readDestinationUrl(given, problems);

  const endpoint = sources.option("s3-endpoint") ?? inFile("endpoint");
  const region = sources.option("s3-region") ?? inFile("region");
  const fileDestination =
    isInFile && typeof content.destination === "object" ? content.destination : undefined;
  const pathStyle = sources.flag("s3-path-style") ?? fileDestination?.["path-style"];
  if (endpoint && !/^https?:\/\/[^/?#@]+\/?$/.test(endpoint.text)) {
    problems.add(
      endpoint.place,
      "is no address of a service. Write https://host or http://host:port, without a path.",
    );
  }

  const accessKeyId = inFile("access-key-id");
  const secretAccessKey = inFile("secret-access-key");
  if (!fileDestination?.["access-key-id"] !== !fileDestination?.["secret-access-key"]) {
    sources.addAbsent(
      path,
      sources.place(path),
      "needs access-key-id and secret-access-key together, or neither.",
    );
  }
  const secret = secretAccessKey && new Secret(secretAccessKey.text);
  if (secret) sources.secrets.push(secret);

  const kmsKey = inFile("kms-key");
  const objectLock = fileDestination?.["object-lock"];
  const lockFor = objectLock && sources.text([...path, "object-lock", "for"]);
  const forMs = lockFor && readDurationMs(lockFor, problems);
  if (url?.startsWith("file:")) refuseS3Keys(sources, fileDestination ?? {});

  return {
    url: url ?? "", // never seen: without a good one there is a problem
    ...(endpoint && { endpoint: endpoint.text }),
    ...(region && { region: region.text }),
    ...(pathStyle !== undefined && { pathStyle }),
    ...(accessKeyId && { accessKeyId: accessKeyId.text }),
    ...(secret && { secretAccessKey: secret }),
    ...(fileDestination?.["storage-class"] && { storageClass: fileDestination["storage-class"] }),
    ...(kmsKey && { kmsKey: kmsKey.text }),
    ...(objectLock &&
      forMs !== undefined && {
        objectLock: { mode: objectLock.mode === "compliance" ? "COMPLIANCE" : "GOVERNANCE", forMs },
      }),
    ...(fileDestination?.["legal-hold"] && { legalHold: true }),
  };
}

const S3_ONLY = ["storage-class", "kms-key", "object-lock", "legal-hold"] as const;

/** What a folder cannot promise must not be asked of it: the operator would rely on it. */
function refuseS3Keys(sources: Sources, given: Readonly<Record<string, unknown>>): void {
  for (const key of S3_ONLY) {
    if (given[key] === undefined) continue;
    sources.problems.add(sources.place(["destination", key]), "means nothing for a folder. Leave it out.");
  }
}
