"use client";

import { LogOut } from "lucide-react";
import { signOut } from "@/app/actions/session";
import { Button } from "@/components/ui/button";
import { tellTabs } from "@/lib/session-news";

export function SignOut() {
  return (
    <Button variant="ghost" size="icon" aria-label="Sign out" title="Sign out" onClick={leave}>
      <LogOut />
    </Button>
  );
}

async function leave(): Promise<void> {
  await signOut();
  tellTabs();
  location.assign("/login");
}
