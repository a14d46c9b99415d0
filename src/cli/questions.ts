import { confirm, group, multiselect, text } from "@clack/prompts";
import { AppError } from "../errors.ts";
import { findTimeZone, USUAL } from "../init/answers.ts";
import type { Choices } from "../init/answers.ts";
import type { Proposal } from "../init/proposal.ts";

const DURATION = /^\d+(m|h|d)$/;

/**
 * Asks what a repository does not say; what flags said already is not asked. Everything has a proposal but the
 * destination.
 *
 * @throws AppError CANCELLED on Ctrl-C
 */
export async function askQuestions(
  proposal: Proposal,
  given: Partial<Choices>,
): Promise<{ proposal: Proposal; choices: Choices }> {
  const found = Object.keys(proposal.stores);
  const answers = await group(
    {
      stores: () =>
        multiselect({
          message: "What is to be backed up?",
          options: [
            { value: "postgres" as const, label: "Postgres" },
            { value: "clickhouse" as const, label: "ClickHouse" },
          ],
          initialValues: found as ("postgres" | "clickhouse")[],
          required: true,
        }),
      destination: () =>
        given.destination === undefined
          ? text({
              message: "Where do the backups go?",
              placeholder: "s3://bucket/prefix",
              validate: (value = "") =>
                /^(s3|file):\/\/.+/.test(value) ? undefined : "An address such as s3://bucket/prefix.",
            })
          : Promise.resolve(given.destination),
      region: ({ results }) =>
        given.region === undefined && String(results.destination).startsWith("s3:")
          ? text({ message: "In which region is the bucket?", initialValue: "us-east-1" })
          : Promise.resolve(given.region ?? ""),
      timeZone: () =>
        given.timeZone === undefined
          ? text({
              message: "In which time zone is it night?",
              initialValue: new Intl.DateTimeFormat().resolvedOptions().timeZone,
              validate: (value = "") =>
                findTimeZone(value) === undefined ? "A name such as Europe/Berlin." : undefined,
            })
          : Promise.resolve(given.timeZone),
      hour: () =>
        text({
          message: "At which hour is a backup made? (0 to 23)",
          initialValue: String(USUAL.hour),
          validate: (value = "") => (/^(\d|1\d|2[0-3])$/.test(value) ? undefined : "A number from 0 to 23."),
        }),
      rpo: () => askDuration("How old may the newest backup be?", USUAL.rpo),
      rto: () => askDuration("How long may a restore take?", USUAL.rto),
      recipients: () =>
        text({
          message:
            "Encrypt for which age recipients? (age1…, separated by blanks; none leaves backups in plain)",
          initialValue: (given.recipients ?? []).join(" "),
          defaultValue: "",
        }),
      drill: () =>
        proposal.application
          ? confirm({ message: `Shall the drill boot the application by "${proposal.application.start}"?` })
          : Promise.resolve(false),
    },
    {
      onCancel: () => {
        throw new AppError("CANCELLED", "Nothing was written.", { hint: "Run lifeboat init again." });
      },
    },
  );
  const { application, ...rest } = proposal;
  return {
    proposal: {
      ...rest,
      stores: Object.fromEntries(
        answers.stores.map((store) => [store, proposal.stores[store] ?? USUAL_VARIABLES[store]]),
      ),
      ...(application && answers.drill && { application }),
    },
    choices: {
      ...USUAL,
      ...given,
      destination: answers.destination,
      ...(typeof answers.region === "string" && answers.region !== "" && { region: answers.region }),
      timeZone: answers.timeZone,
      hour: Number(answers.hour),
      rpo: answers.rpo,
      rto: answers.rto,
      recipients: answers.recipients.split(/[\s,]+/).filter((recipient) => recipient !== ""),
    },
  };
}

const USUAL_VARIABLES = { postgres: "DATABASE_URL", clickhouse: "CLICKHOUSE_URL" } as const;

function askDuration(message: string, initialValue: string): Promise<string | symbol> {
  return text({
    message,
    initialValue,
    validate: (value = "") => (DURATION.test(value) ? undefined : "A duration such as 90m, 26h or 8d."),
  });
}
