/** Names that somebody has given a table somewhere. */
export const ODD_NAMES = [
  "Upper Case",
  'with "quotes"',
  "with.dots",
  "таблица",
  "表",
  "it's",
  "$1; --",
  "x".repeat(63),
];
