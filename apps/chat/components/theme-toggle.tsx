"use client";

import { Moon, Sun } from "lucide-react";
import { Button } from "@/components/ui/button";
import { THEME_COOKIE, toTheme } from "@/lib/theme";

const YEAR = 365 * 24 * 3600;

/** Switches to the other scheme and remembers it. */
export function ThemeToggle() {
  return (
    <Button
      variant="ghost"
      size="icon"
      aria-label="Switch between light and dark"
      title="Light or dark"
      onClick={toggle}
    >
      <Sun className="hidden in-data-[theme=dark]:block" />
      <Moon className="in-data-[theme=dark]:hidden" />
    </Button>
  );
}

function toggle(): void {
  const root = document.documentElement;
  const chosen = toTheme(root.dataset.theme);
  const prefersDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const isDark = chosen === "system" ? prefersDark : chosen === "dark";
  root.dataset.theme = isDark ? "light" : "dark";
  // biome-ignore lint/suspicious/noDocumentCookie: the cookie store API is not in every browser
  document.cookie = `${THEME_COOKIE}=${root.dataset.theme}; path=/; max-age=${YEAR}; samesite=lax`;
}
