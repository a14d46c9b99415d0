import { applyMigrations } from "./migrations.ts";
import { readStoreAddresses } from "./settings.ts";

for (const name of await applyMigrations(readStoreAddresses(process.env))) console.log(`applied ${name}`);
