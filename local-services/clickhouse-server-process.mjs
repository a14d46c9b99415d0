// Runs the ClickHouse engine in this process and never returns: the call blocks, which is what keeps the
// server up; a signal ends it. The npm package's own API cannot open listeners, clickhouse-local's can.
// Usage: node clickhouse-server-process.mjs <libchdb.so> <config.xml> <data directory>
import { DataType, load, open } from "ffi-rs";

const [library, configFile, dataDir] = process.argv.slice(2);
const query = [
  "SYSTEM START LISTEN HTTP",
  "SYSTEM START LISTEN TCP",
  "SELECT sleepEachRow(1) FROM numbers(100000000) FORMAT Null SETTINGS max_block_size = 1, function_sleep_max_microseconds_per_block = 0",
].join("; ");
const args = [
  "clickhouse-local",
  `--config-file=${configFile}`,
  `--path=${dataDir}`,
  "--multiquery",
  "--query",
  query,
];

open({ library: "chdb", path: library });
load({
  library: "chdb",
  funcName: "chdb_query_cmdline",
  retType: DataType.External,
  paramsType: [DataType.I32, DataType.StringArray],
  paramsValue: [args.length, args],
});
// Reached only when the engine refused to start; it has said why.
process.exitCode = 1;
