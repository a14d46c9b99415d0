import {
  backupsPrefix,
  drillKey,
  manifestKey,
  partsPrefix,
  pinKey,
  receiptsPrefix,
  restoreGuideKey,
  shardsPrefix,
} from "../destinations/keys.ts";

/** Who works with the backups, each with no more rights than that takes. */
export const ROLES = ["backup", "shard", "drill", "restore", "status", "prune"] as const;
export type Role = (typeof ROLES)[number];

/** What can be done at a destination. */
export const RIGHTS = [
  "list",
  "list uploads",
  "read",
  "read locks",
  "write",
  "replace",
  "end uploads",
  "remove",
] as const;
/** `write`: where nothing lies yet; `replace`: also in the place of what is there. */
export type Right = (typeof RIGHTS)[number];

/** Below which keys a role has a right; `*` stands for any text. What is not named, it does not have. */
export type Rights = Readonly<Partial<Record<Right, readonly string[]>>>;

const EVERYTHING = ["*"];
const DATA = [`${backupsPrefix}*`, `${partsPrefix}*`];
/** Small documents about backups; none holds a row. */
const DOCUMENTS = [manifestKey("*"), drillKey("*"), pinKey("*")];
const RECEIPTS = [`${receiptsPrefix}*`];
/** What the runs that share a backup tell each other. */
const SHARDS = [`${shardsPrefix}*`];

export const RIGHTS_OF: Readonly<Record<Role, Rights>> = {
  /** Whoever steals it can neither read what was backed up nor remove or replace it. */
  backup: { write: [...DATA, ...RECEIPTS], "end uploads": [...DATA, ...RECEIPTS] },
  /** Plans, sends or joins a part of a backup, for which it reads what the other parts left. */
  shard: {
    list: EVERYTHING,
    read: [manifestKey("*"), ...RECEIPTS, ...SHARDS],
    write: [...DATA, ...RECEIPTS],
    replace: [restoreGuideKey("*"), ...SHARDS],
    "end uploads": [...DATA, ...RECEIPTS, ...SHARDS],
    remove: [...RECEIPTS, ...SHARDS],
  },
  /** Reads, and leaves its record. */
  drill: {
    list: EVERYTHING,
    read: [...DATA, drillKey("*")],
    write: [drillKey("*")],
    "end uploads": [drillKey("*")],
  },
  restore: { list: EVERYTHING, read: DATA },
  status: { list: EVERYTHING, read: DOCUMENTS },
  /** Sees which backups there are, and no data of theirs; a backup that loses a store gets another manifest. */
  prune: {
    list: EVERYTHING,
    "list uploads": EVERYTHING,
    read: [...DOCUMENTS, ...RECEIPTS],
    "read locks": [manifestKey("*")],
    replace: [manifestKey("*"), restoreGuideKey("*")],
    "end uploads": DATA,
    remove: [...DATA, ...RECEIPTS, ...SHARDS],
  },
};
