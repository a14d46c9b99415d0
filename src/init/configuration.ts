import { stringify } from "yaml";
import type { Answers } from "./answers.ts";

/** The one secret that the shipped workflows pass on for the application's key. */
const KEY = "ENCRYPTION_KEY";

/** lifeboat.yml for the product; what only its operator can know stands in it as a comment. */
export function renderConfiguration(answers: Answers): string {
  const { name, rpo, rto, recipients } = answers;
  return [
    "# What is backed up, where to, and how each backup is proved.",
    "# `npx lifeboat doctor` looks at all of it without writing anything.",
    `name: ${name}`,
    "",
    ...renderDestination(answers),
    "",
    ...renderStores(answers),
    "",
    ...(recipients.length > 0 ? [...section("encryption", { recipients: [...recipients] }), ""] : []),
    ...renderKeys(answers),
    "objectives:",
    `  rpo: ${rpo} # how old the newest backup may be`,
    `  rto: ${rto} # how long a restore may take`,
    "  drill-every: 8d",
    "",
    "retention:",
    "  daily: 7",
    "  weekly: 8",
    "  monthly: 12",
    "",
    ...renderDrill(answers),
    "",
  ].join("\n");
}

function renderDestination({ destination, endpoint, region, pathStyle }: Answers): string[] {
  return section("destination", {
    url: destination,
    ...(endpoint !== undefined && { endpoint }),
    ...(region !== undefined && { region }),
    ...(pathStyle && { "path-style": true }),
  });
}

function renderStores({ stores }: Answers): string[] {
  return [
    "stores:",
    ...(stores.postgres === undefined ? [] : ["  postgres:", "    url: ${DATABASE_URL}"]),
    ...(stores.clickhouse === undefined ? [] : ["  clickhouse:", "    url: ${CLICKHOUSE_URL}"]),
  ];
}

function renderKeys({ keys }: Answers): string[] {
  if (keys.length === 0) return [];
  return [
    "# A backup holds the key's fingerprint, never the key. Keep the key itself in a second place, too.",
    "keys:",
    `  ${KEY}: \${${KEY}}`,
    "",
  ];
}

function renderDrill(answers: Answers): string[] {
  const { migrate, application, keys } = answers;
  const steps = [
    ...(migrate === undefined ? [] : renderStep(answers, "migrations", "run", migrate, {})),
    ...(keys.length === 0
      ? []
      : [
          "    # Where the product stores secrets under its key, decrypt them too: docs/drill-steps.md, decrypt.",
        ]),
    ...(application
      ? [
          ...renderStep(answers, "application", "start", `exec ${application.start}`, {
            PORT: String(application.port),
          }),
          `      ready: ${application.ready}`,
          "      timeout: 2m",
          "    # One call through the application shows that it can do its work: docs/drill-steps.md, proxied-call and http.",
        ]
      : []),
  ];
  if (steps.every((line) => line.trim().startsWith("#"))) return steps.map((line) => line.trim());
  return ["drill:", "  steps:", ...steps];
}

/** A step whose command is bash: the restored stores' addresses are variables of the drill. */
function renderStep(
  { environment, keys, stores }: Answers,
  name: string,
  kind: "run" | "start",
  command: string,
  further: Record<string, string>,
): string[] {
  const [key] = keys;
  const env = { ...environment.plain, ...further, ...(key !== undefined && { [key]: `\${${KEY}}` }) };
  const exports = environment.exports.filter(
    (line) =>
      (stores.postgres !== undefined || !line.includes("LIFEBOAT_POSTGRES")) &&
      (stores.clickhouse !== undefined || !line.includes("LIFEBOAT_CLICKHOUSE")),
  );
  return [
    `    - name: ${name}`,
    `      ${kind}: |`,
    ...[...exports, command].map((line) => `        ${line}`),
    ...(Object.keys(env).length === 0 ? [] : section("env", env).map((line) => `      ${line}`)),
  ];
}

function section(key: string, value: object): string[] {
  return stringify({ [key]: value }, { lineWidth: 0 })
    .trimEnd()
    .split("\n");
}
