import { Fault } from "@headgate/core";

/** The model's resource name: `models/x`, or as configured (`tunedModels/x`). Not yet escaped. */
export function geminiModelName(model: string): string {
  return /^(models|tunedModels)\//.test(model) ? model : `models/${model}`;
}

/**
 * A resource name as part of a path. A colon would be taken for the start of a method, dots for a
 * folder above: neither is part of any model's name.
 * @throws {Fault} unsupported_value
 */
export function encodeResource(name: string): string {
  const segments = name.split("/");
  if (segments.some((segment) => /^\.*$/.test(segment))) {
    throw new Fault("unsupported_value", `"${name}" is not the name of a Google model.`, {
      param: "model",
    });
  }
  return segments.map((segment) => encodeURIComponent(segment).replaceAll("%40", "@")).join("/");
}
