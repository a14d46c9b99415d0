import type { StoreManifest } from "../../src/backup/manifest.ts";
import type { RestoreScope } from "../../src/backup/restore-scope.ts";
import type { RestoredStore } from "../../src/commands/restoring/compare-restored.ts";
import { restoreAndCompare } from "../../src/commands/restore.ts";
import { createPostgresTarget } from "../../src/stores/postgres/restore/target.ts";
import type { ObjectSource, RestoreRequest } from "../../src/stores/store.ts";
import { Scratch } from "../../src/sys/scratch.ts";
import { Secret } from "../../src/sys/secret.ts";
import { startToolRun } from "./postgres-databases.ts";
import type { TestRun } from "./run-context.ts";

/** Restores a backup, or a part of it, into the database of an address, and compares it. */
export async function restorePostgres(
  { store, objects }: { store: StoreManifest; objects: ObjectSource },
  url: string,
  scope: RestoreScope | undefined,
  more: Partial<RestoreRequest> = {},
  run: TestRun = startToolRun(),
): Promise<RestoredStore> {
  const target = createPostgresTarget({ store: store.store, url: new Secret(url) }, run);
  await using scratch = await Scratch.create();
  return await restoreAndCompare(
    { store, target },
    { objects, replace: false, scratchDir: scratch.path, ...(scope && { scope }), ...more },
    run,
  );
}
