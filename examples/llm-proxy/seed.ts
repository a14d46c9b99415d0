import { insertSampleData, sampleApiKey } from "./sample-data.ts";
import { readEncryptionKey, readStoreAddresses } from "./settings.ts";

await insertSampleData(readStoreAddresses(process.env), readEncryptionKey(process.env));
console.log(`Sample data is in. An API key to try it with: ${sampleApiKey(1)}`);
