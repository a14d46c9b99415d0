/**
 * Fires on the first SIGINT or SIGTERM, so that the run can tidy up (GitHub sends SIGINT and leaves 7.5 s). A
 * second one ends the process at once, as it would without us.
 */
export function cancelOnSignals(): AbortSignal {
  const controller = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => controller.abort());
  return controller.signal;
}
