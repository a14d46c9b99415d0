import { AppError } from "../../errors.ts";
import type { Step } from "./step.ts";
import { queryStore } from "./step.ts";

const SHOWN = 5;

/** Ids in a store: the first column of a query. */
export interface IdQuery {
  store: string;
  query: string;
}

export interface OrphansStepOptions {
  name: string;
  ids: IdQuery;
  knownBy: IdQuery;
  /** How many ids may be unknown: a log outlives what it speaks of. */
  allow: number;
  timeoutMs: number;
}

/** Ids in one store that another does not know, such as requests of an organisation that is not there. */
export function buildOrphansStep(options: OrphansStepOptions): Step {
  const { name, ids, knownBy, allow, timeoutMs } = options;
  return {
    name,
    kind: "orphans",
    timeoutMs,
    async perform(context) {
      const read = async ({ store, query }: IdQuery): Promise<Set<string>> => {
        const rows = await queryStore(context, store, query);
        const ids = rows.map((row) => Object.values(row)[0]);
        return new Set(ids.filter((id) => id !== null && id !== undefined).map(String));
      };
      const [found, known] = await Promise.all([read(ids), read(knownBy)]);
      if (found.size === 0) {
        throw new AppError("UNPROVEN", `${ids.store} returned no id, so nothing can be shown by them.`, {
          hint: "Check the query of `ids`.",
        });
      }
      const orphans = [...found].filter((id) => !known.has(id));
      const summary = `${orphans.length} of ${found.size} ids in ${ids.store} are unknown to ${knownBy.store}`;
      if (orphans.length > allow) {
        throw new AppError(
          "DATA_DIFFERS",
          `${summary}; ${allow} are allowed. Among them: ${orphans.slice(0, SHOWN).join(", ")}.`,
          { hint: "The two stores were backed up at moments too far apart, or one of them has lost rows." },
        );
      }
      context.note(`${summary}.`);
    },
  };
}
