import { buildApp } from "./app.ts";
import { serveUntilSignal } from "./serve.ts";
import { openServices } from "./services.ts";
import { readSettings } from "./settings.ts";

const settings = readSettings(process.env);
await using services = openServices(settings);
await serveUntilSignal(buildApp(services), settings.port);
