import type { Environment } from "../../yaml/interpolate.ts";
import { checkedSecret, SecretError, type SecretSource } from "./secret-source.ts";

/** `{env: NAME}`: a variable of the environment. */
export function createEnvSource(env: Environment): SecretSource {
  return {
    async read({ env: name }) {
      const value = Object.hasOwn(env, name) ? env[name] : undefined;
      if (value === undefined) throw new SecretError(`environment variable ${name} is not set`);
      return checkedSecret(value, `environment variable ${name}`);
    },
  };
}
