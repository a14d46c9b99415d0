import prettyBytes from "pretty-bytes";

/** 1234567 → "1,234,567". Not Intl: loading its data costs each command some 25 ms. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(?:\d{3})+$)/g, ",");
}

/** (1, "table") → "1 table", (1200, "row") → "1,200 rows" */
export function countOf(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? "" : "s"}`;
}

export function formatBytes(sizeBytes: number): string {
  return prettyBytes(sizeBytes);
}

/** 3.21 → "3.2 s", 75 → "1 min 15 s", 7260 → "2 h 1 min" */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const rounded = Math.round(seconds);
  const minutes = Math.floor(rounded / 60);
  if (minutes < 60) return `${minutes} min ${rounded % 60} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** 0.4 → "24 minutes", 30.5 → "30.5 hours", 80 → "3.3 days" */
export function formatAge(hours: number): string {
  if (hours < 0.99) return countOf(Math.round(hours * 60), "minute");
  if (hours < 72) return `${hours.toFixed(1)} hours`;
  return `${(hours / 24).toFixed(1)} days`;
}
