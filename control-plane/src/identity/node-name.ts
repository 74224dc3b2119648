/** Names of nodes: host names, and what orchestrators make of them. */
export const nodeNamePattern = /^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/;
