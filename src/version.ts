import { version } from "../package.json"; // by name, so that the bundle holds nothing else of the file

/** Version of lifeboat, as manifests and drill records state it. */
export const VERSION: string = version;
