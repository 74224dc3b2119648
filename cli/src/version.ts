import packageJson from "../package.json" with { type: "json" };

/** Of Headgate; all its packages carry the same. */
export const version: string = packageJson.version;
