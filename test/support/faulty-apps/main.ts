/**
 * The example application with one fault, named by FAULT: what a drill has to notice. Everything else about it is as
 * it should be, its health included.
 */
import { buildApp } from "../../../examples/llm-proxy/app.ts";
import { serveUntilSignal } from "../../../examples/llm-proxy/serve.ts";
import { openServices } from "../../../examples/llm-proxy/services.ts";
import { readSettings } from "../../../examples/llm-proxy/settings.ts";
import { buildAppFromMemory } from "./from-memory.ts";

const FAULTS = {
  /** Reads no database and calls no upstream. */
  "from-memory": () => buildAppFromMemory(),
  /** Cannot decrypt, and says no more than that there is no key. */
  "swallows-decryption": () => buildApp({ ...services, decrypt: () => undefined }),
  /** Answers, and forgets. */
  "logs-nothing": () => buildApp({ ...services, requestLog: { add: () => {} } }),
  /** Decrypts, and uses a key of its own. */
  "sends-another-key": () => buildApp({ ...services, decrypt: () => "sk-of-someone-else" }),
};
export type Fault = keyof typeof FAULTS;

const fault = process.env["FAULT"] as Fault | undefined;
if (fault === undefined || !(fault in FAULTS))
  throw new Error(`FAULT must be one of ${Object.keys(FAULTS).join(", ")}.`);
const settings = readSettings(process.env);
await using services = openServices(settings);
await serveUntilSignal(FAULTS[fault](), settings.port);
