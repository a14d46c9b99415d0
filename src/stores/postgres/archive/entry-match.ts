import type { TocEntry } from "./toc.ts";

/** Kinds whose statements use another word. */
const STATEMENT_WORDS: Readonly<Record<string, string>> = {
  "TABLE DATA": "COPY",
  "FK CONSTRAINT": "FOREIGN",
  "SEQUENCE SET": "setval",
  "ROW SECURITY": "SECURITY",
  ACL: "GRANT",
};

/**
 * How much of an entry's kind and names stands in what was said when a statement failed, from 0 to 1. With several jobs
 * the lines of pg_restore's processes mix, and this tells whose message it is.
 */
export function rankEntry({ kind, schema, tag }: TocEntry, said: string): number {
  const words = new Set(said.match(WORD));
  const wanted = [
    STATEMENT_WORDS[kind] ?? kind.split(" ").at(-1) ?? kind,
    ...(schema === null ? [] : (schema.match(WORD) ?? [])),
    ...(tag.match(WORD) ?? []),
  ];
  return wanted.filter((word) => words.has(word)).length / wanted.length;
}

const WORD = /[\p{L}\p{N}_$]+/gu;
