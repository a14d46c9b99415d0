/** So many characters and a sign that there were more; not in the middle of one, since a half of it is no text. */
export function shorten(text: string, length: number): string {
  if (text.length <= length) return text;
  return `${text.slice(0, length).replace(/[\ud800-\udbff]$/, "")}…`;
}

/** As `shorten`, where the sign must fit as well: a service refuses what is longer. */
export function fit(text: string, limit: number): string {
  return text.length <= limit ? text : shorten(text, limit - 1);
}
