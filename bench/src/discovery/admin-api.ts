import { adminToken } from "../peers/headgate-command.ts";

/** The admin API as its users may call it: JSON over HTTP. */
export class AdminApi {
  readonly #origin: string;

  constructor(origin: string) {
    this.#origin = origin;
  }

  /** @throws Error with what the control plane said. */
  async call<T>(method: string, body: object): Promise<T> {
    const response = await fetch(`${this.#origin}/headgate.admin.v1.AdminService/${method}`, {
      method: "POST",
      headers: { authorization: `Bearer ${adminToken}`, "content-type": "application/json" },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method}: ${response.status} ${text.slice(0, 500)}`);
    // The answer of a method whose shape the caller knows.
    return JSON.parse(text) as T;
  }
}
