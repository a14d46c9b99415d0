import * as z from "zod";

const text = (description: string) => z.string().min(1).describe(description).optional();

/** The keys of a ClickHouse store that say how it is backed up, beside where it is. */
export const clickhouseKeys = {
  "full-every": text("ClickHouse: after this time, such as 4w, everything is sent anew; never when absent."),
  mode: z
    .enum(["portable", "server"])
    .describe(
      "ClickHouse: portable reads rows over HTTP; server has the server write them to a place that it reaches. portable when absent.",
    )
    .optional(),
  "server-destination": text(
    "ClickHouse: where the server writes to: Disk('backups', 'folder') or S3('https://bucket…/folder', '${KEY_ID}', '${SECRET}').",
  ),
  access: z
    .boolean()
    .describe(
      "ClickHouse: bring users, roles, grants, quotas, profiles and row policies along, without passwords.",
    )
    .optional(),
  "server-deadline": text("ClickHouse: how long the server may take, such as 2h; 6h when absent."),
} as const;

export type ClickHouseKey = keyof typeof clickhouseKeys;
export const CLICKHOUSE_KEYS = Object.keys(clickhouseKeys) as ClickHouseKey[];
