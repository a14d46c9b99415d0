import { once } from "node:events";
import { startLocalServices } from "./local-services.ts";

const { stop, ...addresses } = await startLocalServices();
console.log(JSON.stringify(addresses, null, 2));
console.log("Running until Ctrl-C.");
await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
await stop();
