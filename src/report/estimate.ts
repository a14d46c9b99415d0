import type { EstimateLine, MonthEstimate } from "../backup/month-estimate.ts";
import { formatCount } from "./quantities.ts";

/** What a month costs, in a sentence. */
export function describeEstimate({ lines, usd }: MonthEstimate): string {
  const month = "A month of nightly backups and weekly drills";
  const priced = lines.filter((line) => line.usd !== undefined).length;
  if (priced === 0) return `${month}: no price of it is known here.`;
  const rest = priced === lines.length ? "" : ", without what has no price here";
  return `${month}: about ${formatRoughly(usd)} USD${rest}.`;
}

/** Each line's subject, what is billed, how much of it, what it costs, and why. */
export function listEstimate({ lines }: MonthEstimate): [string, string, string, string, string][] {
  return lines.map((line) => [
    line.about,
    line.charge,
    formatAmount(line),
    line.usd === undefined ? "price not known here" : `${formatRoughly(line.usd)} USD`,
    `${line.assumption}.${describePrice(line)}`,
  ]);
}

function formatAmount({ amount, unit }: EstimateLine): string {
  if (unit === "1000 requests") return `${formatRoughly(amount * 1000)} requests`;
  return `${formatRoughly(amount)} ${unit}${unit === "unit-hour" && amount !== 1 ? "s" : ""}`;
}

function describePrice({ price }: EstimateLine): string {
  if (!price) return "";
  const { provider, unit, usd, free = 0, freePerStoredGb, terms, recordedAt, source } = price;
  const beyond = [
    ...(free > 0 ? [` beyond ${formatCount(free)} a month`] : []),
    ...(freePerStoredGb === undefined ? [] : [` beyond ${freePerStoredGb} for each that is stored`]),
  ];
  return ` ${provider}: ${usd} USD for each ${unit}${beyond.join("")} (${terms}; ${source}, ${recordedAt}).`;
}

/** 0.1234 → "0.12", 1234.5 → "1,200", 0.0012 → "less than 0.01"; amounts come with two digits. */
function formatRoughly(amount: number): string {
  if (amount > 0 && amount < 0.01) return "less than 0.01";
  return amount < 100 ? String(Number(amount.toFixed(2))) : formatCount(Math.round(amount));
}
