import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { startLocalServices } from "./local-services.ts";

const cacheDir = fileURLToPath(new URL("../.cache", import.meta.url));
const { stop, ...addresses } = await startLocalServices({ cacheDir });
console.log(JSON.stringify(addresses, null, 2));
console.log("Running until Ctrl-C.");
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await stop();
