import about from "../package.json" with { type: "json" };

/** Version of lifeboat, as manifests and drill records state it. */
export const VERSION: string = about.version;
