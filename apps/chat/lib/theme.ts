import { z } from "zod";

export const THEME_COOKIE = "theme";

const theme = z.enum(["light", "dark", "system"]);
export type Theme = z.infer<typeof theme>;

export const toTheme = (value: unknown): Theme => theme.catch("system").parse(value);
