/**
 * Whether an operator allowed an object to be missing.
 *
 * @param allowed - as kind and name: `extension pg_cron`; functions also without their arguments
 */
export function isAllowedMissing(
  { kind, name }: { kind: string; name: string },
  allowed: readonly string[],
): boolean {
  const forms = [name, name.replace(/\(.*\)$/s, "")].map((form) => normalise(`${kind} ${form}`));
  return allowed.some((item) => forms.includes(normalise(item)));
}

/** Kinds are words of ours, so their case and spacing are no matter; names are taken as they are. */
function normalise(text: string): string {
  const trimmed = text.trim().replaceAll(/\s+/g, " ");
  const kind = /^[a-z -]+ /i.exec(trimmed)?.[0] ?? "";
  return kind.toLowerCase() + trimmed.slice(kind.length);
}
