import type { ToolArchive } from "../run-context.ts";
import type { Sources } from "./sources.ts";

/**
 * Reads where Postgres clients are fetched from; undefined when nothing is said of it. The option replaces the file's
 * archive whole: the keys of one are none of the other.
 */
export function readPostgresArchive(sources: Sources): ToolArchive | undefined {
  const option = sources.option("postgres-archive");
  const uri = option ?? sources.text(["postgres-archive", "url"]);
  const inFile = option ? undefined : sources.text(["postgres-archive", "keyring"]);
  const keyring = sources.option("postgres-archive-keyring") ?? inFile;
  if (uri && !/^https?:\/\/[^\s@]+$/.test(uri.text)) {
    sources.problems.add(
      uri.place,
      "is no address of an archive. Write https://host/path, without user and password (apt reads those from auth.conf).",
    );
  }
  if (keyring && !keyring.text.startsWith("/")) {
    sources.problems.add(keyring.place, "is no absolute path. Write /path/to/keys.gpg.");
  }
  if (keyring && !uri) {
    sources.problems.add(keyring.place, "signs no archive. Give the option postgres-archive with it.");
  }
  return uri && { uri: uri.text, ...(keyring && { keyring: keyring.text }) };
}
