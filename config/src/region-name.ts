/** Names of regions: 1 to 63 characters. */
export const regionNamePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
